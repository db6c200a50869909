"""Rows as text, and files that are never written over."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.disk import no_room_on_disk
from tui.export import to_csv, to_json, write_new


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_spreadsheet_runs_nothing(text: str) -> None:
    rows = list(csv.reader(io.StringIO(to_csv([{"a": text, text: 1}]), newline="")))
    assert rows == [["a", f"'{text}"], [f"'{text}", "1"]]


def test_values_are_plain() -> None:
    records: list[dict[str, Any]] = [
        {"a": -1.5, "b": True, "c": None, "d": ["x", 1]},
        {"a": 2, "e": "line\nbreak"},
    ]
    rows = list(csv.DictReader(io.StringIO(to_csv(records), newline="")))
    assert rows == [
        {"a": "-1.5", "b": "true", "c": "", "d": '["x", 1]', "e": ""},
        {"a": "2", "b": "", "c": "", "d": "", "e": "line\nbreak"},
    ]
    assert json.loads(to_json(records)) == records


def test_nothing_is_written_over(tmp_path: Path) -> None:
    paths = [write_new(tmp_path, "x", ".csv", str(number)) for number in range(3)]
    assert [path.name for path in paths] == ["x.csv", "x-2.csv", "x-3.csv"]
    assert [path.read_text("utf-8") for path in paths] == ["0", "1", "2"]


def test_a_full_disk_leaves_no_half_of_a_file(tmp_path: Path) -> None:
    with no_room_on_disk(10), pytest.raises(OSError, match="too large"):
        write_new(tmp_path, "x", ".csv", "y" * 100)
    assert not list(tmp_path.iterdir())


def test_what_no_encoding_has_is_no_fault(tmp_path: Path) -> None:
    assert write_new(tmp_path, "x", ".json", "\ud800").read_bytes() == b"?"
