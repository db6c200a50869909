"""`autosdlc-tui tail` as a process: pipes, signals, servers that come and go."""

import asyncio
import json
import os
import signal
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.functional.client.peer import Line, Peer, serving
from tests.support.command import Done, command, done, ended, next_line
from tests.support.dashboard import TOKEN, publish, publisher, server
from tests.support.events import event, log
from tests.support.terminal import Terminal
from tests.system.conftest import COMMAND
from tui.discovery import ServerRecord

Environment = dict[str, str]
ALERT = {
    "alertId": "old",
    "severity": "low",
    "title": "t",
    "description": "d",
    "affectedComponents": [],
    "recommendedActions": [],
}


@pytest.fixture
def running() -> Iterator[ServerRecord]:
    """A real server, in a thread."""
    with server() as record:
        yield record


@pytest.fixture
def environment(environment: Environment) -> Environment:
    return environment | {"AUTOSDLC_TOKEN": TOKEN}


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with serving(Peer(v1=True)) as peer:
        yield peer


def said(id_: str, message: str = "m", **metadata: Any) -> dict[str, Any]:
    """An event on the wire."""
    data = {"agentId": "a", "level": "info", "message": message, "timestamp": 1}
    return {"id": id_, "type": "agent_log", "timestamp": 1, "data": data, "metadata": metadata}


async def subscribed(peer: Peer, number: int = 1) -> Line:
    """The peer's connection of that number, once all is asked for and the first ping is sent."""
    line = await peer.line(number)
    await line.take("ping")
    return line


async def tail(environment: Environment, url: str, *arguments: str) -> Done:
    return await done(environment, "tail", *arguments, url=url)


async def test_what_is_published_is_what_a_pipe_gets(
    environment: Environment, running: ServerRecord
) -> None:
    own = {"agentId": "a", "message": "é \u009b \x1b", "own": {"field": [1, 2.5, None]}}
    events = [log("a", f"line {n}") for n in range(3)] + [event("agent_error", own)]
    async with publisher(running.url) as client:
        await publish(client, *events)
    options = ("--json", "--since", "1h", "-n", "4")
    finished = await tail(environment, running.url, *options)
    assert (finished.code, finished.errors) == (0, "")
    found = [json.loads(line) for line in finished.output.splitlines()]
    assert [one["id"] for one in found] == [one.id for one in events]
    assert found[3]["data"] == own
    assert found[0]["metadata"]["source"] == "test"


async def test_each_event_is_there_at_once_and_now_is_where_it_begins(
    environment: Environment, running: ServerRecord
) -> None:
    async with publisher(running.url) as client:
        await publish(client, event("system_alert", ALERT), log("a", "before"))
        async with command(environment, "tail", url=running.url) as process:
            begun = asyncio.create_task(next_line(process.stdout))
            while not begun.done():  # nobody tells when it has begun
                await publish(client, log("a", "now"))
                await asyncio.wait((begun,), timeout=0.05)
            assert begun.result().endswith("now")
            await publish(client, log("b", "last"))
            while not (line := await next_line(process.stdout)).endswith("last"):
                assert line.endswith("now")


async def test_a_filter_lets_through_what_one_of_several_matches(
    environment: Environment, running: ServerRecord
) -> None:
    async with publisher(running.url) as client:
        events = [
            log("a", "1"),
            log("b", "2"),
            event("agent_error", {"agentId": "b", "message": "3"}),
        ]
        await publish(client, *events, event("system_alert", ALERT), log("a", "end"))
    filters = ("agent:b:error", "system", "agent:a")
    finished = await tail(environment, running.url, "--since", "1h", "-n", "4", *filters)
    who = sorted(line.split()[1] for line in finished.output.splitlines())
    assert who == ["a", "a", "b", "old"]


async def test_unknown_types_come_through_and_hostile_text_does_no_harm(
    environment: Environment, peer: Peer
) -> None:
    async with command(environment, "tail", url=peer.url) as process:
        line = await subscribed(peer)
        await line.send(
            {"type": "brand_new", "data": {"x": 1}}, said("e", "\x1b[2J\u009bHh\u202ei\n!")
        )
        assert (await next_line(process.stdout)).split() == [
            "--:--:--",
            "unknown",
            "brand_new",
            '{"x":1}',
        ]
        assert (await next_line(process.stdout)).endswith("INFO         hi !")


