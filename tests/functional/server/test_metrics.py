"""The metrics of a server that is used: what its clients do is what Prometheus reads."""

from dataclasses import replace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.functional.server.conftest import LOCAL, Start
from tests.support.browsing import ask, post
from tests.support.frames import log
from tests.support.peer import BEARER, Peer, peer
from tui.discovery import ServerRecord


@pytest.fixture
async def server(start: Start) -> ServerRecord:
    return await start(replace(LOCAL, http_port=0))


class Scrape:
    """All samples of one moment."""

    def __init__(self, text: str) -> None:
        self._samples = [
            sample for family in text_string_to_metric_families(text) for sample in family.samples
        ]

    def __call__(self, name: str, **labels: str) -> float:
        [value] = [s.value for s in self._samples if s.name == name and s.labels == labels]
        return value


async def scrape(server: ServerRecord) -> Scrape:
    answer = await ask(server, "/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return Scrape(answer.text)


async def test_what_clients_do_is_counted(server: ServerRecord) -> None:
    event = log("evt-1")
    async with peer(server.url) as reader, peer(server.url, v1=True) as publisher:
        await reader.say("subscribe", resource="agent")
        await reader.say("ping")
        await reader.hear_until("pong")
        await publisher.send(event)
        await publisher.hear_until("publish_ack")
        await reader.hear_until("agent_log")
        now = await scrape(server)
        assert now("websocket_connections_total") == 2
        assert now("websocket_active_connections") == 2
        assert now("websocket_active_subscriptions", resource="agent") == 1
        assert now("websocket_active_subscriptions", resource="tdd") == 0
        assert now("websocket_messages_received_total", type="subscribe") == 1
        assert now("websocket_messages_received_total", type="agent_log") == 1
        assert now("websocket_messages_sent_total", type="agent_log") == 1
        size = {"type": "agent_log", "direction": "in"}
        assert now("websocket_message_size_bytes_sum", **size) == len(event)
        assert now("websocket_queue_bytes") == 0
        assert now("broker_publish_seconds_count") == 1
        assert now("broker_lag_seconds") == 0
    later = await scrape(server)
    while later("websocket_active_connections"):
        later = await scrape(server)
    assert later("websocket_connections_total") == 2
    assert later("websocket_active_subscriptions", resource="agent") == 0


async def test_what_was_posted_is_a_publish_too(server: ServerRecord) -> None:
    await post(server, log("evt-1"))
    assert (await scrape(server))("broker_publish_seconds_count") == 1


async def subscribe(client: Peer, **wish: Any) -> dict[str, Any]:
    """The data of the update that says the subscription is in force."""
    await client.say("subscribe", resource="agent", **wish)
    while True:
        [*_, update] = await client.hear_until("subscription_update")
        if update["data"]["status"] == "active":
            data: dict[str, Any] = update["data"]
            return data


async def test_a_resume_and_a_gap_are_counted(server: ServerRecord) -> None:
    async with peer(server.url, v1=True) as client:
        first = await subscribe(client)
        assert (await subscribe(client, resume=first["positions"]))["recovered"]
        now = await scrape(server)
        assert (now("websocket_resumes_total"), now("websocket_gaps_total")) == (1, 0)
        await subscribe(client, resume={"agent": {"epoch": "another", "offset": 7}})
        await client.say("ping")
        await client.hear_until("pong")
        now = await scrape(server)
        assert (now("websocket_resumes_total"), now("websocket_gaps_total")) == (1, 1)


async def test_what_was_refused_for_its_rate_is_counted(server: ServerRecord) -> None:
    async with peer(server.url) as client:
        for _ in range(90):  # 60 a second are allowed
            await client.say("ping")
        assert (await client.hear_until("error"))[-1]["data"]["code"] == "rate_limited"
    assert (await scrape(server))("websocket_rate_limited_total") >= 1


async def test_made_up_types_make_no_labels(server: ServerRecord) -> None:
    async with peer(server.url) as client:
        for number in range(5):
            await client.say(f"type-{number}")
        await client.say("ping")
        await client.hear_until("pong")
    now = await scrape(server)
    assert now("websocket_messages_received_total", type="other") == 5


async def test_openmetrics_is_given_to_who_asks(server: ServerRecord) -> None:
    asked = BEARER | {"Accept": "application/openmetrics-text; version=1.0.0"}
    answer = await ask(server, "/metrics", headers=asked)
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.text.endswith("# EOF\n")


async def test_metrics_are_for_those_with_a_token(server: ServerRecord) -> None:
    assert (await ask(server, "/metrics", headers={})).status == 401
