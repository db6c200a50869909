"""A terminal that stops reading: the dashboard goes on, and shows the newest when it is read."""

import re
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.frames import TOKEN
from tests.support.served import Served
from tests.support.terminal import Terminal
from tests.system.conftest import COMMAND
from tui.client import Client

FULL = 1.0
"""Seconds without a byte more for the terminal, while there is much to draw: it is stalled."""
MANY, LONG = 4_000, 4_000
"""Lines and their length: more than sockets and the server hold for a reader that stands still."""
AT_ONCE = 200
LIMITS = ("--rate-limits", "off")


@contextmanager
def watching(served: Served, environment: dict[str, str]) -> Iterator[Terminal]:
    """A terminal with a dashboard that is connected."""
    environment = environment | {"AUTOSDLC_TOKEN": TOKEN}
    with Terminal([*COMMAND, "--url", served.url], environment=environment) as terminal:
        terminal.shows("● LIVE")
        yield terminal


async def say(client: Client, words: Sequence[str]) -> None:
    for word in words:
        said = {"agentId": "coder-007", "level": "info", "message": word, "timestamp": 0}
        await client.publish("agent_log", said)
    assert await client.flush(30)


async def stall(terminal: Terminal, client: Client) -> int:
    """Say so much that the terminal, of which nothing is read, takes no more; how many lines."""
    said, taken = 0, (-1, -1)
    since = time.monotonic()
    while time.monotonic() - since < FULL:
        # No line like the one before: what is drawn again as it was is not written.
        await say(client, [f"early {said} ".ljust(90, "xo"[said % 2])])
        said += 1
        if (terminal.waiting, terminal.written) != taken:
            taken, since = (terminal.waiting, terminal.written), time.monotonic()
    return said


def lines(terminal: Terminal) -> int:
    found = re.search(r"│ ([\d,]+) lines", terminal.text)
    return int(found[1].replace(",", "")) if found else 0


async def test_what_is_said_meanwhile_is_all_there_when_it_reads_again(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    with (
        Served(tmp_path, *LIMITS, "--history", "64KiB") as served,
        watching(served, environment) as terminal,
    ):
        async with Client(served.url, TOKEN) as client:
            said = await stall(terminal, client)
            for begin in range(0, MANY, AT_ONCE):
                await say(client, [f"{n} ".ljust(LONG, "x") for n in range(begin, begin + AT_ONCE)])
            await say(client, ["the newest"])
            before = len(terminal.raw)
            terminal.shows("the newest", "● LIVE")
            assert len(terminal.raw) - before < 200_000, "not all that was drawn meanwhile"
            terminal.until(lambda: lines(terminal) >= said + MANY + 1, "every line")
            assert lines(terminal) == said + MANY + 1, "no gap was told of"
            terminal.send("q")
            assert terminal.ended() == 0


@pytest.mark.parametrize("journal", [True, False], ids=["within retention", "beyond it"])
async def test_a_connection_that_is_lost_meanwhile_is_resumed_or_a_gap_is_declared(
    tmp_path: Path, environment: dict[str, str], *, journal: bool
) -> None:
    late = 100 if journal else 1
    kept = ("--journal", str(tmp_path / "journal.db")) if journal else ()
    with Served(tmp_path, *LIMITS, *kept) as served, watching(served, environment) as terminal:
        async with Client(served.url, TOKEN) as client:
            said = await stall(terminal, client)
        served.kill()
        served.start()
        async with Client(served.url, TOKEN) as client:
            await say(client, [f"late {n}" for n in range(late)])
        if journal:
            terminal.shows("● LIVE", "late 99")
            terminal.until(lambda: lines(terminal) >= said + late, "every line")
            assert lines(terminal) == said + late, "no gap was told of"
        else:
            terminal.send("5z")  # there are six gaps, and perhaps a line after them
            terminal.shows("● LIVE", "what agent said meanwhile is missing")
        terminal.send("q")
        assert terminal.ended() == 0


async def test_a_window_that_is_closed_while_it_stands_still_ends_the_dashboard(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    with Served(tmp_path, *LIMITS) as served, watching(served, environment) as terminal:
        async with Client(served.url, TOKEN) as client:
            await stall(terminal, client)
        terminal.hang_up()
        terminal.process.wait(30)  # with whatever code: nobody is there to see it


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_one_that_is_ended_while_it_stands_still_leaves_it_as_it_was(
    tmp_path: Path, environment: dict[str, str], number: signal.Signals
) -> None:
    with Served(tmp_path, *LIMITS) as served, watching(served, environment) as terminal:
        async with Client(served.url, TOKEN) as client:
            await stall(terminal, client)
        terminal.process.send_signal(number)
        assert terminal.process.wait(10) == 128 + number, "though nobody reads"
        assert not terminal.echoes_off
        terminal.until(lambda: b"\x1b[?1049l" in terminal.raw, "the shell's screen")
        terminal.until(lambda: b"\x1b[?1003l" in terminal.raw, "the mouse given back")


async def test_what_is_no_drawing_is_told_when_it_reads_again(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    with Served(tmp_path, *LIMITS) as served, watching(served, environment) as terminal:
        async with Client(served.url, TOKEN) as client:
            await stall(terminal, client)
            terminal.send("5" + 41 * "m" + "y")
            await say(client, ["the newest"])
        terminal.shows("the newest")
        terminal.until(lambda: b"\x1b]52;c;" in terminal.raw, "copied")
        modes = re.findall(rb"\x1b\[\?1000[hl]", terminal.raw)
        assert modes[-1] == b"\x1b[?1000l", "the mouse is the terminal's"
        assert terminal.raw.count(b"\x1b]52;c;") == 1
        terminal.send("q")
        assert terminal.ended() == 0
