"""Every broker against the simplest one that could be right, in whatever order things happen."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.frames import draft, log, status
from tests.unit.server.brokers.conftest import DURABLE, KINDS
from tests.unit.server.brokers.kinds import WHOLE, Delivered, Times, publish
from tests.unit.server.brokers.test_conformance import alert
from tui.protocol.express import Draft
from tui.server.brokers import Stored

EVENTS = {
    "log": lambda id_: log(id_, message="x" * 300),
    "status": lambda id_: status(id_, id_[-1]),
    "alert": alert,
}
WINDOW = 300


class Publish(NamedTuple):
    """Several calls at once, each of some events (their kind, and the number in their id)."""

    calls: list[list[tuple[str, int]]]


class Pass(NamedTuple):
    seconds: int


class SetBack(NamedTuple):
    seconds: int


class Reopen(NamedTuple):
    pass


class Model:
    """Lists, and nothing is ever forgotten before its time."""

    def __init__(self, times: Times) -> None:
        self._times = times
        self._ids: dict[str, float] = {}
        self._dates: dict[str, float] = {}
        self.streams: dict[str, list[Stored]] = {"agent": [], "system": []}

    def publish(self, drafts: list[Draft]) -> None:
        now = self._times.steady.now
        for one in drafts:
            if self._ids.get(one.id, now - WINDOW) <= now - WINDOW:
                self._ids[one.id] = now
                self._dates[one.id] = self._times.wall.now
                stream = self.streams[one.topic.resource]
                stream.append(
                    Stored(
                        len(stream) + 1,
                        one.type,
                        one.topic,
                        one.key,
                        self._times.wall.now,
                        one.kept,
                    )
                )

    def reopen(self) -> None:
        """Of how long ago something was, a new process knows only what the wall clock says."""
        ages = {id_: max(0.0, self._times.wall.now - date) for id_, date in self._dates.items()}
        self._ids = {id_: self._times.steady.now - age for id_, age in ages.items()}

    def state(self, resource: str) -> list[Stored]:
        newest = {(one.type, one.key): one for one in self.streams[resource] if one.key is not None}
        return sorted(newest.values())

    def since(self, resource: str, moment: float) -> int:
        return max((one.offset for one in self.streams[resource] if one.time < moment), default=0)


CALLS = st.lists(st.lists(st.tuples(st.sampled_from(sorted(EVENTS)), st.integers(0, 30))))
STEPS = st.lists(
    st.one_of(
        st.builds(Publish, CALLS),
        st.builds(Pass, st.integers(0, 400)),
        st.builds(SetBack, st.integers(0, 100)),
        st.just(Reopen()),
    ),
    max_size=12,
)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@given(steps=STEPS, ring_bytes=st.sampled_from([0, 3000, 10**6]))
def test_a_broker_does_what_its_model_does(
    kind: str, steps: list[Publish | Pass | SetBack | Reopen], ring_bytes: int
) -> None:
    with TemporaryDirectory() as place:
        asyncio.run(compare(kind, Path(place), steps, ring_bytes))


async def compare(
    kind: str, place: Path, steps: list[Publish | Pass | SetBack | Reopen], ring_bytes: int
) -> None:
    times = Times()
    model = Model(times)
    brokers = KINDS[kind](place, times)
    async with AsyncExitStack() as stack:
        broker = await stack.enter_async_context(brokers.open(ring_bytes=ring_bytes))
        delivered = Delivered(broker)
        for step in steps:
            if isinstance(step, Publish):
                raws = [[EVENTS[event](f"e-{n}") for event, n in call] for call in step.calls]
                outcomes = await asyncio.gather(*(publish(broker, *call) for call in raws))
                assert outcomes == [[None] * len(call) for call in raws]
                for call in raws:
                    model.publish([draft(raw) for raw in call])
            elif isinstance(step, Pass):
                times.go_on(step.seconds)
            elif isinstance(step, SetBack):
                times.wall.now -= step.seconds
            elif kind in DURABLE:
                earlier = list(delivered)
                await stack.aclose()
                broker = await stack.enter_async_context(brokers.open(ring_bytes=ring_bytes))
                delivered = Delivered(broker)
                delivered += earlier
                model.reopen()
        for resource, stream in model.streams.items():
            assert [one for one in delivered if one.topic.resource == resource] == stream
            assert broker.position(resource).offset == len(stream)
            assert [one.offset for one in broker.snapshot(resource)] == [
                one.offset for one in model.state(resource)
            ]
            page = await broker.read(resource, 0, WHOLE)
            assert list(page.events) == stream[page.first - 1 :][: len(page.events)]
            assert page.first == 1 or kind not in DURABLE
            for moment in {one.time + d for one in stream for d in (0, 1)}:
                expected = max(model.since(resource, moment), page.first - 1)
                assert await broker.since(resource, moment) == expected
