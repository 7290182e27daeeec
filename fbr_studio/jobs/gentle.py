"""Heavy work beside a live window: low priority, threads that sleep when they wait, and quick turns in Python."""

from __future__ import annotations

import contextlib
import os
import sys
import threading

NICENESS = 10
SWITCH_SECONDS = 0.002
# The threads of torch's kernels spin while they wait for each other. Beside a window, or another program, the one they
# wait for then does not get the core: training becomes several times slower. These say: sleep.
SLEEPING = {"GOMP_SPINCOUNT": "0", "OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}


def prepare_process() -> None:
    """Make heavy work gentle; before torch is imported, whose thread library reads its settings then.

    A thread that runs Python gives way after 2 ms instead of 5, so that a click waits no longer.
    """
    for name, value in SLEEPING.items():
        os.environ.setdefault(name, value)
    sys.setswitchinterval(SWITCH_SECONDS)


def lower_priority(niceness: int = NICENESS) -> bool:
    """Lower the priority of the calling thread and of those it starts; return whether the system can do that."""
    if sys.platform != "linux":
        return False
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
        return True
    return False


def take_cores(low_priority: bool) -> None:
    """Let torch use all cores in the calling thread, where the window goes first; else leave one. Imports torch."""
    import torch

    cores = os.cpu_count() or 2
    torch.set_num_threads(cores if low_priority else max(1, cores - 1))
