"""Plain: when what was written counts as taken.

A plain server says nothing of an event that it takes, but it answers in order: once the pong of a
ping is here, what was written before that ping was refused by now, or never will be. So events stay
in the outbox until then, and a ping goes out behind them, one at a time, no oftener than the
document's limit allows (60 a minute); only behind a lot of them it goes out in any case.

A server that is alive and leaves pings unanswered is taken at its word, which is silence: after
`MUTE` seconds (`ANSWER`, where it has answered before) what was written counts as taken, and so
does what is written later, until it has answered all of them.
"""

from collections import deque
from typing import NamedTuple

from tui.client.outbox import ANSWER, Outbox

MUTE = 5.0
"""How long the first pong is waited for (seconds)."""
BURST, PACE = 15, 1.5
"""So many pings may follow each other closely, and one more every `PACE` seconds."""
PIECES = 8
"""Where so large a part of the outbox was written, a ping does not wait."""


class _Ping(NamedTuple):
    id: str
    at: float
    mark: int


class Receipts:
    """Of one connection. All times are monotonic seconds."""

    def __init__(self, outbox: Outbox, now: float) -> None:
        self._outbox = outbox
        self._piece = outbox.limit // PIECES
        self._asked: deque[_Ping] = deque()
        """Pings that are not answered yet."""
        self._owed = 0
        """Pongs that are not waited for any more: until they have come, no other counts."""
        self._written = 0
        """Bytes since the last ping."""
        self._allowed = float(BURST)
        self._refilled = now
        self._since = now
        """Since when answers are read."""
        self._patience = MUTE

    def wants_ping(self, now: float, *, idle: bool) -> bool:
        """Whether one is to go out now; `idle` says that there is nothing else to write."""
        if self._written >= self._piece > 0:
            return True
        return idle and self._written > 0 and not self._asked and self._wait(now) < 0.01

    def wrote(self, size: int) -> None:
        if self._owed:
            self._outbox.taken(self._outbox.mark())
        else:
            self._written += size

    def pinged(self, id_: str, now: float) -> None:
        """A ping goes out, behind all that was written up to now."""
        self._wait(now)
        self._allowed = max(0.0, self._allowed - 1.0)
        self._written = 0
        if self._owed:
            self._owed += 1
        else:
            self._asked.append(_Ping(id_, now, self._outbox.mark()))

    def pong(self, id_: str | None) -> None:
        """The oldest ping is answered, or the one that the server names."""
        self._patience = ANSWER
        if self._owed:
            self._owed -= 1
        elif self._asked and not self.refused(id_):
            self._outbox.taken(self._asked.popleft().mark)

    def refused(self, id_: str | None) -> bool:
        """A ping was refused, which answers it as well; False: the id is none of a ping."""
        if all(ping.id != id_ for ping in self._asked):
            return False
        while (ping := self._asked.popleft()).id != id_:
            pass
        self._outbox.taken(ping.mark)
        return True

    def resume(self, now: float) -> None:
        """Answers are read again; what could not be read is no silence."""
        self._since = now

    def tick(self, now: float) -> bool:
        """Whether what was written counts as taken now, for want of an answer."""
        if not self._asked or now < self._silent_at():
            return False
        self._outbox.taken(self._outbox.mark())
        self._owed += len(self._asked)
        self._asked.clear()
        return True

    def deadline(self, now: float) -> float:
        """When `tick` is due, or a ping."""
        if self._asked:
            return self._silent_at()
        return now + self._wait(now) if self._written else float("inf")

    def _silent_at(self) -> float:
        return max(self._asked[0].at, self._since) + self._patience

    def _wait(self, now: float) -> float:
        """Seconds until a ping is allowed."""
        self._allowed = min(float(BURST), self._allowed + (now - self._refilled) / PACE)
        self._refilled = now
        return max(0.0, 1.0 - self._allowed) * PACE
