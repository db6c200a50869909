"""The recording that is shipped with the tests: a demo, as `autosdlc-tui record` wrote it."""

from pathlib import Path

import pytest

from tui.protocol.catalog import EVENTS
from tui.protocol.codec import decode_message
from tui.protocol.models import Message
from tui.recording import Damage, read
from tui.store import Store

DEMO = Path(__file__).parents[2] / "recordings" / "demo.jsonl.gz"
"""Made by `recordings/make.py`."""


@pytest.fixture(scope="module")
def events() -> list[Message]:
    damage = Damage()
    found = [decode_message(raw) for raw in read(DEMO, damage)]
    assert not damage
    return found


def test_it_is_small_and_has_events_of_every_type(events: list[Message]) -> None:
    assert DEMO.stat().st_size < 150 * 1024
    assert {event.type for event in events} == set(EVENTS)


def test_folded_into_the_store_it_ends_where_the_story_does(events: list[Message]) -> None:
    store = Store()
    for event in events:
        store.apply(event)
    assert {agent.status for agent in store.agents.by_id.values()} == {"idle"}
    assert set(store.agents.by_id) == {
        *("coder-001", "customer-001", "pm-001", "reviewer-001", "tester-001")
    }
    cycle = store.tdd.by_agent["coder-001"]
    assert (cycle.phase, store.tdd.failing()) == ("refactor", 0)
    assert [flow.state for flow in store.workflows.by_id.values()] == ["complete", "failed"]
    assert store.delivery.alerts() == 0
    titles = {item.title: item.detail for item in store.delivery.items.values()}
    assert "merged" in titles["PR#213 Refund API"]
    assert any("database" in line.message.lower() for line in store.logs.lines)
