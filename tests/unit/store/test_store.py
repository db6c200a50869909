"""The store: dirty slices, raw messages, bounds."""

import pytest

from tests.support.events import event, log, status
from tui.protocol import codec
from tui.protocol.catalog import EVENTS
from tui.store import Slice, Store
from tui.store.link import Link
from tui.store.logs import LogLine, Logs


def fresh() -> Store:
    store = Store()
    store.drain()
    return store


def test_a_new_store_wants_everything_drawn() -> None:
    assert Store().drain() == set(Slice)


def test_only_what_an_event_touched_is_dirty() -> None:
    store = fresh()
    store.apply(status("coder-1", "busy"))
    assert store.drain() == {Slice.AGENTS}
    assert not store.dirty


def test_an_agent_error_is_a_log_line_too() -> None:
    store = fresh()
    store.apply(event("agent_error", {"agentId": "coder-1", "message": "boom"}))
    assert store.drain() == {Slice.AGENTS, Slice.LOGS}
    assert store.agents.by_id["coder-1"].last_error == "boom"
    assert [(line.agent, line.level, line.message) for line in store.logs.lines] == [
        ("coder-1", "error", "boom")
    ]


def test_every_event_type_has_a_fold() -> None:
    store = Store()
    assert set(store._folds) == set(EVENTS)


def test_an_unknown_type_is_shown_raw() -> None:
    store = fresh()
    store.apply(codec.decode_message(b'{"id":"x","type":"moon_phase","data":{"full":true}}'))
    assert store.logs.lines[-1].level == "raw"
    assert "moon_phase" in store.logs.lines[-1].message


def test_a_locked_event_is_shown_as_locked_and_never_folded() -> None:
    store = fresh()
    raw = (
        b'{"id":"x","type":"agent_status","timestamp":1,"data":{"c":"zzz"},'
        b'"metadata":{"encrypted":true,"source":"vault"}}'
    )
    store.apply(codec.decode_message(raw))
    assert store.logs.lines[-1] == LogLine(1.0, "vault", "raw", "agent_status (encrypted)")
    assert not store.agents.by_id


def test_the_link_is_dirty_only_when_it_changes() -> None:
    store = fresh()
    store.set_link(Link(phase="live"))
    assert store.drain() == {Slice.LINK}
    store.set_link(Link(phase="live"))
    assert not store.dirty


def test_logs_are_bounded_and_count_what_went() -> None:
    logs = Logs(limit=3)
    for number in range(5):
        logs.add(LogLine(number, "a", "info", str(number)))
    assert [line.message for line in logs.lines] == ["2", "3", "4"]
    assert logs.dropped == 2


@pytest.mark.parametrize("count", [1, 50])
def test_events_are_counted(count: int) -> None:
    store = Store()
    for number in range(count):
        store.apply(log("coder-1", f"line {number}"))
    assert store.events == count
