"""What is left out of a backlog, what never is, and in what order the rest comes."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.frames import draft, frame, log, status
from tui.server.backlog import Backlog, Message
from tui.server.brokers import Stored
from tui.server.brokers.memory import MemoryBroker
from tui.server.metrics import Metrics

PONG = b'{"type":"pong","metadata":{}}'


def stored(*events: bytes) -> list[Message]:
    """Events as v1 readers get them."""
    found: list[Stored] = []
    broker = MemoryBroker(clock=lambda: 0.0)
    broker.deliver = found.extend
    broker.publish([draft(one) for one in events], lambda _: None)
    return [Message(one.v1, one) for one in found]


def filled(messages: Sequence[Message]) -> tuple[Backlog, Metrics]:
    """A backlog, and what counts the events it leaves out."""
    metrics = Metrics()
    backlog = Backlog(metrics)
    for at, message in enumerate(messages):
        backlog.add(message, float(at))
    return backlog, metrics


def taken(backlog: Backlog) -> list[tuple[str, int | None]]:
    """Its messages' ids or types, and how many older ones they stand for."""
    found = [json.loads(one.v1) for one in backlog.take(10**9)]
    return [(one.get("id", one["type"]), one["metadata"].get("conflated")) for one in found]


def test_only_the_newest_of_a_state_key_is_kept_and_says_for_how_many_it_stands() -> None:
    events = [status(f"e-{n}", "ab"[n % 2]) for n in range(5)]
    backlog, metrics = filled(stored(*events))
    size = backlog.size
    backlog.conflate()
    assert len(backlog) == 2
    assert 0 < backlog.size < size
    assert metrics.conflated == 3
    assert taken(backlog) == [("e-3", 1), ("e-4", 2)]
    assert backlog.size == 0


def test_while_there_is_a_backlog_what_comes_is_conflated_too() -> None:
    first, second, third, other = stored(*(status(f"e-{n}", "aaab"[n]) for n in range(4)))
    backlog, metrics = filled([first])
    backlog.conflate()
    backlog.conflate()
    backlog.add(second, 1.0)
    backlog.add(other, 2.0)
    backlog.add(third, 3.0)
    assert metrics.conflated == 2
    assert taken(backlog) == [("e-3", None), ("e-2", 2)]
    backlog.add(first, 4.0)
    backlog.add(second, 5.0)
    assert taken(backlog) == [("e-0", None), ("e-1", None)]


@pytest.mark.parametrize(
    "event",
    [
        frame("agent_log", json.loads(log("x"))["data"], timestamp=1),
        frame(
            "tdd_phase_change",
            {"agentId": "a", "taskId": "t", "previousPhase": "red", "currentPhase": "green"},
            timestamp=1,
        ),
        frame(
            "workflow_complete", {"workflowId": "w", "result": "done", "duration": 1}, timestamp=1
        ),
    ],
)
def test_what_tells_a_story_is_never_left_out(event: bytes) -> None:
    events = [json.dumps(json.loads(event) | {"id": f"e-{n}"}).encode() for n in range(3)]
    backlog, metrics = filled(stored(*events))
    backlog.conflate()
    assert taken(backlog) == [(f"e-{n}", None) for n in range(3)]
    assert metrics.conflated == 0


def test_answers_keep_their_place_among_the_events() -> None:
    old, new = stored(status("e-1"), status("e-2"))
    backlog, _ = filled([old, Message(PONG), new, Message(PONG)])
    backlog.conflate()
    assert [id_ for id_, _ in taken(backlog)] == ["e-1", "pong", "e-2", "pong"]


def test_what_stood_for_older_events_is_lost_with_them() -> None:
    backlog, _ = filled(stored(log("e-1"), status("e-2"), status("e-3"), status("e-4")))
    backlog.take(1)
    backlog.conflate()
    assert backlog.drop() == ({"agent": 2}, [])


def test_its_age_is_that_of_its_first_message() -> None:
    old, new = stored(status("e-1"), status("e-2"))
    backlog, _ = filled([old, new])
    assert backlog.age(5.0) == 5.0
    backlog.conflate()
    assert backlog.age(5.0) == 4.0
    backlog.take(1)
    assert backlog.age(5.0) == 0.0


def test_it_gives_one_message_at_least_and_then_not_much_more_than_was_asked_for() -> None:
    events = stored(*(log(f"e-{n}", message="x" * 1000) for n in range(5)))
    backlog, _ = filled(events)
    assert len(backlog.take(1)) == 1
    assert len(backlog.take(1500)) == 2
    assert len(backlog.take(10**6)) == 2
    assert backlog.take(10**6) == []


def test_what_is_dropped_is_told_by_stream_and_the_answers_are_given_back() -> None:
    raised = {
        "alertId": "a",
        "severity": "low",
        "title": "t",
        "description": "d",
        "affectedComponents": [],
        "recommendedActions": [],
    }
    alert = frame("system_alert", raised, "e-3", timestamp=1)
    one, two, three = stored(status("e-1"), status("e-2"), alert)
    backlog, metrics = filled([Message(PONG), two, three])
    assert backlog.drop() == ({"agent": 2, "system": 1}, [Message(PONG)])
    assert (len(backlog), backlog.size, metrics.conflated) == (0, 0, 0)
    backlog.add(one, 0.0)
    backlog.add(two, 0.0)
    assert taken(backlog) == [("e-1", None), ("e-2", None)], "it conflates no more"


@given(st.lists(st.sampled_from(["a", "b", "log", "answer", "take", "conflate"]), max_size=40))
def test_every_event_is_given_or_counted_whatever_comes_between(steps: list[str]) -> None:
    events = iter(
        stored(
            *(
                log(f"e-{n}") if one == "log" else status(f"e-{n}", one)
                for n, one in enumerate(steps)
            )
        )
    )
    backlog, metrics = filled([])
    given_: list[dict[str, object]] = []
    expected = answers = 0
    for step, message in zip(steps, events, strict=True):
        if step == "take":
            given_ += [json.loads(one.v1) for one in backlog.take(300)]
        elif step == "conflate":
            backlog.conflate()
        elif step == "answer":
            backlog.add(Message(PONG), 0.0)
            answers += 1
        else:
            backlog.add(message, 0.0)
            expected += 1
    given_ += [json.loads(one.v1) for one in backlog.take(10**9)]
    told = [one for one in given_ if one["type"] != "pong"]
    counts = [one["metadata"].get("conflated", 0) for one in told]  # type: ignore[attr-defined]
    offsets = [one["metadata"]["offset"] for one in told]  # type: ignore[index]
    assert len(told) + sum(counts) == expected
    assert sum(counts) == metrics.conflated
    assert offsets == sorted(set(offsets))
    assert len(given_) - len(told) == answers
    assert backlog.size == 0
