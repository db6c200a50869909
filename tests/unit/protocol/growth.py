"""Whether work grows with the input, or faster: judged by processor time, with a wide margin."""

import gc
from collections.abc import Callable
from time import process_time
from typing import TypeVar

T = TypeVar("T")
TIMES = 8
ALLOWED = TIMES * 3
"""Linear work takes 8 times as long for 8 times the input, quadratic work 64 times."""


def growth(work: Callable[[T], object], make: Callable[[int], T], size: int) -> float:
    """How many times as long `work` takes for `make(8 * size)` as for `make(size)`."""
    small, large = make(size), make(TIMES * size)
    return _best(work, large) / max(_best(work, small), 1e-4)


def _best(work: Callable[[T], object], value: T) -> float:
    """The least of some runs, in seconds: whatever else the machine does only adds."""
    times = []
    gc.disable()  # what it costs grows with all that the other tests have left
    try:
        for _ in range(5):
            start = process_time()
            work(value)
            times.append(process_time() - start)
    finally:
        gc.enable()
    return min(times)
