"""What is printed of an event: aligned, on one line, harmless; or the same envelope as JSON."""

import json
import time
from typing import Any

import orjson
import pytest
from rich.cells import cell_len

from tests.support.events import START, event, log, results, status
from tests.unit.protocol.samples import DATA
from tui.cli.lines import Lines
from tui.cli.summary import summarize
from tui.protocol.codec import decode_message
from tui.protocol.models.base import Control, Event

NASTY = "a\x1b[31mb\x07\u009b2Jc\nd\u202ee\x7f"


def lines(**options: Any) -> Lines:
    return Lines(clock=lambda: START / 1000, **options)


def shown(one: Event | Control, printer: Lines | None = None, server: str = "") -> str:
    line = (printer or lines()).line(one, server).decode()
    assert line.endswith("\n")
    return line[:-1]


def test_a_line_says_when_who_and_what() -> None:
    clock = time.strftime("%H:%M:%S", time.localtime(START / 1000))
    said = shown(status("coder-001", "needs_input", reason="Bash: alembic upgrade head"))
    assert said.split("  ")[0] == clock
    assert said.split() == [
        *(clock, "coder-001", "status", "needs_input"),
        *("Bash:", "alembic", "upgrade", "head"),
    ]


def test_lines_are_aligned_whatever_the_width_of_a_name() -> None:
    printer = lines()
    names = ("coder-001", "a", "プログラマー", "b")
    said = [shown(log(name, "MESSAGE"), printer) for name in names]
    assert len({cell_len(one.partition("MESSAGE")[0]) for one in said[2:]}) == 1
    longer = shown(log("x" * 60, "MESSAGE"), printer)
    assert "x" * 60 in longer


def test_another_day_is_said() -> None:
    day = 24 * 3600
    said = shown(log("a", "m", at=-3 * day))
    assert said.startswith(time.strftime("%Y-%m-%d ", time.localtime(START / 1000 - 3 * day)))


@pytest.mark.parametrize("type_", DATA)
def test_every_kind_of_event_says_something(type_: str) -> None:
    one = event(type_, DATA[type_])
    said = shown(one)
    assert "\n" not in said
    word, text = summarize(one)
    assert word or text
    assert said.endswith((text, word))


def test_a_failed_run_names_the_first_failures() -> None:
    word, text = summarize(results("a", "tests/test_a.py", 8, ("t1", "t2", "t3", "t4", "t5")))
    assert (word, text) == ("failed", "tests/test_a.py: 5 of 13 failed: t1, t2, t3, 2 more")


def test_hostile_text_is_made_harmless_wherever_it_stands() -> None:
    for one in (
        log(NASTY, NASTY),
        status(NASTY, NASTY, reason=NASTY),
        event(
            "system_notification", {"level": NASTY, "title": NASTY, "message": "m"}, source=NASTY
        ),
        decode_message(orjson.dumps({"type": NASTY, "data": {NASTY: NASTY}, "id": NASTY})),
    ):
        said = shown(one)
        assert said.isprintable()
        assert "\u202e" not in said


def test_an_unknown_type_is_shown_as_it_is() -> None:
    one = decode_message(b'{"type":"brand_new","data":{"x":1},"metadata":{"source":"them"}}')
    assert shown(one).split() == ["--:--:--", "them", "brand_new", '{"x":1}']


def test_what_is_encrypted_is_said_to_be() -> None:
    raw = b'{"id":"e","type":"agent_log","timestamp":1,"data":"xx","metadata":{"encrypted":true}}'
    assert "locked" in shown(decode_message(raw))


def test_conflated_events_say_how_many_they_stand_for() -> None:
    raw = orjson.loads(lines(as_json=True).line(status("a", "busy")))
    raw["metadata"]["conflated"] = 3
    assert shown(decode_message(orjson.dumps(raw))).endswith("busy         (and 3 older)")


def test_colours_are_for_terminals_only() -> None:
    one = status("a", "needs_input")
    assert "\x1b" not in shown(one)
    coloured = shown(one, lines(colour=True))
    assert "\x1b[33mneeds_input\x1b[0m" in coloured


def test_of_several_servers_each_line_says_whose_it_is() -> None:
    names = ("ws://a/ws", "ws://longer/ws")
    one = log("x", "m")
    said = [shown(one, lines(servers=names), name) for name in names]
    assert [text.split()[0] for text in said] == list(names)
    assert len({text.index(" log ") for text in said}) == 1
    wrapped = json.loads(shown(one, lines(servers=names, as_json=True), names[0]))
    assert wrapped == {"server": names[0], "event": json.loads(shown(one, lines(as_json=True)))}


@pytest.mark.parametrize(
    "raw",
    [
        (
            b'{"id":"e","type":"agent_error","timestamp":1,"extra":[1,null],'
            b'"data":{"agentId":"a","message":"m","own":{"x":"y"}},"metadata":{"zone":"z"}}'
        ),
        b'{"id":"n","type":"brand_new","timestamp":1,"data":[{"x":1}],"more":true}',
        '{"id":"n","type":"brand_new","data":"é 漢 \u009b \u202e \u2028 \x7f \U000e0001"}'.encode(),
        b'{"id":"n","type":"brand_new","data":123456789012345678901234567890}',
    ],
)
def test_json_is_the_envelope_with_all_its_fields_on_a_harmless_line(raw: bytes) -> None:
    line = shown(decode_message(raw), lines(as_json=True))
    assert json.loads(line) == json.loads(raw)
    assert line.isprintable() or "漢" in line
    assert len(line.splitlines()) == 1
    assert not set(line) & set("\x7f\u009b\u202e\u2028\U000e0001")
