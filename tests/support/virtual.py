"""Virtual time: an event loop whose clock goes on only where everyone waits for it.

So a test of ten seconds takes none, and runs the same way each time.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Mapping
from functools import wraps
from typing import Any, ParamSpec

P = ParamSpec("P")
TURNS = 100_000
"""So many turns of the loop with no time passing: somebody waits by asking again and again."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Begins at 0.0 seconds. Raises AssertionError where it would wait for ever, or never waits."""

    turn = 0.0
    """Seconds that a turn takes at least, though nobody waits."""

    def __init__(self) -> None:
        self._now = 0.0
        self.faults: list[BaseException] = []
        """What tasks have failed with."""
        super().__init__(_Selector(self))

    def create_task(self, *args: Any, **options: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = super().create_task(*args, **options)
        task.add_done_callback(self._note)
        return task

    def _note(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and (fault := task.exception()):
            self.faults.append(fault)

    def time(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds


class _Selector(selectors.BaseSelector):
    """Knows the loop's own file only, and lets time pass rather than wait for it."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._files = selectors.DefaultSelector()
        self._loop = loop
        self._turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise AssertionError("everyone waits, and for nothing that will come")
        self._turns = 0 if timeout > 0 else self._turns + 1
        if self._turns > TURNS:
            self._turns = 0
            raise AssertionError("somebody asks again and again, and lets no time pass")
        self._loop.advance(max(self._loop.turn, timeout))
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._files.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._files.unregister(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._files.get_map()

    def close(self) -> None:
        self._files.close()


def run_virtually(
    main: Coroutine[Any, Any, None], make_loop: Callable[[], VirtualLoop] = VirtualLoop
) -> None:
    """Run in a virtual loop of its own, in which no task may fail."""
    with asyncio.Runner(loop_factory=make_loop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        try:
            runner.run(main)
        finally:
            if loop.faults:  # the first of them is what led to all others
                raise loop.faults[0]


def in_virtual_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """A test that runs virtually."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        run_virtually(test(*args, **kwargs))

    return run
