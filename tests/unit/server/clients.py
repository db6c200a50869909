"""A gateway without sockets, its clients, and what they hear of it."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from tests.support.frames import TOKEN, draft, frame, messages
from tui.server.auth import EVERYTHING, ApiKey
from tui.server.brokers.memory import MemoryBroker
from tui.server.connection import Connection
from tui.server.gateway import Gateway

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing but its turn."""
    try:
        while work.send(None) is None:
            pass
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("it waits")


class Server:
    """A gateway on a memory broker, and one client's connection to it."""

    def __init__(self, ring_bytes: int = 10**7) -> None:
        self.now = 1_700_000_000.0
        self.broker = MemoryBroker(clock=lambda: self.now, ring_bytes=ring_bytes)
        self.gateway = Gateway(self.broker, ApiKey(TOKEN), lambda: self.now)
        self.woken = 0

    def connect(self, *, v1: bool = True) -> Connection:
        connection = self.gateway.connect(EVERYTHING, self._wake, v1=v1)
        run(connection.open())
        run(connection.next_frames())
        return connection

    def publish(self, *events: bytes) -> None:
        run(self.gateway.publish([draft(one) for one in events]))

    def epoch(self, resource: str) -> str:
        return self.broker.position(resource).epoch

    def _wake(self) -> None:
        self.woken += 1


def say(connection: Connection, type_: str, id_: str | None = None, **data: Any) -> None:
    run(connection.receive(frame(type_, data, id_)))


def heard(connection: Connection) -> list[dict[str, Any]]:
    """Everything the connection has to say, until it has nothing more."""
    found = []
    while frames := run(connection.next_frames()):
        found += messages(frames)
    return found


def brief(message: dict[str, Any]) -> object:
    """A message's gist: an event's id, or an update's status and what is in it."""
    data = message["data"]
    if message["type"] == "subscription_update":
        if data["status"] == "snapshot":
            return ("snapshot", data["offset"], [one["id"] for one in data["state"]])
        if data["status"] == "gap":
            return ("gap", data.get("lost"))
        return data["status"]
    return message["id"] if message["type"].startswith("agent") else message["type"]
