"""What a person types to see only some rows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.store.query import Query


@pytest.mark.parametrize(
    ("typed", "line", "found"),
    [
        ("", "anything", True),
        ("  ", "anything", True),
        ("!", "anything", True),
        ("retry", "Will RETRY in 2 s", True),
        ("retry", "failed", False),
        ("STRASSE", "Hauptstraße", True),
        ("!retry", "Will RETRY in 2 s", False),
        ("! retry", "failed", True),
        ("/ret(ry|ries)/", "3 Retries", True),
        ("/ret(ry|ries)/", "retired", False),
        ("/Retr/", "retries", False),
        ("/\\Sretr/", "(RETRIES)", True),
        ("/^\\d+ failed", "3 failed", True),
        ("!/^\\d+ failed/", "3 failed", False),
        ("/", "a/b", True),
        ("[red]", "[red]x", True),
    ],
)
def test_a_line_matches_or_not(typed: str, line: str, found: bool) -> None:
    assert Query.parse(typed).matches(line) is found


@pytest.mark.parametrize("typed", ["/(", "/[a-/", "!/*/", "/x{99999999999}/"])
def test_an_expression_that_is_none_yet_says_so_and_finds_nothing(typed: str) -> None:
    query = Query.parse(typed)
    assert query.fault
    assert query
    assert not query.matches("anything (")


@given(st.text(max_size=30))
def test_whatever_is_typed_is_a_query(typed: str) -> None:
    query = Query.parse(typed)
    query.matches("a line")
    assert Query.parse(query.text) == query
