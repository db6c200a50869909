"""The streams of one v1 connection: which are live, and how the others come to be."""

import asyncio
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tui.protocol.errors import ProtocolError
from tui.protocol.topics import Filter
from tui.server.brokers import Broker, Position
from tui.server.catchup import CatchUp
from tui.server.effects import Subscribe
from tui.server.metrics import Metrics
from tui.server.outbox import V1Outbox
from tui.server.replies import Replies


class Start(NamedTuple):
    """Where a client goes on in a stream: after an offset; None where it cannot."""

    after: int | None
    whole: bool = True
    """Whether everything after it is still kept."""


class Streams:
    """What is not live here catches up in a task of its own, as the socket drains.

    `subscriptions` are the connection's own, as they change; `fell_behind` is called where the
    history of a stream goes faster than the client reads it.
    """

    def __init__(
        self,
        subscriptions: Mapping[str, Filter],
        broker: Broker,
        replies: Replies,
        outbox: V1Outbox,
        metrics: Metrics,
        fell_behind: Callable[[], None],
    ) -> None:
        self._subscriptions = subscriptions
        self._broker = broker
        self._replies = replies
        self._outbox = outbox
        self._metrics = metrics
        self._fell_behind = fell_behind
        self._catching_up: dict[str, CatchUp] = {}
        self._task: asyncio.Task[None] | None = None
        self._halted = False

    @property
    def followed(self) -> set[str]:
        """The streams that the subscriptions reach into."""
        return {resource for one in self._subscriptions.values() for resource in one.resources}

    @property
    def positions(self) -> dict[str, Position]:
        """Up to where everything that matches is in the outbox, or was sent; of live streams."""
        live = self.followed - self._catching_up.keys()
        return {resource: self._broker.position(resource) for resource in sorted(live)}

    @property
    def lag(self) -> int:
        """Events of the streams that catch up which it has yet to come to."""
        behind = self._catching_up.items()
        return sum(self._broker.position(resource).offset - one.at for resource, one in behind)

    async def starts(self, wish: Subscribe) -> dict[str, Start]:
        """Where to go on in the streams for which the client said so."""
        starts = {}
        for resource in reached(wish):
            cursor = wish.resume.get(resource)
            if wish.since is not None:
                after = await self._broker.since(resource, wish.since)
                first = (await self._broker.read(resource, after, 1)).first
                # Where it begins with the oldest that is kept, it may have begun before: then the
                # state of the time before says what came of that, or else a gap.
                is_whole = after >= first or first == 1
                told = is_whole or wish.begins_with_state
                starts[resource] = Start(after if told else 0, is_whole)
            elif cursor is not None:
                head = self._broker.position(resource)
                if cursor.epoch != head.epoch or not 0 <= cursor.offset <= head.offset:
                    starts[resource] = Start(None, whole=False)
                else:
                    kept = await self._broker.read(resource, cursor.offset, 1)
                    starts[resource] = Start(cursor.offset, kept.first <= cursor.offset + 1)
        return starts

    def follow(self, wish: Subscribe, followed: set[str], starts: dict[str, Start]) -> None:
        """Say that the wish's subscriptions are in force, and let their streams begin.

        `followed` are the streams that the connection followed before.
        """
        streams = reached(wish)
        starts = {resource: starts[resource] for resource in streams if resource in starts}
        gaps: dict[str, tuple[int, int] | None]
        gaps = {resource: None for resource, start in starts.items() if start.after is None}
        for resource, (after, _) in list(starts.items()):
            if resource not in followed or after is None:
                continue
            if after < self._position(resource).offset:
                # What the connection has come further with already goes back for nobody.
                gaps[resource] = (after + 1, self._broker.position(resource).offset)
                starts[resource] = Start(None, whole=False)
        for resource in streams:
            self._begin(resource, wish, starts.get(resource))
        self._outbox.hold(self._catching_up)
        recovered = bool(starts) and all(start.whole for start in starts.values())
        self._metrics.resumes += recovered
        positions = {resource: self._position(resource) for resource in streams}
        # Pongs leave these out, so that nothing else tells how long the replay is.
        heads = {
            resource: head
            for resource in streams
            if (head := self._broker.position(resource)) != positions[resource]
        }
        self._outbox.put(
            self._replies.active(
                wish.filters,
                positions,
                heads,
                wish.message_id,
                recovered=recovered,
            )
        )
        for resource, lost in gaps.items():
            self._say_gap(resource, lost)

    def let_go(self) -> None:
        """A subscription has ended: send nothing more of the streams that no other follows."""
        for resource in self._catching_up.keys() - self.followed:
            del self._catching_up[resource]
        self._outbox.hold(self._catching_up)

    def resync(self, lost: Mapping[str, int]) -> None:
        """Events from these offsets on were dropped: say so, and begin anew from the state."""
        for resource, dropped in lost.items():
            head = self._broker.position(resource).offset
            behind = self._catching_up.pop(resource, None)
            first = min(dropped, behind.at + 1) if behind else dropped
            self._say_gap(resource, (first, head))
            catch_up = self._catch_up_from(resource, head)
            catch_up.add(self._subscriptions, after=head, snapshot=True)
        self._outbox.hold(self._catching_up)
        if not self._halted:
            self.go_on()

    def halt(self) -> None:
        """Send no history for now: subscriptions of one frame may all begin at one cursor."""
        self._halted = True

    def go_on(self) -> None:
        self._halted = False
        if self._catching_up and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._catch_up())

    def forget(self) -> None:
        self._catching_up.clear()
        if self._task is not None:
            self._task.cancel()

    async def _catch_up(self) -> None:
        while self._catching_up and not self._halted:
            await self._outbox.drained()
            if not self._catching_up:
                break  # nobody wants it any more
            # A page of history each time: neither history nor live traffic starves the other.
            resource, catch_up = next(iter(self._catching_up.items()))
            try:
                page = await catch_up.next_messages()
            except ProtocolError as error:
                if self._catching_up.get(resource) is catch_up:
                    self._outbox.put(self._replies.error(error))
                    await asyncio.sleep((error.retry_after_ms or 1000) / 1000)
                continue
            if self._catching_up.get(resource) is not catch_up:
                continue
            self._outbox.write(page)
            if catch_up.is_done:
                del self._catching_up[resource]
                self._outbox.hold(self._catching_up)
            await asyncio.sleep(0)  # a long history is many pages: others' turn

    def _begin(self, resource: str, wish: Subscribe, start: Start | None) -> None:
        """Let the stream catch up, unless it is live at once."""
        head = self._broker.position(resource).offset
        after = start.after if start else None
        wants_snapshot = wish.snapshot == "always" or (wish.snapshot == "auto" and after is None)
        if resource not in self._catching_up and after in (None, head) and not wants_snapshot:
            return
        wants_state = wish.snapshot != "never"
        if joined := self._catching_up.get(resource):
            wants_state |= joined.snapshot_after_gap
        catch_up = self._catch_up_from(resource, head if after is None else after)
        catch_up.snapshot_after_gap = wants_state
        if after is not None:
            catch_up.replay_to = head
        catch_up.add(
            wish.filters,
            after=head if after is None else after,
            snapshot=wants_snapshot,
            state_first=wish.begins_with_state,
        )

    def _catch_up_from(self, resource: str, at: int) -> CatchUp:
        """The stream's catch-up, which begins at an offset where there was none."""
        catch_up = self._catching_up.get(resource)
        if catch_up is None:
            catch_up = CatchUp(
                resource,
                self._broker,
                self._replies,
                self._subscriptions,
                at,
                self._metrics,
                self._fell_behind,
            )
            self._catching_up[resource] = catch_up
        return catch_up

    def _say_gap(self, resource: str, lost: tuple[int, int] | None) -> None:
        self._metrics.gaps += 1
        self._outbox.put(self._replies.gap(resource, lost))

    def _position(self, resource: str) -> Position:
        """Up to where everything that matches was sent, or is in the outbox."""
        head = self._broker.position(resource)
        catch_up = self._catching_up.get(resource)
        return Position(head.epoch, catch_up.at) if catch_up else head


def reached(wish: Subscribe) -> list[str]:
    """The streams that a wish's filters reach into, in their order."""
    return sorted({resource for one in wish.filters.values() for resource in one.resources})
