"""The newest events as they came."""

from tests.support.events import log, status
from tui.store import Store


def test_the_newest_events_about_an_agent_are_found_newest_first() -> None:
    store = Store()
    for number in range(3):
        store.apply(status("a", "busy", reason=str(number)))
        store.apply(log("b", str(number)))
    found = store.history.about("agent_id", "a", 2)
    assert [getattr(event.data, "reason", None) for event in found] == ["2", "1"]
    assert store.history.about("agent_id", "nobody") == []


def test_an_event_is_found_by_its_id_as_long_as_it_is_kept() -> None:
    store = Store()
    first, last = status("a", "busy"), status("a", "idle")
    store.apply(first)
    store.apply(last)
    assert store.history.find(first.id or "") is first
    assert store.history.find("nothing") is None
