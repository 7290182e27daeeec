"""Heavy work beside a live window: it takes the cores that are left and never the last one."""

from __future__ import annotations

import contextlib
import os
import sys
import threading

NICENESS = 10
SWITCH_SECONDS = 0.002


def lower_priority(niceness: int = NICENESS) -> None:
    """Lower the priority of the calling thread, and of the threads it starts, where the system can."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)


def leave_a_core() -> None:
    """Let torch use all cores but one in the calling thread. Imports torch."""
    import torch

    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))


def switch_often() -> None:
    """Let threads that run Python give way sooner, so that a click waits for 2 ms at most instead of 5."""
    sys.setswitchinterval(SWITCH_SECONDS)
