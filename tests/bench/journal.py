"""Acknowledged events a second through the journal, from publishers that send v1 batches.

journal.py [--events N] [--batch N] [--publishers 1,4] [--directory DIR] [--command '… serve']

Each publisher has one frame unacknowledged at a time, as every client has; the journal stands in
DIR, so that its disk is what is measured.
"""

import argparse
import asyncio
import os
import shlex
import statistics
import tempfile
import time
from pathlib import Path

from tests.bench.measure import say
from tests.support.frames import TOKEN, frame, messages
from tests.support.raw import RawSocket, open_raw
from tests.support.served import COMMAND, Served

ROUNDS = 3


def batches(publisher: str, events: int, size: int) -> list[bytes]:
    """Frames of `size` events each, some 400 bytes an event, half of them with a state key."""
    task = {"id": "t-1", "type": "feature", "title": "x" * 100, "progress": 50, "startTime": 1}
    agent = {"agentId": publisher, "agentType": "coder", "status": "busy", "currentTask": task}
    words = {"agentId": publisher, "level": "info", "message": "x" * 200, "timestamp": 1}
    kinds = [("agent_status", agent), ("agent_log", words)]
    made = [
        frame(*kinds[n % 2], id_=f"evt-{publisher}-{n:012d}", timestamp=1_700_000_000_000 + n)
        for n in range(events)
    ]
    return [b"[" + b",".join(made[at : at + size]) + b"]" for at in range(0, events, size)]


async def publish(raw: RawSocket, frames: list[bytes], size: int) -> list[float]:
    """Send each once the one before is acknowledged whole; the seconds each took."""
    took = []
    for one in frames:
        begun = time.perf_counter()
        raw.send(one)
        acknowledged = 0
        while acknowledged < size:
            for answer in messages([await raw.frame() or b'{"type":"closed"}']):
                if answer["type"] in ("error", "closed"):
                    raise SystemExit(f"refused: {answer}")
                if answer["type"] == "publish_ack":
                    acknowledged += len(answer["data"]["ids"])
        took.append(time.perf_counter() - begun)
    return took


async def one_round(served: Served, name: str, count: int, events: int, size: int) -> list[float]:
    """Events a second, server CPU microseconds an event, and a batch's p99 in ms."""
    raws = [await open_raw(served.url, TOKEN, v1=True) for _ in range(count)]
    frames = [batches(f"{name}-{n}", events // count, size) for n in range(count)]
    for raw, prepared in zip(raws, frames, strict=True):  # whatever is built at first use
        await publish(raw, [prepared[0].replace(b"evt-", b"warm-")], size)
    begun, cpu = time.perf_counter(), served.usage().cpu
    took = await asyncio.gather(*(publish(r, f, size) for r, f in zip(raws, frames, strict=True)))
    seconds = time.perf_counter() - begun
    cpu = served.usage().cpu - cpu
    sent = len(frames[0]) * size * count
    for raw in raws:
        raw.close()
    worst = sorted(one for times in took for one in times)
    return [sent / seconds, cpu / sent * 1e6, worst[int(len(worst) * 0.99)] * 1000]


def fsync_ms(directory: Path) -> float:
    """What the disk itself takes to make 200 KB safe; median."""
    with tempfile.TemporaryFile(dir=directory) as file:
        took = []
        for _ in range(20):
            begun = time.perf_counter()
            file.write(bytes(200_000))
            file.flush()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - begun)
    return statistics.median(took) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=40_000, help="a round")
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--publishers", default="1,4")
    parser.add_argument("--directory", default=None)
    parser.add_argument("--command", default=shlex.join(COMMAND))
    parser.add_argument("--memory", action="store_true", help="no journal, to compare with")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.directory) as home:
        directory = Path(home)
        journal = [] if arguments.memory else ["--journal", str(directory / "journal.db")]
        say("fsync of 200 KB on that disk", f"{fsync_ms(directory):.2f} ms", "-")
        command = shlex.split(arguments.command)
        with Served(directory, "--rate-limits", "off", *journal, command=command) as served:
            for count in map(int, arguments.publishers.split(",")):
                rounds = [
                    asyncio.run(
                        one_round(served, f"{count}-{n}", count, arguments.events, arguments.batch)
                    )
                    for n in range(ROUNDS)
                ]
                rate, cpu, p99 = map(statistics.median, zip(*rounds, strict=True))
                say(f"{count} publisher(s): acknowledged", f"{rate:,.0f} events/s", "20,000")
                say("  server CPU an event", f"{cpu:.1f} us", "-")
                say("  a batch acknowledged, p99", f"{p99:.1f} ms", "-")
        say(
            "the journal on disk",
            f"{sum(f.stat().st_size for f in directory.glob('journal*')) / 1e6:.0f} MB",
            "-",
        )


if __name__ == "__main__":
    main()
