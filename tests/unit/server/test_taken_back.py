"""What a client may not read any more is not sent from that moment on, whatever is under way."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.support.frames import draft, frame, log, status
from tests.support.virtual import in_virtual_time
from tests.unit.server.clients import Client, Server, brief, quiet
from tests.unit.server.delayed import DelayedBroker
from tests.unit.server.tokens import Tokens
from tui.protocol.topics import Filter
from tui.server.auth import Access
from tui.server.brokers.memory import MemoryBroker
from tui.server.leaving import ANSWER_SECONDS

READER = Access((Filter(),), (Filter(),), name="reader")
TDD_ONLY = Access((Filter("tdd"),), (Filter(),), name="reader")
SINCE: dict[str, Any] = {"resume": {"since": 5}, "snapshot": "never"}


class Reader:
    """A client whose token allows everything, until a test says otherwise."""

    def __init__(self, *, v1: bool = True, expires: float | None = None) -> None:
        self.broker = DelayedBroker()
        self.tokens = Tokens(mine=READER, less=TDD_ONLY)
        self.server = Server(broker=self.broker, authority=self.tokens)
        access = replace(READER, expires=expires and self.server.now + expires)
        self.tokens.known["mine"] = access
        self.client: Client = self.server.connect(access=access, v1=v1)
        self.client.connection.open()

    def lose_agents(self) -> None:
        """From now on it may read the `tdd` stream alone."""
        self.tokens.known["mine"] = TDD_ONLY
        self.server.gateway.tick()

    def subscribe(self, id_: str = "a", resource: str = "agent", **wish: Any) -> None:
        self.client.say("subscribe", "m-1", subscriptionId=id_, resource=resource, **wish)

    def publish(self, event: bytes) -> None:
        """At once, though the broker lets others wait."""
        MemoryBroker.publish(self.broker, [draft(event)], lambda _: None)

    async def gists(self) -> list[object]:
        return [brief(one) for one in await self.client.heard()]


@in_virtual_time
async def test_no_page_of_a_snapshot_follows_the_loss_of_the_permission() -> None:
    one = Reader()
    for n in range(12):
        one.publish(status(f"e-{n}", f"a-{n}", "x" * 100_000))
    one.client.peer.stop_reading()
    one.subscribe()
    await quiet()  # the first page fills the socket
    one.lose_agents()
    one.client.peer.go_on_reading()
    first = ("snapshot", 12, [f"e-{n}" for n in range(5)])
    assert await one.gists() == ["connect", "active", first, "denied"]


@pytest.mark.parametrize("v1", [True, False])
@in_virtual_time
async def test_what_has_no_answer_yet_lets_nobody_read_on_without_permission(v1: bool) -> None:
    one = Reader(v1=v1)
    one.subscribe(snapshot="never")
    await quiet()
    one.broker.delay = 60.0
    one.client.send(log("slow"))
    one.lose_agents()
    one.publish(log("secret"))
    assert not one.client.connection.subscriptions
    assert "secret" not in await one.gists()


@in_virtual_time
async def test_what_was_asked_for_with_a_better_token_does_not_begin_with_another() -> None:
    one = Reader()
    one.broker.delay = 1.0
    one.subscribe(**SINCE)
    await quiet()  # it is being looked up
    one.broker.delay = 60.0
    one.client.send(log("slow"))
    one.broker.delay = 0.0
    one.client.say("auth_request", type="jwt", token="less")
    await asyncio.sleep(2)
    one.publish(log("secret"))
    assert await one.gists() == ["connect", "active"]
    await asyncio.sleep(60)
    assert await one.gists() == ["publish_ack", "auth_success", "denied"]


@pytest.mark.parametrize("token", ["mine", "less"])
@in_virtual_time
async def test_a_resume_that_fails_restores_only_what_the_token_permits(token: str) -> None:
    one = Reader()
    one.subscribe(snapshot="never")
    await quiet()
    one.broker.delay, one.broker.unavailable = 1.0, True
    one.subscribe(resource="tdd", **SINCE)
    one.client.say("auth_request", type="jwt", token=token)
    await one.client.heard()
    one.publish(log("e-1"))
    before = await one.gists()
    await quiet()
    while one.client.connection.session.subscriptions == {"a": Filter("tdd")}:
        await quiet()
    one.publish(log("e-2"))
    after = await one.gists()
    if token == "mine":
        assert (before, after) == (["e-1"], ["error", "auth_success", "e-2"])
    else:
        assert (before, after) == ([], ["error", "denied", "auth_success"])
    assert one.client.connection.subscriptions == one.client.connection.session.subscriptions


@pytest.mark.parametrize("waits_for", ["publish", "resume"])
@pytest.mark.parametrize("has_expired", [True, False])
@in_virtual_time
async def test_a_token_that_ends_does_so_whatever_has_no_answer_yet(
    waits_for: str, has_expired: bool
) -> None:
    one = Reader(expires=60)
    one.subscribe(snapshot="never")
    await quiet()
    one.broker.delay = 600.0
    if waits_for == "publish":
        one.client.send(log("slow"))
    else:
        one.subscribe("b", "tdd", **SINCE)
    one.client.send(frame("nonsense"))
    await one.client.heard()
    if has_expired:
        one.server.now += 60
    else:
        one.tokens.known.clear()
    one.server.gateway.tick()
    assert one.client.connection.is_closing
    one.publish(log("secret"))
    async with asyncio.timeout(ANSWER_SECONDS + 1):
        code, reason = await one.client.peer.ended
    assert await one.gists() == []
    assert code == 4009
    assert reason == ("the token has expired" if has_expired else "the key is no longer valid")


@in_virtual_time
async def test_what_was_published_before_a_token_ends_is_answered_by_a_slow_broker() -> None:
    one = Reader(expires=60)
    await one.client.heard()
    one.broker.delay = ANSWER_SECONDS - 0.1
    one.client.send(log("slow"))
    one.server.now += 60
    one.server.gateway.tick()
    one.client.send(log("late"))
    assert await one.client.peer.ended == (4009, "the token has expired")
    assert [message["data"] for message in one.client.take()] == [{"ids": ["slow"]}]
