"""The built wheel, in a fresh environment: everything it needs is inside."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOAD = """
import tui
from tui.theme import find_themes, load_theme, shipped_directory
files = find_themes([shipped_directory()])
for file in files.values():
    load_theme(file)
print(tui.__file__, shipped_directory(), *files)
"""


@pytest.mark.timeout(300)
def test_the_wheel_brings_every_theme(tmp_path: Path) -> None:
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns(".*", "tests", "screenshots", "dist", "__pycache__")
    shutil.copytree(ROOT, source, ignore=ignored)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", tmp_path, source], check=True)
    (wheel,) = tmp_path.glob("autosdlc_tui-*.whl")
    fresh = tmp_path / "fresh"
    subprocess.run([sys.executable, "-m", "venv", fresh], check=True)
    python = fresh / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", wheel], check=True)
    alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, "-c", LOAD], cwd=tmp_path, env=alone, check=True, capture_output=True, text=True
    )
    package, directory, *themes = done.stdout.split()
    assert Path(package).is_relative_to(fresh)
    assert Path(directory).is_relative_to(fresh)
    assert set(themes) == {path.stem for path in (ROOT / "themes").glob("*.toml")}
    version = subprocess.run(
        [fresh / "bin" / "autosdlc-tui", "--version"], check=True, capture_output=True, text=True
    )
    assert version.stdout.startswith("autosdlc-tui")
