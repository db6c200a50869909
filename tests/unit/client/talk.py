"""A client's session and the wire it speaks, with a clock that only the tests turn."""

from typing import Any

import orjson

from tui.client.clock import Clock
from tui.client.delivery import Item
from tui.client.memory import Memory
from tui.client.options import ClientOptions
from tui.client.outbox import Outbox
from tui.client.session import Session
from tui.client.status import Gap
from tui.client.subscriptions import FROM_STATE, Beginning, Subscription
from tui.protocol.topics import Filter

JsonObject = dict[str, Any]


class Hands:
    def __init__(self) -> None:
        self.now = 1000.0
        self.clock = Clock(monotonic=lambda: self.now, wall=lambda: 1_700_000_000 + self.now)

    def turn(self, seconds: float) -> None:
        self.now += seconds


def status(agent: str, offset: int | None = None, id_: str | None = None) -> JsonObject:
    data = {"agentId": agent, "agentType": "coder", "status": "busy"}
    event = {"id": id_ or f"{agent}-{offset}", "type": "agent_status", "timestamp": 1, "data": data}
    return event if offset is None else event | {"metadata": {"offset": offset}}


def logged(offset: int) -> JsonObject:
    data = {"agentId": "a", "level": "info", "message": "m", "timestamp": 1}
    metadata = {"offset": offset}
    return {
        "id": f"log-{offset}",
        "type": "agent_log",
        "timestamp": 1,
        "data": data,
        "metadata": metadata,
    }


def update(status_: str, **data: Any) -> JsonObject:
    return {"type": "subscription_update", "data": {"status": status_, **data}}


def pong(positions: JsonObject) -> JsonObject:
    return {"type": "pong", "data": {"positions": positions}}


def at(offset: int, epoch: str = "one") -> JsonObject:
    return {"agent": {"epoch": epoch, "offset": offset}}


class Talk:
    """One client's memory, and the session of its present connection."""

    def __init__(self, *, v1: bool = True, selects: bool = True, token: str | None = None) -> None:
        """`selects`: whether the server takes v1's subprotocol, as some do who do not speak it."""
        self.hands = Hands()
        self.v1 = v1
        self.selects = selects
        self.memory = Memory(Outbox(1_000_000))
        self.options = ClientOptions()
        self.token = token
        self.gaps: list[Item] = []
        """All that were told, whatever brought them."""
        self.session = self.another_session()

    def another_session(self) -> Session:
        return Session(
            self.memory,
            self.options,
            self.hands.clock,
            v1_offered=self.selects,
            token=self.token,
        )

    def reconnect(self) -> list[JsonObject]:
        """Lose the connection, open another; what the client says on it first."""
        self.memory.connection_lost()
        self.session = self.another_session()
        self.connect()
        return [m for m in self.sent() if m["type"] != "ping"]

    def connect(self, **data: Any) -> None:
        """The server says `connect`; `data` is what it adds."""
        data |= {"clientId": "c"} | ({"protocol": 1} if self.v1 else {})
        self.hear({"type": "connect", "data": data})

    def subscribe(self, resource: str = "agent", beginning: Beginning = FROM_STATE) -> Subscription:
        subscriptions = self.memory.subscriptions
        subscription = subscriptions.add(Filter(resource), self.unsubscribe, beginning)
        self.session.subscribe(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        self.memory.subscriptions.remove(subscription)
        self.session.unsubscribe(subscription)

    def hear(self, *messages: JsonObject) -> list[Item]:
        """Each in a frame of its own; what comes out, all of it handled at once."""
        items: list[Item] = []
        for message in messages:
            delivery = self.session.receive([orjson.dumps(message)])
            if delivery is not None:
                items += delivery.items
                self.gaps += [item for item in delivery.items if isinstance(item, Gap)]
                self.memory.streams.handled(delivery.marks or {})
        return items

    def sent(self) -> list[Any]:
        """What the client writes now: a message each, or a batch."""
        self.session.tick()
        frames = []
        while (frame := self.session.next_frame()) is not None:
            frames.append(orjson.loads(frame))
        return frames

    @property
    def lag(self) -> int:
        return self.memory.streams.lag(self.memory.subscriptions.resources)

    def live(self) -> "Talk":
        """Connected, subscribed to all agents, at offset 10."""
        self.connect()
        self.subscribe()
        self.sent()
        self.hear(update("active", subscriptionIds=["sub-1"], positions=at(10)))
        self.hear(update("snapshot", resource="agent", epoch="one", offset=10, state=[]))
        assert self.session.live
        return self


def ids(items: list[Item]) -> list[str]:
    return [getattr(item, "id", None) or str(item) for item in items]