async def test_since_asks_for_the_past_and_never_for_the_state(
    environment: Environment, peer: Peer
) -> None:
    async with command(environment, "tail", "--since", "10m", "agent", "tdd:x", url=peer.url):
        line = await subscribed(peer)
        [asked] = line.of_type("subscribe")
    resources = [one["resource"] for one in asked["data"]["subscriptions"]]
    assert (resources, asked["data"]["snapshot"]) == (["agent", "tdd"], "never")
    ago = time.time() - asked["data"]["resume"]["since"] / 1000
    assert 600 <= ago < 660


@pytest.mark.parametrize("says_more", [True, False])
async def test_a_pipe_that_is_closed_ends_it_quietly(
    environment: Environment, peer: Peer, says_more: bool
) -> None:
    reading, writing = os.pipe()
    async with command(environment, "tail", url=peer.url, stdout=writing) as process:
        os.close(writing)
        line = await subscribed(peer)
        os.close(reading)
        if says_more:
            await line.send(said("e"))
        assert await ended(process) == Done(0, "", "")


async def test_head_takes_a_line_and_both_end(
    environment: Environment, running: ServerRecord
) -> None:
    async with publisher(running.url) as client:
        await publish(client, *(log("a", "m") for _ in range(3)))
    script = f"'{COMMAND[0]}' -m tui tail --since 1h | head -1; echo ${{PIPESTATUS[0]}}"
    shell = await asyncio.create_subprocess_exec(
        *("bash", "-c", script),
        env=environment | {"AUTOSDLC_URL": running.url},
        stdout=PIPE,
        stderr=PIPE,
    )
    finished = await ended(shell)
    line, status = finished.output.splitlines()
    assert line.endswith("INFO         m")
    assert (status, finished.errors) == ("0", "")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_signal_ends_it_quietly(
    environment: Environment, peer: Peer, number: signal.Signals, code: int
) -> None:
    async with command(environment, "tail", url=peer.url) as process:
        line = await subscribed(peer)
        process.send_signal(number)
        assert await ended(process) == Done(code, "", "")
        await line.ended()


async def test_a_reader_that_is_slow_loses_nothing(
    environment: Environment, running: ServerRecord
) -> None:
    """More than a pipe holds waits for it, and the connection lives on."""
    count = 3_000
    options = ("tail", "--since", "1h", "--json")
    async with (
        publisher(running.url) as client,
        command(environment, *options, url=running.url) as process,
    ):
        await publish(client, log("a", "first"))
        await next_line(process.stdout)
        await publish(client, *(log("a", f"{n} {'x' * 500}") for n in range(count)))
        events = [json.loads(await next_line(process.stdout)) for _ in range(count)]
        assert [int(one["data"]["message"].split()[0]) for one in events] == [*range(count)]
        process.terminate()
        assert (await ended(process)).errors == ""


def place(peer: Peer) -> str:
    """What a server is called of which nothing but the address was said."""
    return f"127.0.0.1:{peer.port}"


async def test_a_gap_is_told_and_ends_what_is_to_be_whole(
    environment: Environment, peer: Peer
) -> None:
    lost = {"status": "gap", "resource": "agent", "lost": {"from": 3, "to": 14}}
    gap = {"type": "subscription_update", "data": lost}
    told = "gap: what agent said meanwhile is missing, up to 12 events"
    async with command(environment, "tail", "--until-gap", url=peer.url) as process:
        await (await subscribed(peer)).send(said("before"), gap, said("after"))
        finished = await ended(process)
    assert (finished.code, finished.complaints) == (3, [told])
    assert len(finished.output.splitlines()) == 1
    async with command(environment, "tail", url=peer.url) as process:
        await (await subscribed(peer, 2)).send(gap, said("after"))
        await next_line(process.stdout)
        assert await next_line(process.stderr) == f"autosdlc-tui: {told}"


async def test_a_connection_that_is_lost_is_said_and_made_again(
    environment: Environment, peer: Peer
) -> None:
    async with command(environment, "tail", url=peer.url) as process:
        (await subscribed(peer)).reset()
        assert (await next_line(process.stderr)).endswith("; trying again")
        await (await subscribed(peer, 2)).send(said("e"))
        await next_line(process.stdout)
        assert await next_line(process.stderr) == f"autosdlc-tui: connected to {place(peer)}"


