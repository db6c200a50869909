"""What is counted as sent is what clients are sent: each message once, and nothing else."""

from collections import Counter

import pytest

from tests.support.frames import frame, log, status
from tests.support.virtual import in_virtual_time
from tests.unit.server.clients import Client, Server, quiet

HEAVY = "x" * 60_000


class Heard:
    """All that some clients of a server have heard, by its type."""

    def __init__(self, server: Server, *clients: Client) -> None:
        self._server = server
        self._clients = clients
        self._types: Counter[str] = Counter()

    async def is_what_was_counted(self) -> bool:
        for client in self._clients:
            self._types.update(one["type"] for one in await client.heard())
        sizes = self._server.gateway.metrics.sent_sizes
        return self._types == {type_: one.count for type_, one in sizes.items() if one.count}


@pytest.mark.parametrize("v1", [True, False])
@in_virtual_time
async def test_all_that_a_client_hears_is_counted_once(v1: bool) -> None:
    server = Server()
    server.publish(*(status(f"s-{n}", f"a-{n}") for n in range(5)))
    clients = [server.connect(v1=v1) for _ in range(3)]
    heard = Heard(server, *clients)
    for client in clients:
        client.connection.open()
        client.say("subscribe", subscriptionId="s", resource="agent")
        client.send(b"[" + log(f"e-{id(client)}") + b"," + frame("nonsense") + b"]")
        client.say("ping")
        client.say("auth_request", type="jwt", token="wrong")
    assert await heard.is_what_was_counted()


@in_virtual_time
async def test_an_event_that_comes_while_the_past_is_sent_is_counted_once() -> None:
    server = Server()
    server.publish(*(log(f"e-{n}") for n in range(10)))
    client = server.connect(high_water=0)
    heard = Heard(server, client)
    client.connection.open()
    client.say("subscribe", resource="agent", resume={"since": 0})
    client.peer.stop_reading()
    await quiet()
    server.publish(log("e-10"), log("e-11"))
    client.peer.go_on_reading()
    assert await heard.is_what_was_counted()


@in_virtual_time
async def test_what_was_left_out_or_dropped_is_not_counted_as_sent() -> None:
    server = Server()
    client = server.connect()
    heard = Heard(server, client)
    client.connection.open()
    client.say("subscribe", resource="agent", snapshot="never")
    client.peer.stop_reading()
    for n in range(40):
        server.publish(status(f"s-{n}", state=HEAVY), log(f"e-{n}", message=HEAVY))
        await quiet()
    assert server.gateway.metrics.conflated
    assert server.gateway.metrics.gaps
    client.peer.go_on_reading()
    assert await heard.is_what_was_counted()
