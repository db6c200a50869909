"""Those who publish, and keep what they published until they hear what became of it."""

from collections import Counter, deque
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from tests.support.frames import frame
from tests.unit.server.schedules.matter import event

if TYPE_CHECKING:
    from tests.unit.server.schedules.world import Line, World

MAX_BATCH = 12
MAX_BATCH_BYTES = 150_000


@dataclass(slots=True)
class Sent:
    """A frame, and of which of its events nothing was heard."""

    waiting: Counter[str]
    """By id; of those without a usable one by what the refusal will say."""
    is_answered: bool = False


class Publisher:
    """Sends again what it has no word of, once it has a connection again."""

    def __init__(self, world: "World", name: str, *, v1: bool) -> None:
        self.world = world
        self.name = name
        self.v1 = v1
        self.line: Line | None = None
        self._ids = (f"{name}-{n}" for n in count(1))
        self._sent: deque[Sent] = deque()
        self._unheard: dict[str, bytes] = {}
        """Events that are neither acknowledged nor refused for good."""
        self.acknowledged: set[str] = set()

    def connected(self, line: "Line") -> None:
        self.line = line
        again, self._unheard = self._unheard, {}
        self._send(again)

    def ended(self) -> None:
        self.line = None
        self._sent.clear()

    def publish(self) -> None:
        """A single event or a batch; now and then with one that is sent a second time."""
        dice = self.world.dice
        events = {}
        for _ in range(dice.choice([1, 1, 2, 5, MAX_BATCH])):
            id_ = next(self._ids)
            events[id_] = self._event(id_)
        if self._unheard and dice.random() < 0.2:
            again = dice.choice(sorted(self._unheard))
            events[again] = self._unheard[again]
        self._send(events)

    def publish_nonsense(self) -> None:
        """A batch of which some events are refused, and which spoil nothing."""
        good = next(self._ids)
        bad = next(self._ids)
        self._send(
            {good: self._event(good), bad: frame("agent_log", {"agentId": 7}, bad, timestamp=1)}
        )

    def publish_again(self) -> None:
        """What was refused for now."""
        if self.line and self._unheard and not self._sent:
            for id_ in list(self._unheard)[:MAX_BATCH]:
                self._send({id_: self._unheard[id_]})

    def hear(self) -> None:
        assert self.line is not None
        for message in self.line.client.take():
            if message["type"] == "publish_ack":
                for id_ in message["data"]["ids"]:
                    self._answered(id_)
                    self._unheard.pop(id_, None)
                    self.acknowledged.add(id_)
                    assert id_ in self.line.server.ledger.stored_at, "acknowledged means stored"
                self._check_order()
            elif message["type"] == "error" and self.v1:
                id_ = message["metadata"]["correlationId"]
                self._answered(id_)
                if message["data"]["code"] not in ("rate_limited", "unavailable"):
                    assert message["data"]["code"] == "invalid_message"
                    self._unheard.pop(id_, None)
                self._check_order()

    @property
    def is_done(self) -> bool:
        return not self._sent and not self._unheard

    def _send(self, events: dict[str, bytes]) -> None:
        """In frames of a size that a server takes; kept at once where there is no connection."""
        if self.v1:
            self._unheard |= events
        if self.line is None:
            return
        waiting = deque(events)
        while waiting:
            batch = [waiting.popleft()]
            while waiting and sum(len(events[id_]) for id_ in batch) < MAX_BATCH_BYTES:
                batch.append(waiting.popleft())
            if self.v1:
                self._sent.append(Sent(Counter(batch)))
            raw = [events[id_] for id_ in batch]
            self.line.client.send(raw[0] if len(raw) == 1 else b"[" + b",".join(raw) + b"]")

    def _answered(self, id_: str) -> None:
        for sent in self._sent:
            if sent.waiting[id_]:
                sent.waiting -= Counter([id_])
                sent.is_answered = True
                return
        raise AssertionError(f"{id_} was answered, and is not waited for")

    def _check_order(self) -> None:
        while self._sent and not self._sent[0].waiting:
            self._sent.popleft()
        assert not any(one.is_answered for one in list(self._sent)[1:]), self._sent

    def _event(self, id_: str) -> bytes:
        world = self.world
        return event(id_, world.dice.choice(world.kinds), world.dice, world.sizes)
