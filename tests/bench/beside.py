"""Our demo beside other terminal programs, in alternating rounds of one run: a table of figures.

beside.py BENCH_FOLDER [--rounds N] [--only REGEX]
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.measure import DASHBOARD, PROBE_PYTHON

PEERS = "4top|btop|posting|harlequin|textual min"
WITH_4TOP = """
import sys
import user_peers
user_peers.PEERS["4top"] = (sys.argv.pop(1), "4top", "", "down")
user_peers.main()
"""
"""`user_peers.py` with a program that it does not know."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", type=Path, metavar="BENCH_FOLDER")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=PEERS, help="which of user_peers.py's programs")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        own = {f"XDG_{name}": home for name in ("RUNTIME_DIR", "STATE_HOME")}
        own["PYTHONPATH"] = str(given.bench)
        done = subprocess.run(
            [
                str(PROBE_PYTHON), "-c", WITH_4TOP, f"{PROBE_PYTHON.parent / '4top'} --demo",
                "--rounds", str(given.rounds), "--only", given.only,
                "--ours", shlex.join([*DASHBOARD, "--demo"]), "--ours-expect", "5 LOGS",
                "--ours-key", "tab",
            ],
            env=os.environ | own, stdout=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    sys.stdout.write(done.stdout[: done.stdout.find("{")])  # then each figure again, as JSON
    raise SystemExit(done.returncode)


if __name__ == "__main__":
    main()
