"""What 100,000 log lines take: memory, a filter over all of them, and a drawing at 10,000 a second.

logs.py [--lines N]

In this process: lines through the store, filters through the view of the logs pane, drawings
through a dashboard without a terminal.
"""

import argparse
import asyncio
import gc
import statistics
import time
from pathlib import Path

from tests.bench.measure import say
from tests.support.events import START
from tui.app import AutosdlcApp
from tui.feed import Plan
from tui.panes.logs import LogsPane
from tui.protocol.codec import build_event
from tui.protocol.models import Message
from tui.store import Store
from tui.store.link import Link
from tui.store.log_view import LogView, Wanted
from tui.store.query import Query

MESSAGES = (
    "pytest: {n} passed, 2 skipped in 4.81s",
    "POST /payments/{n}/refunds 201 in 38 ms",
    "Rate limited by upstream; trying again in {n} ms",
    "tests/test_refund.py::test_partial[{n}] FAILED: assert 3 == 2, one entry too many",
    "git commit -m 'Refund half of a payment' ({n} files)",
)
LEVELS = ("debug", "info", "info", "info", "warn", "error")
FILTERS = ("retry", "refund", "!debug", "/FAILED: assert \\d/", "/coder-00[1-3].*7\\d\\b/")


def resident() -> float:
    """Of this process, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def log(number: int) -> Message:
    data = {
        "agentId": f"coder-{number % 20:03d}",
        "level": LEVELS[number % len(LEVELS)],
        "message": MESSAGES[number % len(MESSAGES)].format(n=number),
        "timestamp": START + number,
        "context": {"taskId": f"task-{number % 50}"},
    }
    return build_event("agent_log", data, id_=f"evt-{number}", timestamp=START + number, source="b")


def memory(store: Store, lines: int) -> None:
    for number in range(3_000):  # what the history of events takes is not the logs'
        store.history.add(log(number))
    gc.collect()
    before = resident()
    for number in range(lines):
        store.apply(log(number))
    gc.collect()
    kept = len(store.logs.lines)
    say(
        f"memory of {kept:,} log lines, each with its context",
        f"{resident() - before:.1f} MiB",
        "60",
    )


def filters(store: Store) -> None:
    for text in FILTERS:
        took = []
        for _ in range(5):
            view = LogView(store.logs)
            view.want(Wanted(Query.parse(text)))
            slices = []
            while not view.done:
                start = time.perf_counter()
                view.advance()
                slices.append(time.perf_counter() - start)
            took.append((sum(slices), max(slices), len(view)))
        whole, longest, found = min(took)
        name = f"filter {text}: {found:,} of {len(store.logs.lines):,} lines"
        say(name, f"{whole * 1e3:.0f} ms, slices of {longest * 1e3:.0f}", "200")


async def drawing(lines: int) -> None:
    app = AutosdlcApp(Plan(url="ws://127.0.0.1:1/ws"), clock=lambda: START + lines)
    app.connects = False
    async with app.run_test(size=(120, 40)) as pilot:
        app.store.set_link(Link(phase="live", rate=10_000))
        events = [log(number) for number in range(lines)]
        for query in ("", "retry"):
            app.screen.query_one(LogsPane).search = Query.parse(query)
            took = []
            for start in range(0, lines, 1_000):
                for event in events[start : start + 1_000]:
                    app.store.apply(event)
                before = time.perf_counter()
                app.draw()
                took.append(time.perf_counter() - before)
                await pilot.pause()
            name = f"a drawing after 1,000 new lines{', filtered' if query else ''} (median)"
            say(name, f"{statistics.median(took) * 1e3:.1f} ms", "20")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=100_000)
    arguments = parser.parse_args()
    store = Store()
    memory(store, arguments.lines)
    filters(store)
    asyncio.run(drawing(arguments.lines))


if __name__ == "__main__":
    main()
