"""Which messages a trace shows, and what of them."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.frames import frame, log, status
from tui.protocol.limits import MAX_ID
from tui.server.config import ServerError, TraceConfig
from tui.server.redaction import withholding
from tui.server.trace import MAX_DATA, Direction, Tracer, tracing

SECRET = "s3cr3t-Value"


class Trace:
    def __init__(self, **wanted: Any) -> None:
        self._written: list[str] = []
        self.tracer = Tracer(TraceConfig(**wanted), self._written.append, lambda: 0.25)

    def told(
        self,
        raw: bytes,
        direction: Direction = "in",
        client: str = "client-1",
        name: str = "ci",
    ) -> list[dict[str, Any]]:
        """What is written of a frame."""
        self._written.clear()
        self.tracer.frame(direction, client, name, raw)
        return [json.loads(line) for line in self._written]

    def types(self, *frames: bytes) -> list[str]:
        return [line["type"] for one in frames for line in self.told(one)]


def test_a_message_is_one_line_without_its_data() -> None:
    raw = log("evt-1")
    assert Trace().told(raw) == [
        {
            "time": "1970-01-01T00:00:00.250Z",
            "direction": "in",
            "client": "client-1",
            "name": "ci",
            "type": "agent_log",
            "id": "evt-1",
            "size": len(raw),
        }
    ]


def test_data_is_shown_where_it_is_asked_for() -> None:
    [line] = Trace(data=True).told(log("evt-1", message="hello"))
    assert line["data"]["message"] == "hello"


def test_long_data_is_cut() -> None:
    [line] = Trace(data=True).told(log("evt-1", message="x" * 100_000))
    assert len(line["data"]) == MAX_DATA
    assert line["data"].startswith('{"agentId":')
    assert line["size"] > 100_000


ALL = (frame("ping"), log("e-1"), status("e-2"), frame("fly"))


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ({}, ["ping", "agent_log", "agent_status", "fly"]),
        ({"types": ("agent_*",)}, ["agent_log", "agent_status"]),
        ({"types": ("ping", "agent_log")}, ["ping", "agent_log"]),
        ({"exclude": ("agent_*", "ping")}, ["fly"]),
        ({"types": ("agent_*",), "exclude": ("agent_log",)}, ["agent_status"]),
        ({"direction": "in"}, ["ping", "agent_log", "agent_status", "fly"]),
        ({"direction": "out"}, []),
        ({"clients": ("client-1",), "types": ("ping",)}, ["ping"]),
        ({"clients": ("c*",), "types": ("ping",)}, ["ping"]),
        ({"clients": ("client-2",)}, []),
    ],
)
def test_filters_by_type_client_and_direction(wanted: dict[str, Any], shown: list[str]) -> None:
    assert Trace(**wanted).types(*ALL) == shown


def test_a_client_is_found_by_its_id_or_its_name() -> None:
    trace = Trace(clients=("ci", "client-7*"))
    assert trace.told(log("e"), client="client-1", name="ci")
    assert trace.told(log("e"), client="client-70", name="")
    assert not trace.told(log("e"), client="client-1", name="ann")


def test_the_members_of_a_batch_are_lines_of_their_own() -> None:
    trace = Trace(types=("agent_*",))
    batch = b"[" + b",".join(ALL) + b"]"
    assert trace.types(batch) == ["agent_log", "agent_status"]
    [first, _] = trace.told(batch)
    assert abs(first["size"] - len(log("e-1"))) < 20


def test_a_frame_that_was_gzipped_is_shown_like_any_other() -> None:
    raw = log("evt-1", message="x" * 5000)
    [line] = Trace(data=True).told(gzip.compress(raw))
    assert (line["id"], line["size"]) == ("evt-1", len(raw))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe",
        b"[1,",
        b"nothing",
        b"3",
        b"{}",
        b'{"type":3,"id":[]}',
        b"\x1f\x8bbroken",
        gzip.compress(b"0" * 20_000_000),
        b"[" * 100_000,
    ],
)
def test_what_is_no_message_is_called_unreadable(raw: bytes) -> None:
    lines = Trace(data=True).told(raw)
    assert {line["type"] for line in lines} == {"unreadable"}
    assert all(line["id"] is None for line in lines)


def test_data_of_any_depth_harms_nobody() -> None:
    for depth in (200, 500, 1000, 5000):
        raw = b'{"type":"agent_log","data":' + b"[" * depth + b"]" * depth + b"}"
        assert len(Trace(data=True).told(raw)) == 1


def test_no_secret_is_shown() -> None:
    trace = Trace(data=True)
    lines = [
        *trace.told(frame("auth_request", {"type": "api-key", "token": SECRET})),
        *trace.told(log("e-1", message=f"GET /ws?token={SECRET} Authorization: Bearer {SECRET}")),
        *trace.told(log("e-2", message="x" * (MAX_DATA - 60) + f" token={SECRET}")),
        *trace.told(log("e-3", message="x" * (MAX_DATA - 60) + f" eyJ{SECRET * 9}.{SECRET}.x")),
        *trace.told(frame("ping", None, f"token={SECRET}"), name=f"bearer {SECRET}"),
        *trace.told(frame(f"token={SECRET}")),
    ]
    assert len(lines) == 6
    assert "s3c" not in json.dumps(lines)


@pytest.mark.parametrize("said", ["'token': 'x", '"token": "x', "Cookie: ", "token=", "\\"])
def test_nothing_that_is_said_costs_a_line_another_field(said: str) -> None:
    raw = frame("agent_log", {"message": said, "level": "info"}, said)
    [line] = Trace(data=True).told(raw, name=said)
    assert line["size"] == len(raw)
    assert line["data"]["level"] == "info"
    assert list(line) == ["time", "direction", "client", "name", "type", "id", "size", "data"]


def test_a_servers_own_secrets_are_not_shown() -> None:
    with withholding(SECRET):
        lines = [
            *Trace(data=True).told(log("e", message=f"{SECRET} {SECRET}")),
            *Trace(data=True).told(frame("ping", None, "x" * (MAX_ID - 3) + SECRET)),
        ]
    assert "s3c" not in json.dumps(lines)


def test_lines_go_to_a_file_of_the_owners(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    for number in (1, 2):
        with tracing(TraceConfig(file=path)) as tracer:
            tracer.frame("in", "client-1", "", log(f"evt-{number}"))
    assert [json.loads(line)["id"] for line in path.read_text().splitlines()] == ["evt-1", "evt-2"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_lines_go_to_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    with tracing(TraceConfig()) as tracer:
        tracer.frame("out", "client-1", "", log("evt-1", message="Jörg"))
    assert json.loads(capfd.readouterr().out)["direction"] == "out"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
def test_a_full_disk_ends_it_with_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with tracing(TraceConfig(file=Path("/dev/full"))) as tracer:
        for number in range(100):
            tracer.frame("in", "client-1", "", log(f"evt-{number}"))
    [record] = caplog.records
    assert "tracing has ended" in record.getMessage()
    assert "No space left" in record.getMessage()


def test_what_cannot_be_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "trace"
    for config, said in (
        (TraceConfig(file=path), f"^--trace-file {path}: cannot be written: No such"),
        (TraceConfig(types=("agent_stats",)), "^--trace: 'agent_stats' is no message type"),
        (TraceConfig(exclude=("x",)), "^--trace: 'x' is no message type"),
    ):
        with pytest.raises(ServerError, match=said), tracing(config):
            pass
