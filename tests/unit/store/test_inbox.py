"""The inbox: who wants a person, in which order, and what a person has put off."""

import json
from typing import Any

import pytest

from tests.support.events import START, alert, event, status
from tui.store import Slice, Store, inbox
from tui.store.inbox import MINUTE, SNOOZE_MINUTES, Inbox, Need

NOW = START + 60_000


def asks(agent: str, text: str, at: float = 0.0) -> Any:
    return status(agent, "needs_input", at, reason=text)


def store_of(*events: Any, kept: dict[str, Any] | None = None, server: str = "") -> Store:
    store = Store(kept)
    store.inbox.server = server
    for made in events:
        store.apply(made)
    return store


def who(store: Store, now: float = NOW) -> list[str]:
    return [need.who for need in store.inbox.open(now)]


def only(store: Store, now: float = NOW) -> Need:
    (need,) = store.inbox.open(now)
    return need


def test_all_that_want_a_person_are_there_the_longest_waiting_first() -> None:
    store = store_of(
        status("idle-1", "idle"),
        status("busy-1", "busy"),
        status("coder-3", "error", 30),
        asks("coder-1", "Bash: rm build?", 20),
        status("coder-2", "blocked", 10, reason="429"),
        alert("al-1", "high", 15),
        alert("al-2", "critical", 25),
        alert("al-3", "medium", 5),
        alert("al-4", "high", 5, resolved=True),
    )
    said = [(need.kind, need.who, need.level) for need in store.inbox.open(NOW)]
    assert said == [
        ("blocked", "coder-2", ""),
        ("alert", "Alert al-1", "high"),
        ("needs_input", "coder-1", ""),
        ("alert", "Alert al-2", "critical"),
        ("error", "coder-3", ""),
    ]
    counts = [store.inbox.count(NOW, kind) for kind in ("needs_input", "alert", "")]
    assert counts == [1, 2, 5]


def test_a_need_says_the_exact_question_and_what_it_is_about() -> None:
    store = store_of(asks("coder-1", "Bash: alembic upgrade head", 7))
    need = only(store)
    assert (need.text, need.since) == ("Bash: alembic upgrade head", START + 7_000)
    assert (need.about, need.id) == ("agent", "coder-1")
    assert store.inbox.of("agent", "coder-1", NOW) is need
    assert only(store_of(alert("al-1", "high"))).id == "alert al-1"


def test_an_agent_that_failed_says_its_last_error() -> None:
    store = store_of(
        status("a", "error"), event("agent_error", {"agentId": "a", "message": "ECONNREFUSED"}, 3)
    )
    need = only(store)
    assert (need.text, need.since) == ("ECONNREFUSED", START + 3_000)


def test_an_error_before_the_agent_was_well_again_is_no_reason_for_the_next() -> None:
    failure = event("agent_error", {"agentId": "a", "message": "disk full"})
    store = store_of(failure, status("a", "error", 1))
    assert only(store).text == "disk full"
    store.apply(status("a", "busy", 60))
    store.apply(status("a", "error", 86_400))
    assert only(store).text == ""


def test_who_goes_on_or_is_resolved_leaves() -> None:
    store = store_of(asks("a", "?"), alert("al-1", "high"))
    assert len(who(store)) == 2
    store.apply(status("a", "busy"))
    assert who(store) == ["Alert al-1"]
    store.apply(alert("al-1", "high", resolved=True))
    assert who(store) == []


def test_the_same_word_again_is_the_same_occurrence() -> None:
    store = store_of(asks("a", "one", 1), alert("al-1", "high", 2))
    before = store.inbox.open(NOW)
    store.apply(asks("a", "one", 30))
    store.apply(alert("al-1", "high", 31))
    assert store.inbox.open(NOW) == before


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ([asks("a", "one")], [asks("a", "two", 5)]),
        ([asks("a", "one")], [asks("a", "two")]),
        ([asks("a", "one")], [status("a", "busy", 3), asks("a", "one", 5)]),
        ([status("a", "blocked", reason="x")], [asks("a", "x", 5)]),
        ([status("a", "error")], [event("agent_error", {"agentId": "a", "message": "no"}, 5)]),
        ([alert("l", "high")], [alert("l", "critical", 5)]),
        ([alert("l", "high")], [alert("l", "high", 3, resolved=True), alert("l", "high", 5)]),
    ],
    ids=[
        *("question", "same second", "asked again", "status"),
        *("error", "severity", "opened again"),
    ],
)
def test_what_is_asked_anew_is_not_put_off_with_what_was_asked_before(
    first: list[Any], again: list[Any]
) -> None:
    store = store_of(*first)
    store.inbox.acknowledge(only(store).key, NOW)
    assert who(store) == []
    for made in again:
        store.apply(made)
    assert len(who(store)) == 1


