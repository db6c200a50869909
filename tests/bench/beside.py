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

PEERS = "btop|posting|harlequin|textual min"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", type=Path, metavar="BENCH_FOLDER")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=PEERS, help="which of user_peers.py's programs")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        own = {f"XDG_{name}": home for name in ("RUNTIME_DIR", "STATE_HOME")}
        done = subprocess.run(
            [
                str(PROBE_PYTHON), str(given.bench / "user_peers.py"),
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
