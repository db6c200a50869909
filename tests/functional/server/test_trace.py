"""`serve --trace`: what goes over real sockets, a line a message."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.functional.server.conftest import LOCAL, running
from tests.support.frames import TOKEN, frame, log, status
from tests.support.peer import peer
from tui.server.config import TraceConfig

Line = dict[str, Any]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "trace.jsonl"


async def traced(file: Path, **wanted: Any) -> list[Line]:
    """What is written while two clients come, one of them in band, and talk."""
    config = replace(LOCAL, trace=TraceConfig(file=file, **wanted))
    async with (
        running(config) as server,
        peer(server.url, token=False) as reader,
        peer(server.url, v1=True) as publisher,
    ):
        await reader.say("auth_request", type="api-key", token=TOKEN)
        await reader.say("subscribe", resource="agent")
        await reader.say("ping", "ping-1")
        await reader.hear_until("pong")
        await publisher.send(b"[" + log("evt-1") + b"," + status("evt-2") + b"]")
        await publisher.hear_until("publish_ack")
        await reader.hear_until("agent_status")
    return lines(file)


def lines(file: Path) -> list[Line]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def told(shown: list[Line]) -> set[tuple[str, str]]:
    return {(line["direction"], line["type"]) for line in shown}


async def test_all_that_comes_and_goes_is_shown(file: Path) -> None:
    shown = await traced(file)
    assert told(shown) == {
        ("out", "connect"),
        ("in", "auth_request"),
        ("out", "auth_success"),
        ("in", "subscribe"),
        ("in", "ping"),
        ("out", "pong"),
        ("in", "agent_log"),
        ("in", "agent_status"),
        ("out", "publish_ack"),
        ("out", "agent_log"),
        ("out", "agent_status"),
    }
    assert all("data" not in line for line in shown)
    [ping] = [line for line in shown if line["type"] == "ping"]
    assert (ping["id"], ping["name"]) == ("ping-1", "machine")
    assert ping["size"] == len(frame("ping", {}, "ping-1"))
    assert {line["client"] for line in shown if line["type"] == "auth_request"} == {ping["client"]}


async def test_no_secret_is_shown(file: Path) -> None:
    shown = await traced(file, data=True)
    [request] = [line for line in shown if line["type"] == "auth_request"]
    assert request["data"] == {"type": "api-key", "token": "[removed]"}
    assert TOKEN not in json.dumps(shown)


async def test_no_secret_of_the_servers_own_is_shown_whoever_says_it(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "a secret of thirty-two characters"
    monkeypatch.setenv("AUTOSDLC_JWT_SECRET", secret)
    config = replace(LOCAL, trace=TraceConfig(file=file, data=True))
    async with running(config) as server, peer(server.url, v1=True) as publisher:
        await publisher.send(log("evt-1", message=f"they are {TOKEN}, {secret}"))
        await publisher.hear_until("publish_ack")
    [told] = [line for line in lines(file) if line["id"] == "evt-1"]
    assert told["data"]["message"] == "they are [removed], [removed]"


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        (
            {"types": ("agent_*",), "direction": "out"},
            {("out", "agent_log"), ("out", "agent_status")},
        ),
        (
            {"types": ("agent_*",), "exclude": ("*_log",), "direction": "in"},
            {("in", "agent_status")},
        ),
        ({"clients": ("nobody",)}, set()),
        ({"types": ("ping",), "clients": ("machine",)}, {("in", "ping")}),
    ],
)
async def test_only_what_was_asked_for_is_shown(
    file: Path, wanted: dict[str, Any], shown: set[tuple[str, str]]
) -> None:
    assert told(await traced(file, **wanted)) == shown


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
async def test_a_full_disk_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    config = replace(LOCAL, trace=TraceConfig(file=Path("/dev/full")))
    async with running(config) as server, peer(server.url) as client:
        for _ in range(20):
            await client.say("ping")
            await client.hear_until("pong")
    said = [one.getMessage() for one in caplog.records if "tracing" in one.getMessage()]
    assert len(said) == 1
    assert "No space left" in said[0]
