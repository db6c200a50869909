"""Numbers as people write them in JSON."""

from collections.abc import Mapping
from typing import Any

EXACT = 2**53
"""Up to here every whole number is a float of its own."""


def whole(value: Any) -> Any:
    """The same value, what is whole in it without a point: `40` and not `40.0`.

    Models read all numbers that may have a fraction as floats, however they were sent.
    """
    if isinstance(value, float):
        return int(value) if abs(value) <= EXACT and value.is_integer() else value
    if isinstance(value, Mapping):
        return {name: whole(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [whole(one) for one in value]
    return value
