"""The server against the document's own, as one Markdown table.

gateway.py BENCH_FOLDER [--rounds N] [--command '… serve --port {port} …']

BENCH_FOLDER is the one with `ratio` and `loadgen.py`; its `setup` has installed what they need.
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.support.served import COMMAND

OPTIONS = "--port {port} --http-port off --rate-limits off"


class Goal(NamedTuple):
    """What one scenario is to reach."""

    what: str
    ratio: float = 0.0
    """Deliveries per server CPU second, over the document's server."""
    p99_ms: float | None = None


GOALS = {
    "fan100": Goal("1 publisher, 100 readers, as fast as it goes", 12, 20),
    "10x50": Goal("10 publishers, 50 readers, as fast as it goes", 8),
    "fan100-w1": Goal("1 publisher, 100 readers, one event at a time", 1.2),
    "one": Goal("1 publisher, 1 reader, as fast as it goes", 1.0),
    "paced100": Goal("200 events/s to 100 readers", 1.8, 30),
    "hi100": Goal("1,000 events/s to 100 readers, live", 0, 40),
}
MEMORY = 1.2
"""Peak memory, over the document's server."""
_RATIO = re.compile(r": ([\d.]+)x .* p99 ([\d.]+) ms, memory ([\d.]+)x")


def row(*cells: str) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def ratio(bench: Path, scenario: str, goal: Goal, command: str, rounds: int) -> bool:
    """One line of the table; whether the goal is reached."""
    run = [str(bench / "ratio"), scenario, str(goal.ratio), command, str(rounds)]
    said = subprocess.run(run, capture_output=True, text=True, check=False).stdout.strip()
    found = _RATIO.search(said)
    if found is None:
        row(scenario, goal.what, "failed", "", "", said[-200:].replace("|", "/"))
        return False
    times, p99, memory = map(float, found.groups())
    wanted = [f"{goal.ratio:g}x"] if goal.ratio else []
    wanted += [f"{goal.p99_ms:g} ms"] if goal.p99_ms else []
    reached = times >= goal.ratio and p99 < (goal.p99_ms or float("inf")) and memory <= MEMORY
    row(scenario, goal.what, f"{times:.2f}x", f"{p99:.1f} ms", f"{memory:.2f}x", ", ".join(wanted))
    return reached


def load(bench: Path, command: str, *options: str) -> dict[str, float]:
    """One run of the load generator."""
    run = [sys.executable, str(bench / "loadgen.py"), "--spawn", command, "--pin", "0,1", *options]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    if not done.stdout:
        return {"ok": False}
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def high_rate(bench: Path, command: str, rounds: int) -> bool:
    """1,000 events/s to 100 readers, where the document's server falls behind: ours alone."""
    options = ["--subs", "100", "--events", "3000", "--rate", "1000"]
    runs = [load(bench, command, *options) for _ in range(rounds)]
    alive = all(run["ok"] for run in runs)
    goal = GOALS["hi100"]
    p99 = sorted(run.get("p99_ms", float("inf")) for run in runs)[len(runs) // 2]
    said = "all delivered" if alive else "not all delivered"
    row("hi100", goal.what, said, f"{p99:.1f} ms", "", f"all delivered, {goal.p99_ms:g} ms")
    return alive and p99 < (goal.p99_ms or 0)


def stalled(bench: Path, command: str) -> bool:
    """What ten readers that never read cost in memory."""
    options = ["--subs", "1", "--events", "30000"]
    with_them = load(bench, command, *options, "--stall", "10")
    without = load(bench, command, *options)
    if not (with_them["ok"] and without["ok"]):
        row("stall", "10 readers that never read", "failed", "", "", "")
        return False
    grown = with_them["rss_peak_mb"] - without["rss_peak_mb"]
    row(
        "stall",
        "10 readers that never read, 30,000 events",
        "the healthy one has all",
        "",
        f"+{grown:.1f} MB",
        "+16 MB",
    )
    return grown <= 16


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bench", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--command", default=f"{shlex.join(COMMAND)} {OPTIONS}")
    asked = parser.parse_args(arguments)
    bench, command = asked.bench.resolve(), asked.command
    with tempfile.TemporaryDirectory() as home:
        for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
            os.environ[name] = home
        os.environ["AUTOSDLC_TOKEN"] = "bench"
        row("scenario", "load", "deliveries per CPU s", "p99", "peak memory", "goal")
        row(*["---"] * 6)
        reached = [
            ratio(bench, scenario, goal, command, asked.rounds)
            for scenario, goal in GOALS.items()
            if goal.ratio
        ]
        reached += [high_rate(bench, command, asked.rounds), stalled(bench, command)]
    raise SystemExit(not all(reached))


if __name__ == "__main__":
    main()
