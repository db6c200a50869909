"""What 50 events a second write to the terminal, with everything on, at two sizes.

bytes.py BENCH_FOLDER [--rate N] [--seconds N]
"""

import argparse
from pathlib import Path

from tests.bench.measure import DASHBOARD, probe, say, source

SIZES = ("120x40", "200x60")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", type=Path, metavar="BENCH_FOLDER")
    parser.add_argument("--rate", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=30)
    given = parser.parse_args()
    for size in SIZES:
        with source(given.bench, given.rate, 1) as url:
            figures = probe(
                given.bench, "idle", "--size", size, "--seconds", str(given.seconds),
                "--after", "15", "--expect", "LIVE", command=[*DASHBOARD, "--url", url],
            )  # fmt: skip
        what = f"{given.rate} events/s at {size}"
        say(f"{what}: bytes to the terminal", f"{figures['bytes_per_s'] / 1000:.1f} kB/s", "25")
        say("the same: frames", f"{figures['frames_per_s']:.1f} /s", "-")
        say("the same: CPU", f"{figures['cpu_pct']:.1f} % of a core", "-")


if __name__ == "__main__":
    main()
