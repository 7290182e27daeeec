"""What the Concepts room shows and does, without widgets: loads in the background, asks, judges, undoes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal

from fbr_engine.concepts.concept_set import ConceptSet
from fbr_engine.concepts.facts import Concept
from fbr_engine.errors import FbrError
from fbr_engine.project import RunInfo
from fbr_engine.stages.questions import Question
from fbr_engine.stages.verdicts import Verdicts, bind
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.rooms.concepts.asking import ACTING, Answer, History, Verdict, question_about, question_of, worth_asking
from fbr_studio.rooms.concepts.editing import Edit, Edited, StaleError, edit
from fbr_studio.rooms.concepts.effect_work import EffectWork, Look, ShownImages, Wanted
from fbr_studio.rooms.concepts.loading import Loaded, Missing, State, load
from fbr_studio.state.session import Session

REMADE = "The concepts of this run are being found anew: merge and split them when that has ended."
CLASS_GONE = "The class this concept belongs to was deleted. Answer for every class, or find the concepts anew."
SPLITTING = "This concept is being split: its parts are asked about next."
NO_EFFECT = "Nothing to show: choose a concept on the board, the map or a matrix."
EFFECT_FAILED = "The effect cannot be shown"


class ConceptsModel(QObject):
    """The concepts of the current run.

    ``loaded``: other concepts are there, or none (see ``state``). ``changed``: the question, the names or the verdicts.
    ``judged``: a concept was judged, or its judgement taken back. ``effect_ready`` carries a `Shown`, ``images_ready``
    a `ShownImages`, ``no_effect`` why there is none, ``problem`` one sentence. ``remakes``: whether a job is at work
    that leaves other concepts of a run, given by name.
    """

    loaded = Signal()
    changed = Signal()
    judged = Signal(int)
    effect_ready = Signal(object)
    images_ready = Signal(object)
    no_effect = Signal(str)
    problem = Signal(str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.state: State = "no_run"
        self.data: Loaded | None = None
        self.current: Question | None = None
        self.history = History()
        self.remakes: Callable[[str], bool] = lambda run: False
        self._editing: Edit | None = None
        self._edited_run: int | None = None
        self._asked_then: Question | None = None
        self._first: tuple[int, ...] = ()  # concepts that are asked about before others
        self._unwritten: deque[tuple[Question, int | None, Verdict]] = deque()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.write)
        self._verdicts: Verdicts | None = None
        self._questions: list[Question] = []
        self._loader = LatestTask(load, self)
        self._editor = LatestTask(edit, self)
        self._effect_work = EffectWork()
        self._pool = QThreadPool(self)
        self._effects = LatestTask(self._effect_work.look, self, pool=self._pool)
        self._loader.done.connect(self._take)
        self._editor.done.connect(self._edited)
        self._effects.done.connect(self._show)
        self._loader.failed.connect(self._load_failed)
        self._editor.failed.connect(self._edit_failed)
        self._effects.failed.connect(self._effect_failed)
        session.project_changed.connect(self.look)
        session.run_changed.connect(self.look)
        session.classes_changed.connect(self.look)
        session.runs_changed.connect(self._runs_changed)
        session.project_closing.connect(self._let_go)
        session.judgements_changed.connect(self._bind)

    # --- what is there

    @property
    def busy_editing(self) -> bool:
        """Whether concepts are being merged or split."""
        return self._editing is not None

    @property
    def info(self) -> RunInfo | None:
        """The run whose concepts are shown."""
        return self.data.info if self.data is not None else None

    @property
    def set(self) -> ConceptSet | None:
        """The concepts, or None."""
        return self.data.set if self.data is not None else None

    @property
    def facts(self) -> dict[int, Concept]:
        """What is known of each concept, by its id."""
        return self.data.facts if self.data is not None else {}

    @property
    def names(self) -> dict[int, str]:
        """The names a person gave, by concept id."""
        return self.data.names if self.data is not None else {}

    @property
    def questions(self) -> list[Question]:
        """The open questions, most expected gain first."""
        return self._questions

    @property
    def verdicts(self) -> Verdicts | None:
        """What is judged now."""
        return self._verdicts

    @property
    def answered(self) -> int:
        """How many judgements stand."""
        return len(self._unwritten) + (len(self._verdicts.judgements) if self._verdicts is not None else 0)

    @property
    def worth_asking(self) -> int:
        """How many open questions can still change the masks."""
        return worth_asking(self._questions, self.facts)

    def class_name(self, class_id: int | None) -> str:
        """Return a class's name; None is every class."""
        if class_id is None:
            return "every class"
        return self.data.class_names.get(class_id, f"class {class_id}") if self.data is not None else ""

    def concept_name(self, concept_id: int) -> str:
        """Return the name a person gave, else one made of its family and number."""
        given = self.names.get(concept_id)
        fact = self.facts.get(concept_id)
        if given or fact is None:
            return given or f"Concept {concept_id}"
        return f"{self.class_name(fact.family)} {concept_id}" if fact.family else f"Background {concept_id}"

    def verdict_of(self, concept_id: int, class_id: int) -> str:
        """Return what is judged of a concept for a class, or nothing."""
        found = self._verdicts.judged(concept_id, class_id) if self._verdicts is not None else None
        return found.verdict if found is not None else ""

    # --- what is asked for

    def look(self) -> None:
        """Load the current run's concepts anew."""
        self.write()
        project = self.session.project
        self._effect_work.stop()
        self._effects.request(None)  # the maps of another run need not stay in the memory
        if project is None:
            self._take(Missing("no_run"))
            return
        if self.data is None or self.data.project is not project or self.data.info.name != self.session.run:
            self._forget("loading")
            self.loaded.emit()
        self._loader.request(project, self.session.run)

    def choose(self, concept_id: int) -> None:
        """Ask about this concept now."""
        fact = self.facts.get(concept_id)
        if fact is None or (self.current is not None and self.current.concept_id == concept_id):
            return
        self.current = self._question(fact)
        self.changed.emit()
        self.preview(None)

    def judge(self, verdict: Verdict, every_class: bool = False) -> None:
        """Answer the current question. The next one is there at once; the answer is written behind it."""
        data, asked = self.data, self.current
        splits = self.busy_editing or any(given == "mixed" for _, _, given in self._unwritten)
        if data is None or asked is None or (verdict == "mixed" and (splits or self._is_remade())):
            return
        if asked.concept_id in self._being_edited():
            self.problem.emit(SPLITTING)
            return
        if not every_class and asked.class_id not in data.class_names:
            self.problem.emit(CLASS_GONE)
            return
        self._unwritten.append((asked, None if every_class else asked.class_id, verdict))
        self._questions = [one for one in self._questions if one.concept_id != asked.concept_id]
        self.current = next(iter(self._questions), None)
        self.changed.emit()
        self._soon.start()

    def write(self) -> None:
        """Write the answers that were given just now."""
        self._soon.stop()
        while self._unwritten:
            self._write(*self._unwritten.popleft())

    def skip(self) -> None:
        """Leave the current question to another day."""
        self.judge("skip")

    def undo(self) -> None:
        """Take back what was answered last, and ask it again."""
        self.write()
        if not self.busy_editing and self._may_step(self.history.done):
            self._step(self.history.undo(), forward=False)

    def redo(self) -> None:
        """Answer again what was undone last."""
        self.write()
        if not self.busy_editing and self._may_step(self.history.undone):
            self._step(self.history.redo(), forward=True)

    def withdraw(self, judgement: int) -> None:
        """Take back a judgement of the list."""
        self.write()
        try:
            self.session.withdraw_judgement(judgement)
        except FbrError as error:
            self.problem.emit(str(error))
            return
        self.history.forget(judgement)
        self.changed.emit()
        self.preview(None)

    def name(self, concept_id: int, text: str) -> None:
        """Give a concept a name, or with nothing take it away."""
        if self.data is None:
            return
        try:
            text = self.session.name_concept(self.data.info, concept_id, text)
        except FbrError as error:
            self.problem.emit(str(error))
            return
        self.data.names.pop(concept_id, None)
        if text:
            self.data.names[concept_id] = text
        self.changed.emit()

    def merge(self, concept_ids: Sequence[int]) -> None:
        """Make one concept of several; it is there when ``loaded`` is emitted."""
        self.write()
        if len(concept_ids) > 1 and not self.busy_editing and not self._is_remade():
            self._edit(Edit("merge", tuple(concept_ids)))

    def split(self, concept_id: int) -> None:
        """Split a concept in two; they are there when ``loaded`` is emitted."""
        self.write()
        if not self.busy_editing and not self._is_remade():
            self._edit(Edit("split", (concept_id,)))

    def preview(self, verdict: Verdict | None, every_class: bool = False) -> None:
        """Have the effect of an answer to the current question shown; None: that of the last answer.

        As long as nothing is answered, it is that of "background".
        """
        data, asked, now, last = self.data, self.current, self._verdicts, self.history.last()
        if data is None or now is None:
            return
        if verdict is None and last is not None:
            before = now.without(last.judgement)
            self._effects.request(Look(data, before, now, last.verdict, last.concept_id, last.class_id, given=True))
        elif asked is not None and verdict in (None, *ACTING):
            tried, class_id = verdict or "background", None if every_class else asked.class_id
            trial = now.with_(asked.concept_id, class_id, tried)
            self._effects.request(Look(data, now, trial, tried, asked.concept_id, class_id, given=False))
        elif asked is None:
            self.no_effect.emit(NO_EFFECT)

    def show_images(self, images: Sequence[int]) -> None:
        """Have images shown with their masks as they would be now, in this order."""
        if self.data is not None and self._verdicts is not None:
            self._effects.request(Wanted(self.data, self._verdicts, tuple(images)))

    def close(self) -> None:
        """End the background work; the room closes down."""
        self.write()
        self._effect_work.close()
        for task in (self._loader, self._editor, self._effects):
            task.close()
        self._pool.waitForDone()

    # --- inside

    def _write(self, asked: Question, class_id: int | None, verdict: Verdict) -> None:
        data = self.data
        if data is None:
            return
        try:
            made = self.session.judge(data.info, data.set, asked.concept_id, class_id, verdict)
        except FbrError as error:
            self._bind()
            self.current = asked
            self.problem.emit(str(error))
            self.changed.emit()
            return
        self.history.add(Answer(made, asked.concept_id, class_id, asked.class_id, verdict))
        if verdict == "mixed":
            self._edit(Edit("split", (asked.concept_id,), made))
        self.changed.emit()
        self.preview(None)
        self.judged.emit(asked.concept_id)

    def _ask_next(self, but: int | None = None) -> None:
        """Ask what is to be gained most by; ``but``: a concept that is being split."""
        self.current = next((one for one in self._questions if one.concept_id != but), None)
        self.changed.emit()
        self.preview(None)

    def _step(self, answer: Answer | None, *, forward: bool) -> None:
        if answer is None:
            return
        try:
            (self.session.restore_judgement if forward else self.session.withdraw_judgement)(answer.judgement)
        except FbrError as error:
            self.history.forget(answer.judgement)
            self.problem.emit(str(error))
            return
        if answer.verdict == "mixed" and forward:
            self._edit(Edit("split", (answer.concept_id,), answer.judgement))
        elif len(answer.parts) > 1 and all(part in self.facts for part in answer.parts):
            self._edit(Edit("merge", answer.parts, answer.judgement))
        fact = self.facts.get(answer.concept_id)
        if forward or fact is None:
            self._ask_next(answer.concept_id)
            self._asked_then = self.current
        else:
            self.current = self._today(question_about(fact, answer.asked), fact)
            self.changed.emit()
            self.preview(None)
        self.judged.emit(answer.concept_id)

    def _is_remade(self) -> bool:
        """Return whether a job finds the concepts anew, and say so: what was merged or split would be lost."""
        remade = self.data is not None and self.remakes(self.data.info.name)
        if remade:
            self.problem.emit(REMADE)
        return remade

    def _may_step(self, answers: Sequence[Answer]) -> bool:
        return not (answers and answers[-1].verdict == "mixed" and self._is_remade())

    def _being_edited(self) -> tuple[int, ...]:
        """Return the concepts that are about to be replaced."""
        here = self._editing is not None and self.data is not None and self.data.info.id == self._edited_run
        return self._editing.concepts if here and self._editing is not None else ()

    def _edit(self, wanted: Edit) -> None:
        self._editing, self._asked_then = wanted, self.current
        self._edited_run = self.data.info.id if self.data is not None else None
        self._ask()
        self._editor.request(self.data, wanted)

    def _edited(self, edited: Edited) -> None:
        self._editing = None
        if (
            self.data is None
            or self.data.project is not edited.data.project
            or self.data.info.id != edited.data.info.id
        ):
            return
        if self.data.info.name != edited.data.info.name:
            self.look()
            return
        done, names = edited.edit, self.names
        if done.what == "split" and done.judgement is not None:
            self.history.was_split(done.judgement, edited.new)
        if done.what == "merge" and done.judgement is not None:
            undone = next((one for one in self.history.undone if one.judgement == done.judgement), None)
            if undone is not None:
                self.history.renumber(undone.concept_id, edited.new[0])
        given = next((names[one] for one in done.concepts if one in names), "")
        if self._loader.busy:
            self.look()  # what is being loaded may be from before
        self._take(edited.data, edited)
        if given and done.what == "merge":
            self.name(edited.new[0], given)
        self.session.concepts_changed.emit()

    def _edit_failed(self, error: FbrError) -> None:
        failed, self._editing = self._editing, None
        if failed is not None and failed.what == "split" and failed.judgement is not None:
            self.withdraw(failed.judgement)
        self._bind()
        if isinstance(error, StaleError):
            self.look()
        self.problem.emit(str(error))
        self.changed.emit()

    def _take(self, found: Loaded | Missing, edited: Edited | None = None) -> None:
        self.write()  # what was answered meanwhile is about the concepts that were shown
        if isinstance(found, Missing):
            self._forget(found.state)
            self.loaded.emit()
            return
        if self.set is not None and self.set.fingerprint != found.set.fingerprint:  # the numbers mean other concepts
            self.history.clear()
            self.current, self._first = None, ()
        kept = self.current.concept_id if self.current is not None else None
        if edited is not None and edited.new:
            self._first = (*edited.new, *self._first)
            if self.current is None or kept in edited.edit.concepts or self._waited_for(edited):
                kept = edited.new[0]
        self.state, self._verdicts = "ready", found.verdicts
        self.data = replace(found, names=found.project.judgements.names(found.info.id))
        self._bind()
        fact = found.facts.get(kept) if kept is not None else None
        self.current = self._question(fact) if fact is not None else next(iter(self._questions), None)
        self.loaded.emit()
        self.changed.emit()
        self.preview(None)

    def _bind(self) -> None:
        """What is judged has changed: bind it to the concepts, which takes milliseconds."""
        data = self.data
        if data is None:
            return
        try:
            self._verdicts = bind(data.project, data.info, data.set, known=self._verdicts)
        except FbrError as error:
            self.problem.emit(str(error))
        self._ask()

    def _question(self, fact: Concept) -> Question:
        return self._today(question_of(fact, self._questions), fact)

    def _today(self, asked: Question, fact: Concept) -> Question:
        """Return a question about what its class is today; where it was deleted, about the one that leaks most."""
        if self.data is None or asked.class_id in self.data.class_names:
            return asked
        there = [c for c in fact.share if c in self.data.class_names]
        most = max(there, key=lambda c: fact.share[c], default=asked.class_id)
        return replace(asked, class_id=self.data.aliases.get(asked.class_id, 0) or most)

    def _ask(self) -> None:
        """Find the open questions anew: without those that were answered just now, parts of what was split first."""
        if self.data is None or self._verdicts is None:
            return
        without = {one.concept_id for one, _, _ in self._unwritten} | set(self._being_edited())
        there = [one for one in self.data.ask(self._verdicts) if one.concept_id not in without]
        self._questions = sorted(there, key=lambda one: one.concept_id not in self._first)

    def _waited_for(self, edited: Edited) -> bool:
        """Return whether the person merged or undid, and has looked at nothing else since."""
        return edited.edit.what == "merge" and self.current == self._asked_then

    def _runs_changed(self) -> None:
        """A run that was renamed lies in another folder."""
        if self.state == "loading" or (self.data is not None and self.data.info.name != self.session.run):
            self.look()

    def _effect_failed(self, error: FbrError) -> None:
        self.no_effect.emit(EFFECT_FAILED)
        self.problem.emit(str(error))

    def _show(self, shown: object) -> None:
        if isinstance(shown, ShownImages):
            self.images_ready.emit(shown)
        elif shown is not None:
            self.effect_ready.emit(shown)

    def _load_failed(self, error: FbrError) -> None:
        self._forget("broken")
        self.loaded.emit()
        self.problem.emit(str(error))

    def _forget(self, state: State) -> None:
        self.state, self.data, self.current = state, None, None
        self._verdicts, self._questions, self._first = None, [], ()
        self.history.clear()

    def _let_go(self) -> None:
        self.write()
        self._effect_work.stop()
        for task in (self._loader, self._editor, self._effects):
            task.cancel()
        self._editing = None
        self._forget("no_run")
