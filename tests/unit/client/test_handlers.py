from typing import Any

import pytest

from tui.client.handlers import Handlers


def nothing(_: Any) -> Any:
    return None


def other(_: Any) -> Any:
    return None


@pytest.mark.parametrize("name", ["agent_status", "agent:status"])
def test_a_type_and_its_topic_name_are_one(name: str) -> None:
    handlers = Handlers()
    handlers.add(name, nothing)
    handlers.add("*", other)
    assert handlers.by_type["agent_status"] == (nothing, other)
    assert handlers.by_type.get("agent_log", handlers.others) == (other,)
    handlers.remove("agent_status", nothing)
    assert handlers.by_type.get("agent_status") == (other,)


def test_gaps_and_errors_are_no_events_and_do_not_reach_everybody() -> None:
    handlers = Handlers()
    handlers.add("*", nothing)
    handlers.add("gap", other)
    assert handlers.by_type["gap"] == (other,)
    assert handlers.by_type["error"] == ()


@pytest.mark.parametrize("name", ["agent:statuss", "nobody:status", "subscribe", "a:b:c"])
def test_a_name_that_can_never_occur_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Handlers().add(name, nothing)


def test_removing_what_is_not_there_is_no_error() -> None:
    Handlers().remove("agent_status", nothing)