def test_a_severity_that_goes_down_and_up_again_is_no_new_occurrence() -> None:
    store = store_of(alert("l", "critical"))
    store.inbox.acknowledge(only(store).key, NOW)
    for severity in ("high", "medium", "high", "critical"):
        store.apply(alert("l", severity))
        assert who(store) == []
    store.apply(alert("l", "critical", resolved=True))
    store.apply(alert("l", "high"))
    assert who(store) == ["Alert l"]


def test_what_has_ended_is_no_longer_remembered_as_put_off() -> None:
    kept: dict[str, Any] = {}
    store = store_of(asks("a", "?"), asks("b", "?"), alert("l", "high"), kept=kept)
    a, b, alarm = sorted(store.inbox.open(NOW), key=lambda need: need.id)
    store.inbox.acknowledge(a.key, NOW)
    store.inbox.snooze(b.key, NOW)
    store.inbox.acknowledge(alarm.key, NOW)
    store.drain()
    for made in (status("a", "busy"), asks("b", "!"), alert("l", "critical")):
        store.apply(made)
    assert kept == {"acknowledged": {}, "snoozed": {}}
    assert Slice.INBOX in store.drain()


def test_what_is_snoozed_comes_back_after_its_time_and_no_event() -> None:
    store = store_of(asks("a", "?"), asks("b", "?", 1))
    store.inbox.snooze(store.inbox.open(NOW)[0].key, NOW)
    assert who(store) == ["b"]
    assert store.inbox.put_off(NOW) == 1
    end = NOW + SNOOZE_MINUTES * MINUTE
    assert who(store, end - 1) == ["b"]
    assert who(store, end) == ["a", "b"]
    assert [need.back for need in store.inbox.open(end + 1)] == [end, 0.0]


def test_what_is_acknowledged_comes_back_when_it_is_snoozed_after_all() -> None:
    store = store_of(asks("a", "?"))
    key = only(store).key
    store.inbox.acknowledge(key, NOW)
    store.inbox.snooze(key, NOW)
    assert not store.inbox.is_acknowledged(key)
    assert who(store) == []
    assert who(store, NOW + SNOOZE_MINUTES * MINUTE) == ["a"]


def test_what_was_put_off_can_be_taken_back() -> None:
    store = store_of(asks("a", "?"), asks("b", "?", 1), asks("c", "?", 2))
    a, b, _ = store.inbox.open(NOW)
    store.inbox.acknowledge(a.key, NOW)
    store.inbox.snooze(b.key, NOW)
    assert store.inbox.is_put_off(a.key, NOW)
    assert store.inbox.is_put_off(b.key, NOW)
    assert who(store) == ["c"]
    store.inbox.restore()
    assert who(store) == ["a", "b", "c"]


def afterwards(made: Any) -> Any:
    """As a server tells it again to whoever was not connected then."""
    return made.model_copy(update={"metadata": made.metadata.model_copy(update={"replayed": True})})


@pytest.mark.parametrize("put_off", [Inbox.acknowledge, Inbox.snooze])
def test_history_from_before_the_start_takes_back_nothing_that_was_put_off_later(
    put_off: Any,
) -> None:
    kept: dict[str, Any] = {}
    asked = (asks("a", "?", 10), status("a", "busy", 20), asks("a", "?", 30))
    store = store_of(*asked, kept=kept)
    put_off(store.inbox, only(store).key, NOW)
    store = Store(kept, clock=lambda: NOW + 1_000)
    store.inbox.snooze_minutes = 1
    for made in asked:
        store.apply(afterwards(made))
    assert who(store, NOW + 2_000) == []


