"""The newest events as they came."""

import weakref

from tests.support.events import alert, log, status
from tui.store import Store
from tui.store.history import MAX_BYTES, MAX_EVENTS
from tui.store.store import MAX_UNSETTLED


def test_the_newest_events_about_an_agent_are_found_newest_first() -> None:
    store = Store()
    for number in range(3):
        store.apply(status("a", "busy", reason=str(number)))
        store.apply(log("b", str(number)))
    found = store.history.about("agent_id", "a", 2)
    assert [getattr(event.data, "reason", None) for event in found] == ["2", "1"]
    assert store.history.about("agent_id", "nobody") == []


def test_so_many_are_kept() -> None:
    store = Store()
    for number in range(MAX_EVENTS + 5):
        store.apply(log("a", str(number)), 100)
    assert len(store.history) == MAX_EVENTS


def test_large_ones_leave_room_for_few_and_the_newest_is_kept_in_any_case() -> None:
    store = Store()
    for number in range(10):
        store.apply(log("a", str(number)), MAX_BYTES // 4)
    assert len(store.history) == 4
    store.apply(log("a", "huge"), 2 * MAX_BYTES)
    assert len(store.history) == 1
    store.apply(log("a", "small"), 100)
    assert [getattr(e.data, "message", None) for e in store.history.about("agent_id", "a")] == [
        "small"
    ]


def test_an_item_does_not_hold_its_event_for_as_long_as_nobody_reads_it() -> None:
    store = Store()
    said = alert("a", "low")
    held = weakref.ref(said)
    store.apply(said, 100)
    del said
    for _ in range(MAX_EVENTS):
        store.apply(status("a", "busy"))
    assert held() is not None
    store.apply(status("a", "busy"), MAX_UNSETTLED)
    assert held() is None
    (item,) = store.delivery.items.values()
    assert item.title
