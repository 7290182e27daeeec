"""Listeners: what a stage says, as progress bars and lines for a person or as one JSON object a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TextIO

from tqdm import tqdm

from fbr_engine.command.tables import result_text
from fbr_engine.events import (
    EpochDone,
    Event,
    ImageSkipped,
    Notice,
    Progress,
    Result,
    Started,
)

MOST_SKIPPED_SHOWN = 20
# Parts of a stage that are no command of their own, in words.
_PARTS = {
    "regions": "gathering regions",
    "threshold": "choosing the threshold",
    "affinity": "learning boundaries",
    "judged": "reading seeds and judgements",
}


class JsonListener:
    """Writes every event as one JSON object a line to ``out``."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._out.flush()

    def __call__(self, event: Event) -> None:
        """Write ``event``; a reader sees it at once."""
        self._out.write(json.dumps(event.to_json(), allow_nan=False) + "\n")
        self._out.flush()


class TextListener:
    """Bars and notices on ``err``, the result of ``stage`` on ``out``.

    Without a terminal there are no bars, only milestones. Results of the stages inside ``stage`` are not shown.
    """

    def __init__(self, out: TextIO, err: TextIO, stage: str) -> None:
        self._out, self._err, self._stage = out, err, stage
        self._bar: Any = None
        self._skipped = 0
        self._handlers: dict[type[Event], Callable[[Any], None]] = {
            Started: self._started,
            Progress: self._progress,
            EpochDone: self._epoch_done,
            ImageSkipped: self._image_skipped,
            Notice: self._notice,
            Result: self._result,
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_bar()

    def __call__(self, event: Event) -> None:
        """Show ``event``."""
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)

    def _started(self, event: Started) -> None:
        self._close_bar()
        self._skipped = 0
        of = f" of run {event.run}" if event.run else ""
        again = f", {event.skipped} already done" if event.skipped else ""
        if event.total == 1:
            return
        name = _PARTS.get(event.stage, event.stage)
        self._line(f"{name}{of}: {event.total} {event.unit}{again}")
        if self._err.isatty():
            self._bar = tqdm(
                total=event.total,
                initial=event.skipped,
                unit=f" {event.unit}",
                file=self._err,
                desc=name,
                dynamic_ncols=True,
                smoothing=0.1,
            )

    def _progress(self, event: Progress) -> None:
        if self._bar is None:
            return
        if event.note:
            self._bar.set_description_str(f"{_PARTS.get(event.stage, event.stage)} {event.note}", refresh=False)
        self._bar.update(event.done - self._bar.n)

    def _epoch_done(self, event: EpochDone) -> None:
        losses = "  ".join(f"{name} {value:.3f}" for name, value in event.losses.items())
        self._line(f"epoch {event.epoch}/{event.epochs}: {losses}  ({event.images_per_second:.1f} images/s)")

    def _image_skipped(self, event: ImageSkipped) -> None:
        self._skipped += 1
        if self._skipped <= MOST_SKIPPED_SHOWN:
            named = event.image in event.reason
            self._line(f"skipped {event.reason}" if named else f"skipped {event.image}: {event.reason}")
        elif self._skipped == MOST_SKIPPED_SHOWN + 1:
            self._line("more images were skipped; the result counts them")

    def _notice(self, event: Notice) -> None:
        self._line(f"note: {event.message}" + (f" - {event.remedy}" if event.remedy else ""))

    def _result(self, event: Result) -> None:
        self._close_bar()
        if event.stage != self._stage:
            return
        self._out.write(result_text(event.stage, event.values) + "\n")
        self._out.flush()

    def _line(self, text: str) -> None:
        if self._bar is not None:
            self._bar.clear()
        self._err.write(text + "\n")
        self._err.flush()

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def make_listener(as_json: bool, stage: str) -> JsonListener | TextListener:
    """Return the listener for standard output and error."""
    return JsonListener(sys.stdout) if as_json else TextListener(sys.stdout, sys.stderr, stage)