@pytest.mark.parametrize("behind", [0, 300])
def test_what_ended_while_the_link_was_down_is_asked_anew(behind: int) -> None:
    """Whether it was acknowledged meanwhile, or by a clock that is ahead of the agent's."""
    store = Store(clock=lambda: START)
    store.apply(asks("a", "?", 1))
    store.inbox.acknowledge(only(store).key, START + behind * 1_000 + 300_000)
    store.apply(afterwards(status("a", "busy", 60)))
    store.apply(afterwards(asks("a", "?", 120)))
    assert who(store, START + 900_000) == ["a"]


def test_what_was_put_off_is_kept_between_starts_for_that_occurrence() -> None:
    kept: dict[str, Any] = {}
    events = (asks("a", "one"), asks("b", "two", 1), alert("l", "high", 2))
    store = store_of(*events, kept=kept)
    a, b, c = store.inbox.open(NOW)
    store.inbox.acknowledge(a.key, NOW)
    store.inbox.snooze(b.key, NOW)
    store.inbox.acknowledge(c.key, NOW)
    again = json.loads(json.dumps(kept))
    store = store_of(*events, kept=again)
    assert who(store) == []
    store.apply(asks("a", "three", 9))
    assert who(store) == ["a"]


def test_what_was_put_off_stays_so_when_only_its_last_repeat_is_told_at_the_next_start() -> None:
    kept: dict[str, Any] = {}
    first = (
        *(asks("a", "one"), alert("l", "high"), status("e", "error")),
        event("agent_error", {"agentId": "e", "message": "disk full"}, 1),
    )
    repeats = (asks("a", "one", 60), alert("l", "high", 60), status("e", "error", 60))
    store = store_of(*first, *repeats, kept=kept)
    for need in store.inbox.open(NOW):
        store.inbox.acknowledge(need.key, NOW)
    assert who(store) == []
    assert who(store_of(*repeats, kept=kept)) == []


def came(agent: str, text: str, at: float, before: str) -> Any:
    """An agent that asks, and says what it did before."""
    return status(agent, "needs_input", at, reason=text, previousStatus=before)


@pytest.mark.parametrize(
    ("first", "next_start", "shown"),
    [
        (asks("a", "?"), came("a", "?", 61, "busy"), True),
        (came("a", "?", 0, "busy"), came("a", "?", 61, "idle"), True),
        (came("a", "?", 0, "busy"), came("a", "?", 0, "busy"), False),
        (came("a", "?", 0, "busy"), came("a", "?", 61, "needs_input"), False),
        (came("a", "?", 0, "busy"), asks("a", "?", 61), False),
        (came("a", "?", 90, "busy"), came("a", "?", 90, "busy"), False),
        (came("a", "?", 90, "busy"), came("a", "?", 91, "busy"), True),
    ],
    ids=[
        *("it went on meanwhile", "and had before", "the same event", "said again"),
        *("said again in short", "by a clock that is ahead", "and again by that"),
    ],
)
def test_what_is_asked_again_while_nobody_looks_is_new_where_the_event_tells(
    first: Any, next_start: Any, *, shown: bool
) -> None:
    kept: dict[str, Any] = {}
    store = store_of(first, kept=kept)
    store.inbox.acknowledge(only(store).key, NOW)
    assert who(store_of(next_start, kept=kept)) == (["a"] if shown else [])
    assert bool(kept["acknowledged"]) is not shown


def test_what_says_each_time_that_it_has_just_begun_is_the_same_while_it_is_looked_at() -> None:
    store = store_of(came("a", "?", 0, "busy"))
    store.inbox.acknowledge(only(store).key, NOW)
    store.apply(came("a", "?", 90, "busy"))
    assert who(store) == []


@pytest.mark.parametrize(
    "kept",
    [
        {"acknowledged": 3, "snoozed": ["x"]},
        {"acknowledged": {"k": "soon", "l": None, "m": [], "n": True}},
        {"snoozed": {"k": float("nan"), "l": float("inf"), "m": 10**400}},
    ],
)
def test_odd_memories_are_dropped(kept: dict[str, Any]) -> None:
    store = store_of(asks("a", "?"), kept=kept)
    assert who(store) == ["a"]
    assert kept == {"acknowledged": {}, "snoozed": {}}


