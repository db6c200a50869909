"""Machines in virtual time: what runs on one stands still while it sleeps, and only that.

What is started in a machine's context is its own, with all that follows from it: tasks, timers,
callbacks. It sleeps as a suspended laptop does (its monotonic clock and timers stand still, the
time of day goes on) or as a stopped process (the clocks go on, and what was due is late).
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from itertools import count
from typing import Any, TypeVarTuple

from tests.support.virtual import VirtualLoop

Ts = TypeVarTuple("Ts")
_here: ContextVar["Machine | None"] = ContextVar("machine", default=None)


class Machine:
    """One machine of a `MachineLoop`."""

    def __init__(self, loop: "MachineLoop", name: str) -> None:
        self.name = name
        self.is_awake = True
        self.suspended = 0.0
        """How long it was suspended in all (seconds)."""
        self.naps = 0
        """How often it has slept, or was set forward, which to a program looks the same."""
        self.skew = 0.0
        """How far its time of day was set (seconds)."""
        self.parked: deque[asyncio.Handle] = deque()
        """What was due while it slept."""
        self.loop = loop
        self._context = copy_context()
        self._context.run(_here.set, self)

    @staticmethod
    def present() -> "Machine | None":
        """The machine whose code runs now."""
        return _here.get()

    def monotonic(self) -> float:
        return self.loop.time() - self.suspended

    def wall(self) -> float:
        """Unix seconds."""
        return 1_700_000_000.0 + self.loop.time() + self.skew

    def create_task(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start something on the machine; where it sleeps, once it is awake."""
        return self.loop.create_task(coroutine, context=self._context.copy())

    def call_soon(self, callback: Callable[..., Any], *args: Any) -> None:
        self.loop.call_soon(callback, *args, context=self._context.copy())

    def sleep(self, seconds: float, *, suspended: bool) -> None:
        """Stand still for so long; nothing happens where it sleeps already."""
        if self.is_awake:
            self.is_awake = False
            self.naps += 1
            self.loop.call_later(
                seconds, self._wake, seconds if suspended else 0.0, context=Context()
            )

    def _wake(self, suspended: float) -> None:
        self.is_awake = True
        self.suspended += suspended
        self.loop.make_ready(self.parked)
        self.parked.clear()


class MachineLoop(VirtualLoop):
    """A loop that machines share. What is due at one time is run in the order of its making."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = count()

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        machine = _machine(context)
        if machine is None:
            return super().call_soon(callback, *args, context=context)
        handle = _Handle(callback, args, self, context)
        handle.machine = machine
        self.make_ready([handle])
        return handle

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        timer = _Timer(when, callback, args, self, context)
        timer.number = next(self._numbers)
        timer.machine = _machine(context)
        timer.suspended = timer.machine.suspended if timer.machine else 0.0
        self.schedule(timer)
        return timer

    def make_ready(self, handles: "deque[asyncio.Handle] | list[asyncio.Handle]") -> None:
        self._ready.extend(handles)  # type: ignore[attr-defined]

    def schedule(self, timer: "_Timer") -> None:
        heapq.heappush(self._scheduled, timer)  # type: ignore[attr-defined]
        timer._scheduled = True

    @property
    def pending_timers(self) -> list[asyncio.TimerHandle]:
        return [one for one in self._scheduled if not one.cancelled()]  # type: ignore[attr-defined]


class _Handle(asyncio.Handle):
    """A callback on a machine."""

    __slots__ = ("machine",)
    machine: Machine

    def _run(self) -> None:
        if self.machine.is_awake:
            super()._run()
        else:
            self.machine.parked.append(self)


class _Timer(asyncio.TimerHandle):
    """A timer, on a machine perhaps, whose time does not pass while that is suspended."""

    __slots__ = ("machine", "number", "suspended")
    machine: Machine | None
    number: int
    suspended: float
    _when: float
    _scheduled: bool

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, _Timer):
            return NotImplemented
        return (self._when, self.number) < (other._when, other.number)

    def _run(self) -> None:
        machine = self.machine
        if machine is None:
            super()._run()
        elif not machine.is_awake:
            machine.parked.append(self)
        elif machine.suspended > self.suspended:
            self._when += machine.suspended - self.suspended
            self.suspended = machine.suspended
            machine.loop.schedule(self)
        else:
            super()._run()


def _machine(context: Context | None) -> Machine | None:
    return _here.get() if context is None else context.get(_here)
