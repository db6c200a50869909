"""Where each type of event goes, and under which key its newest is kept."""

from typing import Any, get_args

import orjson
import pytest

from tests.unit.protocol.samples import DATA, sample
from tui.protocol.catalog import EVENTS, RESOURCES, TYPE_OF, MessageType
from tui.protocol.codec import decode_message
from tui.protocol.models import AnyControl, AnyEvent, Event
from tui.protocol.routing import state_key, topic_of

SEPARATOR = "\x1f"


def read(envelope: dict[str, Any]) -> Event:
    message = decode_message(orjson.dumps(envelope))
    assert isinstance(message, Event)
    return message


@pytest.mark.parametrize(
    ("type_", "topic", "key"),
    [
        ("agent_status", "agent:coder-001:status", ("coder-001",)),
        ("agent_task_update", "agent:coder-001:task_update", ("coder-001",)),
        ("agent_log", "agent:coder-001:log", None),
        ("agent_metric", "agent:tester-002:metric", ("tester-002",)),
        ("agent_error", "agent:coder-001:error", None),
        ("tdd_phase_change", "tdd:coder-001:phase_change", ("coder-001",)),
        ("test_result", "tdd:tester-002:test_result", ("tester-002", "tests/unit/test_app.py")),
        ("coverage_update", "tdd:tester-002:coverage_update", ("tester-002",)),
        ("workflow_started", "workflow:wf-42:started", ("wf-42",)),
        ("workflow_step_complete", "workflow:wf-42:step_complete", ("wf-42", "s1")),
        ("workflow_complete", "workflow:wf-42:complete", ("wf-42",)),
        ("workflow_failed", "workflow:wf-43:failed", ("wf-43",)),
        ("system_notification", "system:agent-monitor:notification", None),
        ("system_alert", "system:al-7:alert", ("al-7",)),
        ("deployment_status", "deployment:dep-9:status", ("dep-9",)),
        ("github_issue_update", "github:acme/shop:issue_update", ("acme/shop", "12")),
        ("github_pr_update", "github:acme/shop:pr_update", ("acme/shop", "17")),
        ("github_workflow_update", "github:acme/shop:workflow_update", ("acme/shop", "ci", "main")),
    ],
)
def test_topic_and_key_of_each_type(type_: str, topic: str, key: tuple[str, ...] | None) -> None:
    event = read(sample(type_))
    assert str(topic_of(event)) == topic
    assert state_key(event) == (None if key is None else SEPARATOR.join(key))


def test_the_table_above_is_whole() -> None:
    assert set(DATA) == set(EVENTS)


def test_a_run_without_a_branch_has_a_key_of_its_own() -> None:
    assert state_key(read(sample("github_workflow_update", branch=None))) == SEPARATOR.join(
        ("acme/shop", "ci", "")
    )


def test_keys_do_not_run_together() -> None:
    one = read(sample("workflow_step_complete", workflowId="a", stepId="b:c"))
    other = read(sample("workflow_step_complete", workflowId="a:b", stepId="c"))
    assert state_key(one) != state_key(other)


@pytest.mark.parametrize("type_", sorted(EVENTS))
def test_encrypted_events_are_routed_by_their_envelope(type_: str) -> None:
    spec = EVENTS[type_]
    envelope = sample(type_) | {"data": "opaque", "metadata": {"encrypted": True, "source": "me"}}
    assert topic_of(read(envelope)) == (spec.resource, "me", spec.event)
    assert state_key(read(envelope)) is None


@pytest.mark.parametrize("metadata", [None, {}, {"source": None}, {"source": ""}])
def test_a_notification_from_nobody_comes_from_unknown(metadata: dict[str, Any] | None) -> None:
    event = read(sample("system_notification") | {"metadata": metadata})
    assert str(topic_of(event)) == "system:unknown:notification"


def test_the_catalogue_holds_29_types_and_one() -> None:
    assert len(MessageType) == 30
    assert len(EVENTS) == 18
    assert all(name == spec.type for name, spec in EVENTS.items())
    assert RESOURCES == ("agent", "tdd", "workflow", "system", "deployment", "github")


def test_every_type_has_a_model_and_every_model_a_type() -> None:
    events = {model.model_fields["type"].default: model for model in get_args(AnyEvent)}
    controls = {model.model_fields["type"].default for model in get_args(AnyControl)}
    assert set(events) == set(EVENTS)
    assert controls == set(MessageType) - set(EVENTS)
    for type_, spec in EVENTS.items():
        fields = events[type_].model_fields["data"].annotation.model_fields
        assert {spec.id_field, *(spec.key or ())} - {""} <= set(fields)


def test_topics_tell_types_apart() -> None:
    assert len(TYPE_OF) == len(EVENTS)
    assert TYPE_OF["agent", "status"] == "agent_status"
    assert TYPE_OF["deployment", "status"] == "deployment_status"


def test_only_what_may_be_skipped_is_conflated() -> None:
    assert {name for name, spec in EVENTS.items() if spec.conflated} == {
        "agent_status",
        "agent_task_update",
        "agent_metric",
        "coverage_update",
        "deployment_status",
    }
    assert all(spec.key for spec in EVENTS.values() if spec.conflated)
