"""What a person waits for, and what the dashboard costs: one line a figure.

measure.py BENCH_FOLDER [--size 120x40] [paint] [cli] [idle] [keys] [memory]
"""

import argparse
import compileall
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tui

PYTHON = sys.executable
DASHBOARD = [str(Path(PYTHON).with_name("autosdlc-tui"))]
PROBE_PYTHON = (
    Path(os.environ.get("BENCH_HOME", Path.home() / ".cache/autosdlc-bench")) / "venv/bin/python"
)


def probe(
    bench: Path, what: str, *options: str, command: list[str], size: str = "120x40"
) -> dict[str, Any]:
    """One run of the terminal probe; its JSON line."""
    with tempfile.TemporaryDirectory() as home:
        env = [f"--env={name}={home}" for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME")]
        probed = [str(PROBE_PYTHON), str(bench / "pty_probe.py"), what, "--size", size]
        done = subprocess.run(
            [*probed, *options, *env, "--", *command],
            capture_output=True,
            text=True,
            check=True,
            timeout=900,
        )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def say(figure: str, value: str, limit: str) -> None:
    print(f"{figure:<58} {value:>22}   (goal {limit})", flush=True)


def paint(bench: Path, size: str, rounds: int = 15) -> None:
    """First paint and the first demo agent, as ratios to a bare Textual app."""
    bare = [PYTHON, str(bench / "tui_apps.py"), "min"]
    panes: list[float] = []
    agents: list[float] = []
    for number in range(rounds + 1):
        floor = probe(
            bench, "start", "--cells", "7", "--expect", "PAINTED", command=bare, size=size
        )["expect_ms"]
        demo = [*DASHBOARD, "--demo"]
        all_panes = probe(
            bench, "start", "--limit", "2", "--expect", "5 LOGS", command=demo, size=size
        )["expect_ms"]
        first = probe(
            bench, "start", "--limit", "2", "--expect", "coder-001", command=demo, size=size
        )["expect_ms"]
        if number:  # the first round warms the caches
            panes.append(all_panes / floor)
            agents.append(first / floor)
    say("all panes drawn / a bare Textual app", f"{statistics.median(panes):.2f}x", "1.5x, 1.3x")
    say("first demo agent / a bare Textual app", f"{statistics.median(agents):.2f}x", "2.5x")


def cli(bench: Path, size: str, rounds: int = 15) -> None:
    """`--help` and `--version` over an empty Python."""
    del bench, size

    def once(*arguments: str) -> float:
        start = time.perf_counter()
        subprocess.run([PYTHON, *arguments], stdout=subprocess.DEVNULL, check=True)
        return (time.perf_counter() - start) * 1000

    for option in ("--help", "--version"):
        more = [once("-m", "tui", option) - once("-c", "pass") for _ in range(rounds)]
        say(f"{option} over `python -c pass`", f"{statistics.median(more):.0f} ms", "150 ms")


def idle(bench: Path, size: str, seconds: int = 30) -> None:
    """CPU of a dashboard to which nothing happens."""
    figures = probe(
        bench, "idle", "--seconds", str(seconds), "--after", "4", "--expect", "LIVE",
        command=DASHBOARD, size=size,
    )  # fmt: skip
    say("idle, own server, no events: CPU", f"{figures['cpu_pct']:.2f} %", "1 %")
    say("idle: bytes to the terminal", f"{figures['bytes_per_s']:.0f} B/s", "-")
    say("idle: resident memory", f"{figures['rss_mb']:.0f} MiB", "-")


@contextmanager
def source(bench: Path, rate: int, batch: int) -> Iterator[str]:
    """The paced source, as a process of its own; the address it serves."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [PYTHON, str(bench / "feed_server.py"), "--port", str(port), "--rate", str(rate),
         "--batch", str(batch)],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield f"ws://127.0.0.1:{port}/ws"
    finally:
        process.kill()
        process.communicate()


def keys(bench: Path, size: str, presses: int = 500) -> None:
    """Key press to screen, and CPU, while 10,000 events/s arrive in arrays of 100."""
    with source(bench, 10_000, 100) as url:
        command = [*DASHBOARD, "--url", url]
        cost = probe(
            bench, "idle", "--seconds", "20", "--after", "4", "--expect", "LIVE",
            command=command, size=size,
        )  # fmt: skip
        say("10,000 events/s in arrays of 100: CPU", f"{cost['cpu_pct']:.0f} % of a core", "45 %")
        say("the same: resident memory", f"{cost['rss_mb']:.0f} MiB", "-")
        say("the same: bytes to the terminal", f"{cost['bytes_per_s'] / 1000:.0f} kB/s", "-")
        # To the logs, off the end, to the end, to the agents: each with its effect on the screen.
        pressed = probe(
            bench, "keys", "--keys", "5:,k:held,G:FOLLOW,1:", "--count", str(presses),
            "--gap", "0.1", "--after", "4", "--expect", "LIVE", command=command, size=size,
        )  # fmt: skip
    say("the same: key press to screen, p50", f"{pressed['p50_ms']:.1f} ms", "15 ms")
    say("the same: key press to screen, p99", f"{pressed['p99_ms']:.1f} ms", "90 ms")


def memory(bench: Path, size: str) -> None:
    """Resident memory after an hour's worth of demo in a minute."""
    figures = probe(
        bench, "idle", "--seconds", "5", "--after", "60", "--expect", "LIVE",
        command=[*DASHBOARD, "--demo", "--speed", "60"], size=size,
    )  # fmt: skip
    say(
        "after an hour of demo at --speed 60: resident memory", f"{figures['rss_mb']:.0f} MiB", "90"
    )


FIGURES = {"paint": paint, "cli": cli, "idle": idle, "keys": keys, "memory": memory}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bench", type=Path, metavar="BENCH_FOLDER")
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=", ".join(FIGURES))
    parser.add_argument("--size", default="120x40", help="the terminal's, in cells")
    given = parser.parse_intermixed_args()
    if unknown := set(given.figures) - set(FIGURES):
        parser.error(f"no such figure: {', '.join(sorted(unknown))}")
    # As an installation is; where Python writes no bytecode, a checkout is compiled at every start.
    compileall.compile_dir(str(Path(tui.__file__).parent), quiet=1)
    for name in given.figures or FIGURES:
        FIGURES[name](given.bench, given.size)


if __name__ == "__main__":
    main()