def test_memories_are_bounded_and_old_ones_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "MAX_PUT_OFF", 3)
    kept: dict[str, Any] = {}
    store = store_of(asks("a", "?"), kept=kept)
    for number in range(9):
        store.inbox.acknowledge(f"k{number}", NOW + number)
        store.inbox.snooze(f"s{number}", NOW + number)
    assert list(kept["acknowledged"]) == ["k6", "k7", "k8"]
    assert list(kept["snoozed"]) == ["s6", "s7", "s8"]
    store.inbox.acknowledge("new", NOW + inbox.KEPT_FOR)
    assert who(store, NOW + inbox.KEPT_FOR + 8) == ["a"]
    assert list(kept["acknowledged"]) == ["k8", "new"]
    store.inbox.take_back("new")
    assert who(store, NOW + inbox.KEPT_FOR + SNOOZE_MINUTES * MINUTE + 8) == ["a"]
    assert list(kept["snoozed"]) == ["s8"]


def test_several_inboxes_share_what_is_remembered() -> None:
    kept: dict[str, Any] = {}
    one, two = store_of(asks("a", "?"), kept=kept), store_of(asks("b", "?"), kept=kept)
    one.inbox.acknowledge(only(one).key, NOW)
    two.inbox.acknowledge(only(two).key, NOW)
    assert len(kept["acknowledged"]) == 2


def test_what_is_put_off_at_one_server_is_not_so_at_another_that_has_the_same() -> None:
    kept: dict[str, Any] = {}
    events = (asks("a", "?"), asks("b", "?", 1), alert("l", "high", 2))
    here = store_of(*events, kept=kept, server="here")
    there = store_of(*events, kept=kept, server="there")
    a, b, alarm = here.inbox.open(NOW)
    here.inbox.acknowledge(a.key, NOW)
    here.inbox.snooze(b.key, NOW)
    here.inbox.acknowledge(alarm.key, NOW)
    there.apply(event("agent_metric", {"agentId": "a", "metrics": {}, "timestamp": START}))
    assert (who(here), who(there)) == ([], ["a", "b", "Alert l"])
    for need in there.inbox.open(NOW):
        there.inbox.acknowledge(need.key, NOW)
    there.apply(status("a", "busy", 9))
    there.inbox.restore()
    assert (who(here), who(there)) == ([], ["b", "Alert l"])
    assert who(store_of(*events, kept=kept, server="here")) == []


def test_nothing_is_looked_through_where_nothing_changed() -> None:
    store = store_of(*(asks(f"a-{n}", "?") for n in range(3)), alert("al-1", "high"))
    before = store.inbox.open(NOW)
    metric = {"agentId": "a-1", "metrics": {"cpuUsage": 3}, "timestamp": START}
    store.apply(event("agent_metric", metric))
    assert store.inbox.open(NOW + 1) is before


def test_putting_off_is_a_change_to_draw() -> None:
    store = store_of(asks("a", "?"))
    store.drain()
    store.inbox.acknowledge(only(store).key, NOW)
    assert store.drain() == {Slice.INBOX}


def test_the_key_of_an_agent_and_of_an_alert_is_that_of_its_need() -> None:
    store = store_of(asks("a", "?"), alert("al-1", "high"))
    keys = {need.key for need in store.inbox.open(NOW)}
    assert keys == {
        store.inbox.occurrence(store.agents.by_id["a"]),
        store.inbox.occurrence(store.delivery.items["alert al-1"]),
    }


def test_an_agent_that_had_to_go_wants_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.store.agents.MAX_AGENTS", 2)
    store = store_of(asks("a", "?"), asks("b", "?"))
    assert who(store) == ["a", "b"]
    store.apply(status("c", "idle"))
    assert who(store) == ["b"]
    assert store.agents.count("needs_input", "busy", "idle") == 2


def test_an_inbox_stands_alone() -> None:
    store = store_of(asks("a", "?"))
    assert len(Inbox(store.agents, store.delivery).open(NOW)) == 1
