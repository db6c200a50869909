"""The AsyncAPI document: what is committed is what the models say, and it holds together."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tui.protocol
from tui.protocol import schemas
from tui.protocol.asyncapi import MESSAGES, document, render
from tui.protocol.catalog import EVENTS, MessageType
from tui.protocol.errors import CloseCode, ErrorCode
from tui.server.auth import COOKIE

COMMITTED = Path(tui.protocol.__file__).with_name("asyncapi.json")


@pytest.fixture(scope="module")
def doc() -> dict[str, Any]:
    return document()


def test_the_committed_copy_is_what_the_models_say() -> None:
    said = (
        "the wire has changed; if that is meant: autosdlc-tui schema > tui/protocol/asyncapi.json"
    )
    assert COMMITTED.read_text("utf-8") == render(), said


def test_it_comes_out_the_same_each_time() -> None:
    assert render() == render()


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def resolve(doc: dict[str, Any], reference: str) -> Any:
    place: Any = doc
    for part in reference.removeprefix("#/").split("/"):
        place = place[part]
    return place


def test_every_reference_leads_somewhere(doc: dict[str, Any]) -> None:
    found = set(references(doc))
    assert len(found) > 100
    for reference in found:
        assert isinstance(resolve(doc, reference), dict)


def test_it_has_what_the_specification_requires(doc: dict[str, Any]) -> None:
    assert doc["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= doc["info"].keys()
    for server in doc["servers"].values():
        assert {"host", "protocol"} <= server.keys()
    for scheme in doc["components"]["securitySchemes"].values():
        assert {"http": {"scheme"}, "httpApiKey": {"name", "in"}}[scheme["type"]] <= scheme.keys()
    for operation in doc["operations"].values():
        assert operation["action"] in ("send", "receive")


def test_operations_use_messages_of_their_own_channels(doc: dict[str, Any]) -> None:
    for operation in doc["operations"].values():
        for part in (operation, operation.get("reply")):
            if part is not None:
                channel = part["channel"]["$ref"]
                assert resolve(doc, channel)["address"]
                for message in part["messages"]:
                    assert message["$ref"].startswith(f"{channel}/messages/")


def test_every_message_type_is_there_and_is_said_by_somebody(doc: dict[str, Any]) -> None:
    assert set(MESSAGES) == set(MessageType)
    said = {reference.rsplit("/", 1)[1] for reference in references(doc["operations"])}
    assert set(MessageType) <= said
    for name in MessageType:
        payload = resolve(doc, doc["components"]["messages"][name]["payload"]["$ref"])
        assert payload["properties"]["type"]["const"] == name
        assert "type" in payload["required"]


def test_events_say_where_they_belong(doc: dict[str, Any]) -> None:
    messages = doc["components"]["messages"]
    assert messages["test_result"]["x-topic"] == "tdd:{agentId}:test_result"
    assert messages["test_result"]["x-state-key"] == ["agentId", "testFile"]
    assert messages["system_notification"]["x-topic"] == "system:{metadata.source}:notification"
    for name in EVENTS:
        data = messages[name]["payload"]["$ref"].replace("Event", "Data")
        fields = resolve(doc, data)["properties"]
        assert set(messages[name]["x-state-key"] or ()) <= fields.keys()


def test_what_v1_adds_is_marked(doc: dict[str, Any]) -> None:
    for name, fields in schemas.V1_FIELDS.items():
        for field in fields:
            assert doc["components"]["schemas"][name]["properties"][field]["x-layer"] == "v1"
    assert doc["components"]["messages"]["publish_ack"]["x-layer"] == "v1"
    assert doc["components"]["messages"]["ping"]["x-layer"] == "plain"


def test_models_say_what_they_read_beside_what_they_write(doc: dict[str, Any]) -> None:
    fields = doc["components"]["schemas"]["AgentStatusData"]["properties"]
    assert fields["status"]["x-also-read-as"] == ["currentStatus"]
    assert "needs_input" in fields["status"]["x-known-values"]
    log = doc["components"]["schemas"]["AgentLogData"]["properties"]
    assert {"type": "string", "format": "date-time"} in log["timestamp"]["anyOf"]


def test_codes_and_names_are_those_of_the_server(doc: dict[str, Any]) -> None:
    assert [one["code"] for one in doc["x-close-codes"]] == list(CloseCode)
    assert [one["code"] for one in doc["x-error-codes"]] == list(ErrorCode)
    assert doc["components"]["securitySchemes"]["cookie"]["name"] == COOKIE
