"""Promises that must hold where two things go wrong at once."""

import asyncio
import json
from collections.abc import Sequence

from tests.support.frames import frame, log
from tests.support.memory import drafts_in_memory
from tests.support.virtual import in_virtual_time
from tests.unit.server.clients import Server, brief, quiet
from tests.unit.server.delayed import DelayedBroker
from tui.protocol.express import Draft
from tui.server.auth import Access
from tui.server.brokers import Answer
from tui.server.brokers.memory import MemoryBroker
from tui.server.flush import Flush, Shared


def note(id_: str, size: int) -> bytes:
    """An event of another stream, which is never conflated."""
    data = {"level": "info", "title": "t", "message": "x" * size}
    return frame("system_notification", data, id_, timestamp=1, metadata={"source": "z"})


@in_virtual_time
async def test_a_resync_amid_a_replay_says_what_of_the_replay_is_lost() -> None:
    server = Server(ring_bytes=10**8)
    client = await server.welcome()
    server.publish(*(log(f"e-{n}") for n in range(1, 11)))
    both = [
        {"subscriptionId": "a", "resource": "agent"},
        {"subscriptionId": "b", "resource": "system"},
    ]
    client.say("subscribe", subscriptions=both, snapshot="never")
    await client.heard()
    client.peer.stop_reading()
    server.publish(*(note(f"n-{n}", 30_000) for n in range(4)))
    await quiet()
    server.publish(log("e-11"), log("e-12"))
    await quiet()
    cursor = {"agent": {"epoch": server.epoch("agent"), "offset": 2}}
    client.say("subscribe", subscriptionId="a", resource="agent", resume=cursor, snapshot="never")
    for n in range(45):
        server.publish(note(f"m-{n}", 30_000))
        await quiet()
    client.peer.go_on_reading()
    told = await client.heard()
    lost = [
        one["data"]["lost"]
        for one in told
        if one["data"].get("resource") == "agent" and one["data"].get("status") == "gap"
    ]
    received = {one["metadata"]["offset"] for one in told if one["type"] == "agent_log"}
    said = {offset for gap in lost for offset in range(gap["from"], gap["to"] + 1)}
    assert received | said == set(range(3, 13))


class Absent(MemoryBroker):
    """One that has yet to answer, and keeps nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Answer] = []

    def publish(self, drafts: Sequence[Draft], answer: Answer) -> None:
        del drafts
        self.answers.append(answer)


@in_virtual_time
async def test_a_connection_keeps_nothing_of_what_the_broker_has_yet_to_answer() -> None:
    broker = Absent()
    client = await Server(broker=broker).welcome()
    client.send(log("nobody-has-it"))
    await quiet()
    assert len(broker.answers) == 1
    assert "nobody-has-it" not in [one.id for one in drafts_in_memory()]


class Narrowing:
    """Somebody whose key is edited while it is in use."""

    def __init__(self) -> None:
        self.now: Access | None = None

    def check(self, token: str) -> Access | None:
        del token
        return None

    def current(self, access: Access) -> Access | None:
        return self.now or access


@in_virtual_time
async def test_what_stayed_in_force_after_a_failed_resume_ends_with_its_permission() -> None:
    loop = asyncio.get_running_loop()
    broker = DelayedBroker(steady=loop.time)
    server = Server(broker=broker)
    server.gateway._authority = authority = Narrowing()
    client = server.connect(access=Access.of(["subscribe:agent:*:*"], name="k", key_id="1"))
    client.connection.open()
    client.say("subscribe", subscriptionId="a", resource="agent", snapshot="never")
    await client.heard()
    broker.unavailable = True
    start = {"agent": {"epoch": server.epoch("agent"), "offset": 0}}
    client.say("subscribe", subscriptionId="a", resource="agent", resourceId="mine", resume=start)
    assert [one["type"] for one in await client.heard()] == ["error"]
    broker.unavailable = False
    authority.now = Access.of(["subscribe:agent:mine:*"], name="k", key_id="1")
    server.gateway.tick()
    assert [brief(one) for one in await client.heard()] == ["denied"]
    server.publish(log("e-1", "secret"))
    assert await client.heard() == []


@in_virtual_time
async def test_the_rest_of_a_frame_is_refused_like_its_first_part() -> None:
    loop = asyncio.get_running_loop()
    broker = DelayedBroker(steady=loop.time)
    client = await Server(broker=broker).welcome()
    broker.unavailable = True
    parts = [log("e-1"), frame("ping", None, "p"), log("e-2")]
    client.send(b"[" + b",".join(parts) + b"]")
    loop.call_soon(lambda: loop.call_soon(setattr, broker, "unavailable", False))
    told = await client.heard()
    assert [(one["type"], one["metadata"].get("correlationId")) for one in told] == [
        ("error", "e-1"),
        ("pong", "p"),
        ("error", "e-2"),
    ]
    assert {json.dumps(one["data"]["code"]) for one in told if one["type"] == "error"} == {
        '"unavailable"'
    }


class Broken:
    """A reader that cannot be written to."""

    def flush(self, shared: Shared) -> None:
        del shared
        raise RuntimeError("it is gone")


class Fine:
    flushed = 0

    def flush(self, shared: Shared) -> None:
        del shared
        self.flushed += 1


@in_virtual_time
async def test_a_reader_that_cannot_be_written_to_keeps_nothing_from_the_others() -> None:
    loop = asyncio.get_running_loop()
    faults: list[object] = []
    loop.set_exception_handler(lambda _, context: faults.append(context["exception"]))
    others = [Fine() for _ in range(50)]
    Flush(loop).gather([*others[:25], Broken(), *others[25:]], 100)
    await quiet()
    assert [one.flushed for one in others] == [1] * 50
    assert len(faults) == 1
    assert isinstance(faults[0], ExceptionGroup)
