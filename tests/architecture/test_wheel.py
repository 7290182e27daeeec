"""The wheel holds all it needs: built, installed without the checkout in sight, run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (ROOT / "pyproject.toml").is_file():
        pytest.skip("no checkout to build from")
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "--wheel-dir", str(out), str(ROOT)]
    subprocess.run(command, check=True)
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_carries_assets_and_types(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "fbr_engine/assets/icons/fbr-studio.svg" in names
    assert "fbr_engine/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "assets/"))]


def test_the_installed_wheel_runs_doctor(wheel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "venv"
    venv.create(folder, with_pip=False)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    python = next(scripts.glob("python*"))
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    subprocess.run([*pip, "install", "--no-deps", "--quiet", str(wheel)], check=True)
    # The environment sees the dependencies of the one that runs the tests, but not the checkout.
    dependencies = [entry for entry in sys.path if entry.endswith("site-packages")]
    Path(site, "dependencies.pth").write_text("\n".join(dependencies), encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    command = next(scripts.glob("fbr-engine*"))
    done = subprocess.run(
        [command, "doctor", "--json"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["assets"].startswith(site)
    assert "missing" not in report["packages"].values()
