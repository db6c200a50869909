"""What goes on in a world, and what goes wrong there, one thing after another."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from tests.schedules.attempts import RETRY_AFTER
from tests.schedules.station import Station
from tests.schedules.world import World
from tests.unit.server.delayed import DelayedBroker
from tests.unit.server.schedules.matter import FILTERS
from tui.client import ClientOptions, Reconnect

PACES = ((0.0,), (0.0,), (0.0, 0.0, 0.01), (0.0, 0.3, 1.0), (0.0, 0.0, 0.0, 15.0))


class Course:
    """Some of what may go wrong, more or less often."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.dice = world.dice
        self.network = world.network

    async def run(self, steps: int) -> None:
        """So many things happen, and some time between them passes."""
        dice, world = self.dice, self.world
        await world.start()
        self.change_weather()
        self._open_stations()
        often: list[Callable[[], None]] = [self.publish] * 12
        often += [self.rush] * (2 if world.is_narrow else 0)
        often += [self.subscribe, self.unsubscribe, self.change_pace, self.change_weather]
        wrong: list[Callable[[], None]] = [self.cut, self.cut, self.cut_soon, self.cut_soon]
        wrong += [self.cut_next] * 4
        wrong += [self.stall, self.stall, self.lose, self.sleep, self.sleep, self.set_clock]
        wrong += [self.refuse, self.close_door, self.substitute, self.restart, self.restart]
        wrong += [self.change_delay, self.fail_to_store, self.retry_now, self.restart_client]
        wrong = dice.sample(wrong, dice.randint(1, len(wrong)))
        how_often = dice.choice([0.05, 0.15, 0.3])
        pauses = dice.choice([(0.0, 0.01, 0.1, 0.5, 3.0), (0.0, 0.01, 0.05, 0.3)])
        for _ in range(steps):
            step = dice.choice(wrong if dice.random() < how_often else often)
            world.note(step.__name__)
            step()
            await asyncio.sleep(dice.choice(pauses))

    def _open_stations(self) -> None:
        dice = self.dice
        for _ in range(dice.choice([2, 2, 3, 4])):
            options = ClientOptions(
                reconnect=Reconnect(max_delay=dice.choice([4.0, 30.0])),
                queue_bytes=dice.choice([1_000, 1024 * 1024]),
            )
            station = self.world.add(options)
            station.fails = dice.choice([0.0, 0.0, 0.05])
            station.answers = dice.choice([0.0, 0.1])
            station.pace = dice.choice(PACES)
            for _ in range(dice.choice([0, 1, 2])):
                station.subscribe(dice.choice(FILTERS))
            station.start()

    # What is nothing special.

    def publish(self) -> None:
        self._station().publish(self.dice.choice([1, 1, 2, 5, 12]))

    def rush(self) -> None:
        """More than a slow reader can be given."""
        self._station().publish(100)

    def subscribe(self) -> None:
        self._station().subscribe(self.dice.choice(FILTERS))

    def unsubscribe(self) -> None:
        self._station().unsubscribe()

    def change_pace(self) -> None:
        self._station().pace = self.dice.choice(PACES)

    def change_weather(self) -> None:
        self.network.weather = self.world.weather()

    # What goes wrong with a link.

    def cut(self) -> None:
        if link := self.world.link():
            link.cut()

    def cut_soon(self) -> None:
        """A link is cut in the midst of a frame, whichever that will be."""
        if link := self.world.link():
            self.dice.choice(link.pipes).cut_after = self.dice.choice([1, 7, 100, 1_500, 20_000])

    def cut_next(self) -> None:
        """The next link is cut, or stalls, while its connection is opened, restored, or young."""
        size = self.dice.choice([1, 150, 200, 300, 400, 700, 1_000, 2_000, 5_000])
        stall = self.dice.choice([None, None, 2.5, 8.0])
        self.network.next_cut = self.dice.choice([0, 1, 1]), size, stall
        self.cut()

    def stall(self) -> None:
        """Nothing arrives for a while, one way or both, and then all of it."""
        if link := self.world.link():
            pipes = self.dice.choice([link.pipes, link.pipes[:1], link.pipes[1:]])
            for pipe in pipes:
                pipe.hold()
                self.world.loop.call_later(self.dice.choice([0.5, 5.0, 12.0, 25.0]), pipe.release)

    def lose(self) -> None:
        """Nothing arrives any more, and nobody is told."""
        if link := self.world.link():
            self.world.lose_in_fog(link)

    # What goes wrong with connecting.

    def refuse(self) -> None:
        self._door("refuses", self.dice.choice([0.5, 5.0, 20.0]))

    def close_door(self) -> None:
        self._door("is silent", self.dice.choice([3.0, 20.0]))

    def substitute(self) -> None:
        """Somebody accepts and closes at once, or has no time."""
        self.network.substitute = self.dice.choice([_Closing, _Busy])
        self.world.loop.call_later(self.dice.choice([1.0, 10.0]), self._end_substitute)

    def _end_substitute(self) -> None:
        self.network.substitute = None

    def _door(self, how: Any, seconds: float) -> None:
        self.network.door = how
        self.world.loop.call_later(seconds, self._open_door)

    def _open_door(self) -> None:
        self.network.door = "open"

    # What goes wrong with a server.

    def restart(self) -> None:
        dice = self.dice
        pause, kill, kept = dice.choice([0.0, 0.2, 3.0, 12.0]), dice.random() < 0.6, dice.random()
        self._background(self._restart(pause, kill=kill, kept=kept < 0.5))

    async def _restart(self, pause: float, *, kill: bool, kept: bool) -> None:
        if self.world.is_up:
            await self.world.stop(kill=kill)
            await asyncio.sleep(pause)
            await self.world.start(kept=kept)

    def change_delay(self) -> None:
        if isinstance(self.world.site.broker, DelayedBroker):
            self.world.site.broker.delay = self.dice.choice([0.0, 0.05, 1.0])

    def fail_to_store(self) -> None:
        if isinstance(self.world.site.broker, DelayedBroker):
            self.world.site.broker.unavailable = not self.world.site.broker.unavailable

    # What goes wrong with a client's machine.

    def sleep(self) -> None:
        """A laptop is closed, or a process stopped."""
        seconds = self.dice.choice([1.0, 8.0, 30.0, 90.0])
        self._station().machine.sleep(seconds, suspended=self.dice.random() < 0.6)

    def set_clock(self) -> None:
        skew = self.dice.choice([-3600, -10, 10, 600])
        if self.dice.random() < 0.5:
            self.world.skew += skew
        else:
            machine = self._station().machine
            machine.skew += skew
            machine.naps += skew > 0

    def retry_now(self) -> None:
        self._station().retry_now()

    def restart_client(self) -> None:
        self._station().restart(self.dice.choice([0.0, 1.0]))

    def _station(self) -> Station:
        return self.dice.choice(self.world.stations)

    def _background(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self.world.background(coroutine)


class _Closing(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


class _Busy(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        head = f"HTTP/1.1 429 Busy\r\nRetry-After: {RETRY_AFTER}\r\nContent-Length: 0\r\n\r\n"
        transport.write(head.encode())
        transport.close()
