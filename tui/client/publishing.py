"""What is published on one connection: what goes out next, and when it counts as taken or lost.

With v1 a batch waits for its acknowledgement, and a connection on which that does not come is given
up. A plain server acknowledges nothing: see `receipts`.
"""

from collections.abc import Callable

from tui.client.outbox import Outbox
from tui.client.receipts import Receipts


class Publishing:
    """All times are monotonic seconds."""

    def __init__(self, outbox: Outbox, now: float, *, v1: bool) -> None:
        self._outbox = outbox
        self._receipts = None if v1 else Receipts(outbox, now)

    def next_frame(self, now: float, ping: Callable[[float], bytes]) -> bytes | None:
        """What is to be written now, if anything; `ping` makes one, which is `pinged` then."""
        receipts = self._receipts
        if receipts is None:
            return self._outbox.next_batch(now)
        if receipts.wants_ping(now, idle=False):
            return ping(now)
        frame = self._outbox.next_single(now)
        if frame is not None:
            receipts.wrote(len(frame))
        elif receipts.wants_ping(now, idle=True):
            return ping(now)
        return frame

    def deadline(self, now: float, *, is_reading: bool) -> float:
        """When there is something to write, or `tick` is due; without reading, no answer is."""
        outbox, receipts = self._outbox, self._receipts
        due = float("inf")
        if is_reading:
            due = outbox.answer_due if receipts is None else receipts.deadline(now)
        return min(due, outbox.hold_until) if outbox and outbox.hold_until > now else due

    def tick(self, now: float) -> bool:
        """Whether what was written counts as taken now, for want of an answer (plain)."""
        return self._receipts is not None and self._receipts.tick(now)

    def is_unanswered(self, now: float) -> bool:
        """Whether a batch has gone without its acknowledgement for too long (v1)."""
        return self._receipts is None and now >= self._outbox.answer_due

    def resume(self, now: float) -> None:
        """Answers are read again; the time in which they could not be does not count."""
        self._outbox.resume(now)
        if self._receipts is not None:
            self._receipts.resume(now)

    def pinged(self, id_: str, now: float) -> None:
        """A ping goes out, behind all that was written up to now."""
        if self._receipts is not None:
            self._receipts.pinged(id_, now)

    def pong(self, id_: str | None) -> None:
        if self._receipts is not None:
            self._receipts.pong(id_)

    def ping_refused(self, id_: str) -> bool:
        """A ping was refused, which answers it as well; False: the id is none of a ping."""
        return self._receipts is not None and self._receipts.refused(id_)