async def test_a_plain_server_cannot_tell_what_was_missed_so_a_lost_connection_is_a_gap(
    environment: Environment,
) -> None:
    async with serving(Peer()) as plain:
        options = ("--until-gap", "--since", "1h")
        async with command(environment, "tail", *options, url=plain.url) as process:
            line = await subscribed(plain)
            assert "no past" in await next_line(process.stderr)
            line.reset()
            finished = await ended(process)
    assert finished.code == 3
    assert finished.complaints[-1].startswith("gap: ")


@pytest.mark.parametrize("options", [(), ("--json",)])
async def test_of_several_servers_each_line_says_whose_it_is(
    environment: Environment, options: tuple[str, ...]
) -> None:
    async with serving(Peer(v1=True)) as one, serving(Peer(v1=True)) as other:
        urls = ("--url", one.url, "--url", other.url)
        async with command(environment, "tail", *options, *urls) as process:
            for peer in (one, other):
                await (await subscribed(peer)).send(said("e"))
                line = await next_line(process.stdout)
                if options:
                    assert json.loads(line)["server"] == place(peer)
                    assert json.loads(line)["event"]["id"] == "e"
                else:
                    assert line.startswith(f"{place(peer)} ")
            (await other.line()).reset()
            assert (await next_line(process.stderr)).startswith(f"autosdlc-tui: {place(other)}: ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
async def test_a_full_disk_is_said_in_one_line(
    environment: Environment, running: ServerRecord
) -> None:
    async with publisher(running.url) as client:
        await publish(client, log("a", "m"))
    with Path("/dev/full").open("wb") as full:  # noqa: ASYNC230
        options = ("tail", "--since", "1h")
        finished = await done(environment, *options, url=running.url, stdout=full)
    assert finished.code == 1
    assert finished.errors == (
        "autosdlc-tui: standard output cannot be written: No space left on device\n"
    )


async def test_who_is_refused_is_told_why(environment: Environment, running: ServerRecord) -> None:
    wrong = environment | {"AUTOSDLC_TOKEN": "wrong"}
    finished = await tail(wrong, running.url)
    assert finished.code == 1
    [line] = finished.complaints
    assert "refused the token" in line


async def test_what_may_not_be_read_is_said(environment: Environment, peer: Peer) -> None:
    peer.confirms = False
    async with command(environment, "tail", "agent:x", url=peer.url) as process:
        line = await peer.line()
        [asked] = await line.take("subscribe")
        data = {"error": "not for you", "code": "forbidden"}
        await line.send({"type": "error", "data": data, "metadata": {"correlationId": asked["id"]}})
        finished = await ended(process)
    assert finished.code == 1
    assert finished.complaints[-1] == "the server denies agent:x:*: not for you"


async def test_what_may_not_be_read_any_more_is_said(environment: Environment, peer: Peer) -> None:
    async with command(environment, "tail", "agent:x", url=peer.url) as process:
        line = await peer.line()
        [asked] = await line.take("subscribe")
        await line.take("ping")
        data = asked["data"]
        ids = [one["subscriptionId"] for one in data.get("subscriptions", [data])]
        gone = {"subscriptionIds": ids, "status": "denied", "reason": "no more"}
        await line.send({"type": "subscription_update", "data": gone})
        finished = await ended(process)
    assert finished.code == 1
    assert finished.complaints == ["the server denies agent:x:*: no more"]


@pytest.mark.parametrize("as_configured", [True, False])
async def test_without_a_server_one_line_says_how_to_get_one(
    environment: Environment, as_configured: bool
) -> None:
    url = "ws://127.0.0.1:1/ws" if as_configured else ""
    finished = await tail(environment, url, "--wait", "1")
    assert finished.code == 1
    assert (
        "cannot reach ws://127.0.0.1:1/ws: Connection refused"
        if as_configured
        else "start `autosdlc-tui` or `autosdlc-tui serve`, or name one with --url"
    ) in finished.complaints[-1]


def test_a_terminal_gets_colours_unless_they_are_not_wanted(
    environment: Environment, running: ServerRecord
) -> None:
    here = environment | {"AUTOSDLC_URL": running.url}
    for extra, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        with Terminal(
            [*COMMAND, "tail", "-n", "1", "--since", "1h"], environment=here | extra
        ) as one:
            asyncio.run(_say(running.url))
            assert one.ended() == 0
            assert "hello" in one.text
            assert (b"\x1b[1m" in one.raw) is coloured


async def _say(url: str) -> None:
    async with publisher(url) as client:
        await publish(client, log("a", "hello"))
