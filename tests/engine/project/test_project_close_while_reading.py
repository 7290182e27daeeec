from __future__ import annotations

import subprocess
import sys

from fbr_engine.project import Project

READ_AND_CLOSE = """
import sys, threading, time
from pathlib import Path
from fbr_engine.errors import ProjectError
from fbr_engine.project import Project

LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i FROM n"
ends = []

def read(project):
    try:
        while True:
            ends_with = project.database.rows(LONG)
            assert len(ends_with) == 100000
    except ProjectError as error:
        ends.append(str(error))

for _ in range(3):
    project = Project.open(Path(sys.argv[1]), write=True)
    threads = [threading.Thread(target=read, args=(project,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    project.close()
    for thread in threads:
        thread.join()
assert len(ends) == 9 and all("is closed" in end for end in ends), ends
"""


def test_closing_waits_for_those_who_read(project: Project) -> None:
    folder = project.folder
    project.close()
    command = [sys.executable, "-c", READ_AND_CLOSE, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
