"""Whole numbers without a point, and everything else as it is."""

import pytest

from tui.protocol.numbers import whole


@pytest.mark.parametrize("value", [1.5, 1e300, float(2**60), True, None, "1.0", 7])
def test_what_is_no_whole_float_stays(value: object) -> None:
    assert whole(value) is value


def test_whole_floats_are_so_at_any_depth() -> None:
    found = whole({"a": [1795885434364.0, (0.0, {"b": -3.0, "c": 0.5})]})
    assert repr(found) == "{'a': [1795885434364, [0, {'b': -3, 'c': 0.5}]]}"
