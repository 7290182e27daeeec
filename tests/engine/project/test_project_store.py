from __future__ import annotations

import contextlib
import errno
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fbr_engine.errors import ProjectError, ProjectLockedError, ProjectTooNewError, WriteError
from fbr_engine.project import Project, database, store
from fbr_engine.project.lock import WriterLock

Start = Callable[..., subprocess.Popen[str]]

HOLD = """
import sys
from pathlib import Path
from fbr_engine.project import Project
with Project.open(Path(sys.argv[1]), write=True) as project:
    print("open")
    sys.stdin.readline()
"""

DIE_IN_TRANSACTION = """
import sys
from pathlib import Path
from fbr_engine.project import Project, database
database.is_on_network = lambda folder: sys.argv[2] == "TRUNCATE"
project = Project.open(Path(sys.argv[1]), write=True)
project.images.add(["kept.jpg"])
project.runs.create("alive", "cam", {})
with project.database.transaction() as connection:
    connection.execute("PRAGMA cache_size = 10")  # so that pages of the transaction reach the file
    project.images.add(f"{i}.jpg" for i in range(50_000))
    print("writing")
    sys.stdin.readline()
"""


WRITE_AND_CHECKPOINT = """
import sys
from pathlib import Path
from fbr_engine.project import Project
with Project.open(Path(sys.argv[1]), write=True) as project:
    print("open")
    for start in range(0, 10**9, 3000):
        project.images.add(f"{start + i}.jpg" for i in range(3000))
        project.database._writer.execute("PRAGMA wal_checkpoint(PASSIVE)")
"""

TRY_TO_WRITE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0)
try:
    connection.execute("BEGIN IMMEDIATE")
    print("wrote")
except sqlite3.OperationalError:
    print("busy")
