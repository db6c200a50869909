"""Acknowledging and putting off, by occurrence."""

import json
from typing import Any

from tui.store import put_off


def test_what_is_acknowledged_is_until_that_is_taken_back() -> None:
    kept: dict[str, Any] = {}
    assert put_off.acknowledge(kept, "alert a 1", 5)
    assert put_off.acknowledged(kept) == {"alert a 1": 5}
    assert not put_off.acknowledge(kept, "alert a 1", 6)
    assert put_off.acknowledged(kept) == {}


def test_what_is_put_off_comes_back_at_its_time() -> None:
    kept: dict[str, Any] = {}
    put_off.snooze(kept, "a", 0, 10)
    put_off.snooze(kept, "b", 0, 20)
    assert put_off.snoozed(kept, 9) == {"a": 10, "b": 20}
    assert put_off.snoozed(kept, 10) == {"b": 20}
    put_off.snooze(kept, "c", 30, 40)
    assert kept["snoozed"] == {"c": 40}, "what is over is kept no more"
    put_off.wake(kept)
    assert put_off.snoozed(kept, 0) == {}


def test_the_oldest_are_forgotten() -> None:
    kept: dict[str, Any] = {}
    for number in range(put_off.MAX_KEPT + 5):
        put_off.acknowledge(kept, f"{number}", number)
        kept = json.loads(json.dumps(kept, sort_keys=True))
    assert len(put_off.acknowledged(kept)) == put_off.MAX_KEPT
    assert "4" not in put_off.acknowledged(kept)
    assert "5" in put_off.acknowledged(kept)


def test_a_file_that_holds_something_else_is_borne() -> None:
    kept: dict[str, Any] = {"acknowledged": [1, 2], "snoozed": {"a": "soon", "b": 9}}
    assert put_off.acknowledged(kept) == {}
    assert put_off.snoozed(kept, 0) == {"b": 9}
    assert put_off.acknowledge(kept, "x", 1)
