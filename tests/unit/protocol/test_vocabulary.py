"""Open enums are read loosely, and never lose what they do not know."""

from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.protocol.errors import CloseCode, ErrorCode, is_terminal
from tui.protocol.vocabulary import (
    AgentStatus,
    AgentType,
    LogLevel,
    NoticeLevel,
    Severity,
    StepType,
    TaskStatus,
    TddPhase,
    canonical,
)

ENUMS: list[type[StrEnum]] = [
    AgentStatus,
    AgentType,
    LogLevel,
    NoticeLevel,
    Severity,
    StepType,
    TaskStatus,
    TddPhase,
]


@pytest.mark.parametrize("enum", ENUMS)
def test_case_and_dashes_do_not_matter(enum: type[StrEnum]) -> None:
    read = canonical(enum)
    for member in enum:
        value = member.value
        variants = {value, value.upper(), value.title(), value.replace("_", "-")}
        variants |= {value.replace("-", "_"), value.replace("_", "").replace("-", ""), f"_{value}-"}
        assert {read(variant) for variant in variants} == {value}


@pytest.mark.parametrize(
    ("enum", "alias", "value"),
    [
        (AgentType, "reviewer", "code-reviewer"),
        (AgentType, "REVIEWER", "code-reviewer"),
        (LogLevel, "Warning", "warn"),
        (TaskStatus, "canceled", "cancelled"),
        (NoticeLevel, "warning", "warning"),
    ],
)
def test_aliases(enum: type[StrEnum], alias: str, value: str) -> None:
    assert canonical(enum)(alias) == value


@pytest.mark.parametrize("enum", ENUMS)
@given(text=st.text())
def test_reading_twice_changes_nothing(enum: type[StrEnum], text: str) -> None:
    read = canonical(enum)
    assert read(text) in (text, *enum)
    assert read(read(text)) == read(text)


def test_what_nobody_knows_stays_as_it_was_written() -> None:
    assert canonical(AgentStatus)("Half-Asleep_") == "Half-Asleep_"
    assert canonical(AgentStatus)("") == ""


@pytest.mark.parametrize(
    ("code", "terminal"),
    [
        (1000, False),
        (1001, False),
        (1006, False),
        (1009, True),
        (1012, False),
        (4000, False),
        (4008, False),
        (4009, False),
        (4429, False),
        (4499, False),
        (4500, True),
        (4501, True),
        (4503, True),
        (4505, True),
        (4999, True),
        (5000, False),
    ],
)
def test_which_closes_are_terminal(code: int, terminal: bool) -> None:
    assert is_terminal(code) is terminal


def test_only_two_errors_are_worth_another_try() -> None:
    assert {code.value for code in ErrorCode if code.retryable} == {"rate_limited", "unavailable"}
    assert {code for code in CloseCode if is_terminal(code)} == {1009, 4501, 4503, 4505}