"""


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def change_database(folder: Path, *commands: str) -> None:
    with contextlib.closing(sqlite3.connect(folder / "project.sqlite")) as connection:
        for command in commands:
            connection.execute(command)
        connection.commit()


def test_a_project_is_made_with_its_parents_and_opened_again(tmp_path: Path, images: Path) -> None:
    folder = tmp_path / "deep" / "er" / "p.fbr"
    with Project.create(folder, images) as project:
        assert project.writable
        project.images.add(["a.jpg"])
    assert sorted(p.name for p in folder.iterdir()) == ["project.sqlite", "writer.lock"]
    with Project.open(folder) as project:
        assert not project.writable
        assert project.image_path("a.jpg") == images / "a.jpg"
        assert project.images.count() == 1


def test_no_import_of_torch() -> None:
    code = "import sys, fbr_engine.project; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=False).returncode == 0


def test_project_and_images_may_move_together(tmp_path: Path) -> None:
    (tmp_path / "old" / "images").mkdir(parents=True)
    Project.create(tmp_path / "old" / "p.fbr", tmp_path / "old" / "images").close()
    (tmp_path / "old").rename(tmp_path / "new")
    with Project.open(tmp_path / "new" / "p.fbr") as project:
        assert project.image_path("a.jpg") == tmp_path / "new" / "images" / "a.jpg"


def test_far_images_are_kept_by_their_absolute_path(tmp_path: Path, images: Path) -> None:
    folder = tmp_path / "a" / "b" / "c" / "p.fbr"
    Project.create(folder, images).close()
    (tmp_path / "p.fbr").parent.mkdir(exist_ok=True)
    folder.rename(tmp_path / "p.fbr")
    with Project.open(tmp_path / "p.fbr") as project:
        assert project.image_folder == images


def test_vanished_images_are_told_only_when_asked_for(tmp_path: Path, project: Project, images: Path) -> None:
    images.rmdir()
    project.images.add(["a.jpg"])
    with pytest.raises(ProjectError, match=r"images, the image folder of .* is gone"):
        project.image_path("a.jpg")
    other = tmp_path / "elsewhere"
    other.mkdir()
    project.move_images(other)
    assert project.image_path("a.jpg") == other / "a.jpg"


@pytest.mark.parametrize("path", ["../p.fbr/project.sqlite", "/etc/passwd"])
def test_paths_that_lead_out_are_refused(project: Project, path: str) -> None:
    for ask in (project.image_path, project.path_of):
        with pytest.raises(ProjectError):
            ask(path)


def test_what_is_in_the_way_of_a_new_project_is_named(tmp_path: Path, images: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "thesis.txt").write_text("mine")
    with pytest.raises(ProjectError, match="not empty"):
        Project.create(full, images)
    with pytest.raises(ProjectError, match="is a file"):
        Project.create(full / "thesis.txt", images)
    with pytest.raises(ProjectError, match="lies below one"):
        Project.create(full / "thesis.txt" / "p", images)
    with pytest.raises(ProjectError, match="is no folder"):
        Project.create(tmp_path / "p", tmp_path / "nowhere")
    Project.create(tmp_path / "p", images).close()
    with pytest.raises(ProjectError, match="is a project already"):
        Project.create(tmp_path / "p", images)
    assert snapshot(full) == {"thesis.txt": b"mine"}


def test_a_half_made_project_is_removed(tmp_path: Path, images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(store, "create_database", no_space)
        with pytest.raises(WriteError, match="no space left"):
            Project.create(tmp_path / "a" / "b", images)
    assert not (tmp_path / "a").exists()
    with monkeypatch.context() as patch:
        patch.setattr(store.Project, "move_images", no_space)
        with pytest.raises(WriteError, match="no space left"):
            Project.create(tmp_path / "a" / "b", images)
    assert not (tmp_path / "a").exists()


def test_what_a_killed_creation_left_is_no_obstacle(tmp_path: Path, images: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "writer.lock").write_text("99999 there")
    (folder / "project.sqlite.new").write_bytes(b"half a database")
    with Project.create(folder, images) as project:
        assert project.images.count() == 0


def test_two_that_make_the_same_project_do_not_harm_each_other(tmp_path: Path, images: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    lock = WriterLock(folder / "writer.lock")
    (folder / "project.sqlite.new").write_bytes(b"of the other")
    with pytest.raises(ProjectLockedError):
        Project.create(folder, images)
    assert (folder / "project.sqlite.new").read_bytes() == b"of the other"
    lock.release()


def test_discard_removes_a_new_project_only(tmp_path: Path, images: Path) -> None:
    project = Project.create(tmp_path / "x" / "p", images)
    project.runs.create(None, "cam", {})
    project.discard()
    assert not (tmp_path / "x").exists()
    Project.create(tmp_path / "p", images).close()
    (tmp_path / "empty").mkdir()
    Project.create(tmp_path / "empty", images).discard()
    assert list((tmp_path / "empty").iterdir()) == []
    with Project.open(tmp_path / "p", write=True) as opened, pytest.raises(ProjectError, match="not made just now"):
        opened.discard()


def test_no_project_is_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"q is no FBR project: make one with fbr-engine new q --images DIR"):
        Project.open(tmp_path / "q")
    assert not (tmp_path / "q").exists()


@pytest.mark.parametrize("write", [False, True])
def test_other_files_of_that_name_are_refused(tmp_path: Path, write: bool) -> None:
    (tmp_path / "project.sqlite").write_bytes(b"these are my notes, not a database" * 100)
    with pytest.raises(ProjectError, match="damaged"):
        Project.open(tmp_path, write=write)
    (tmp_path / "project.sqlite").unlink()
    change_database(tmp_path, "CREATE TABLE recipe (id INTEGER)")
    before = snapshot(tmp_path)
    with pytest.raises(ProjectError, match="made by another program"):
        Project.open(tmp_path, write=write)
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("write", [False, True])
def test_a_newer_project_is_refused_and_untouched(project: Project, write: bool) -> None:
    project.close()
    change_database(project.folder, "PRAGMA user_version = 7", "CREATE TABLE future (id INTEGER)")
    before = snapshot(project.folder)
    with pytest.raises(ProjectTooNewError, match=r"newer version \(schema 7, this program knows 3\): update"):
        Project.open(project.folder, write=write)
    assert snapshot(project.folder) == before


def test_a_damaged_database_is_told(project: Project) -> None:
    project.images.add(f"{i}.jpg" for i in range(5000))
    project.close()
    path = project.folder / "project.sqlite"
    data = bytearray(path.read_bytes())
    data[8192:] = os.urandom(len(data) - 8192)
    path.write_bytes(bytes(data))
    with (
        pytest.raises(ProjectError, match=r"project\.sqlite is damaged .*restore"),
        Project.open(project.folder) as broken,
    ):
        list(broken.images.iter())


def test_one_process_writes_and_the_other_is_told_which(project: Project, other_process: Start) -> None:
    project.close()
    holder = other_process(HOLD, project.folder)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "open\n"
    with pytest.raises(ProjectLockedError, match=rf"open for writing in another process \(pid {holder.pid} on "):
        Project.open(project.folder, write=True)
    with Project.open(project.folder) as reader:
        assert reader.images.count() == 0
    holder.communicate("\n", timeout=30)
    Project.open(project.folder, write=True).close()


def test_the_same_process_cannot_write_twice(project: Project) -> None:
    with pytest.raises(ProjectLockedError):
        Project.open(project.folder, write=True)
    project.close()
    Project.open(project.folder, write=True).close()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="POSIX")
@pytest.mark.parametrize("journal", ["WAL", "TRUNCATE"])
def test_a_killed_writer_leaves_a_good_project(project: Project, other_process: Start, journal: str) -> None:
    project.close()
    victim = other_process(DIE_IN_TRANSACTION, project.folder, journal)
    assert victim.stdout is not None
    assert victim.stdout.readline() == "writing\n"
    victim.kill()
    victim.wait()
    ending = "-wal" if journal == "WAL" else "-journal"
    assert (project.folder / f"project.sqlite{ending}").stat().st_size > 0
    with Project.open(project.folder) as reader:
        assert [image.path for image in reader.images.iter()] == ["kept.jpg"]
    with Project.open(project.folder, write=True) as writer:
        assert writer.images.count() == 1
        assert writer.runs.get("alive").status == "stopped"
        assert writer.images.add(["more.jpg"]) == 1


def test_a_checkpoint_that_was_cut_short_loses_nothing(project: Project) -> None:
    path, journal = (project.folder / name for name in ("project.sqlite", "project.sqlite-wal"))
    project.close()
    before = path.read_bytes()
    with Project.open(project.folder, write=True) as writer:
        writer.images.add(f"{i}.jpg" for i in range(5000))
        pages = journal.read_bytes()
    after = path.read_bytes()
    assert len(after) > len(before)
    size = int.from_bytes(after[16:18], "big")
    path.write_bytes(after[:size] + before[size:])
    journal.write_bytes(pages)
    with Project.open(project.folder, write=True) as writer:
        assert writer.images.count() == 5000
        assert writer.database.value("PRAGMA integrity_check") == "ok"


def test_a_project_opens_while_another_process_writes_and_checkpoints(project: Project, other_process: Start) -> None:
    project.close()
    writer = other_process(WRITE_AND_CHECKPOINT, project.folder)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "open\n"
    path, counts = project.folder / "project.sqlite", []
    for _ in range(100):
        with Project.open(project.folder) as reader:
            counts.append(reader.images.count())
        with pytest.raises(ProjectLockedError):
            Project.open(project.folder, write=True)
        database.Database(path, write=True).close()
    assert counts == sorted(counts)
    assert writer.poll() is None


@pytest.mark.skipif(os.name != "posix", reason="locks as POSIX has them")
def test_opening_again_keeps_the_locks_of_this_process(
    tmp_path: Path, images: Path, other_process: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "is_on_network", lambda _: True)  # a rollback journal locks the database itself
    with Project.create(tmp_path / "p", images) as writer:
        (tmp_path / "link").symlink_to(writer.folder)
        with writer.transaction():
            writer.images.add(["a.jpg"])
            for folder in (writer.folder, tmp_path / "link"):
                Project.open(folder).close()
                with pytest.raises(ProjectLockedError):
                    Project.open(folder, write=True)
            assert other_process(TRY_TO_WRITE, writer.folder / "project.sqlite").communicate()[0] == "busy\n"
    assert other_process(TRY_TO_WRITE, writer.folder / "project.sqlite").communicate()[0] == "wrote\n"


@pytest.fixture(params=["WAL", "TRUNCATE"])
def any_journal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(database, "is_on_network", lambda _: request.param == "TRUNCATE")
    return str(request.param)


def test_readers_see_whole_transactions_while_another_writes(tmp_path: Path, images: Path, any_journal: str) -> None:
    with Project.create(tmp_path / "p", images) as writer, Project.open(writer.folder) as reader:
        with writer.transaction():
            assert writer.database.value("PRAGMA journal_mode") == any_journal.lower()
            writer.images.add(["a.jpg", "b.jpg"])
            assert writer.images.count() == 2
            assert reader.images.count() == 0
        assert reader.images.count() == 2
        # A loop over a project may write to it, in either journal mode.
        for image in writer.images.iter():
            writer.images.set_size(image.id, 4, 3)
        assert [(i.width, i.height) for i in reader.images.iter()] == [(4, 3), (4, 3)]


def test_threads_share_a_project(project: Project) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for i in range(20):
                project.images.add([f"{number}/{i}.jpg"])
                assert sum(1 for _ in project.images.iter()) > i
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert project.images.count() == 80


def test_a_transaction_is_all_or_nothing_also_inside_another(project: Project) -> None:
    def add_and_fail(name: str, error: BaseException) -> None:
        with project.transaction():
            project.images.add([name])
            raise error

    with pytest.raises(RuntimeError):
        add_and_fail("lost.jpg", RuntimeError())
    with project.transaction():
        project.images.add(["kept.jpg"])
        with pytest.raises(KeyboardInterrupt):
            add_and_fail("lost too.jpg", KeyboardInterrupt())
    assert [image.path for image in project.images.iter()] == ["kept.jpg"]


def test_reading_only_refuses_writes(project: Project) -> None:
    with Project.open(project.folder) as reader, pytest.raises(ProjectError, match="open for reading only"):
        reader.images.add(["a.jpg"])


def test_a_closed_project_says_so(project: Project) -> None:
    project.images.count()
    project.close()
    project.close()
    for ask in (project.images.count, lambda: project.images.add(["a.jpg"])):
        with pytest.raises(ProjectError, match="is closed"):
            ask()


def test_a_project_reaches_another_process_for_reading(project: Project) -> None:
    project.images.add(["a.jpg"])
    with pickle.loads(pickle.dumps(project)) as copy:
        assert not copy.writable
        assert copy.images.count() == 1


def test_a_full_disk_is_told_and_nothing_is_half_written(project: Project) -> None:
    project.images.add(["a.jpg"])
    with project.database.transaction() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    project.database._writer.execute(f"PRAGMA max_page_count = {pages + 3}")
    with pytest.raises(WriteError, match=r"project\.sqlite: no space left on the disk: free some space"):
        project.images.add(f"{i}.jpg" for i in range(10_000))
    assert project.images.count() == 1
    project.images.set_size(1, 2, 2)


@pytest.fixture
def readable_by_all() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


READ_ONLY = """
import os, sys
from pathlib import Path
from fbr_engine.errors import WriteError
from fbr_engine.project import Project
folder = Path(sys.argv[1])
import psutil
if os.getuid() == 0:
    os.setgid(65534); os.setuid(65534)
with Project.open(folder) as project:
    print(project.images.count())
try:
    Project.open(folder, write=True)
except WriteError as error:
    print(error)
try:
    Project.create(folder / "inside", folder)
except WriteError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")
def test_a_read_only_project_can_be_read(readable_by_all: Path, images: Path, other_process: Start) -> None:
    folder = readable_by_all / "p"
    with Project.create(folder, images) as project:
        project.images.add(["a.jpg"])
    before = snapshot(folder)
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    try:
        lines = (other_process(READ_ONLY, folder).communicate(timeout=60)[0]).splitlines()
    finally:
        folder.chmod(0o755)
    assert lines[0] == "1"
    assert "read-only" in lines[1]
    assert str(folder) in lines[2]
    assert "read-only or no rights" in lines[2]
    assert len(lines) == 3
    assert snapshot(folder) == before
