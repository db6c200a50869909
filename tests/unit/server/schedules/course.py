"""What goes on in a world, and what goes wrong there, one thing after another."""

import asyncio

from tests.support.frames import TOKEN
from tests.unit.server.delayed import DelayedBroker
from tests.unit.server.schedules.matter import FILTERS, HOSTILE
from tests.unit.server.schedules.readers import Reader
from tests.unit.server.schedules.world import World
from tui.protocol.errors import CloseCode


class Course:
    """Some of what may go wrong, more or less often."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.dice = world.dice

    async def run(self, steps: int) -> None:
        """So many things happen, and some time between them passes."""
        dice, world = self.dice, self.world
        often = [self.publish] * 10 + [world.ping] * 3 + [world.come_back] * 4
        often += [self.subscribe, world.publish_again] * 2 + [self.unsubscribe, self.change_pace]
        wrong = [self.vanish, self.vanish, self.set_clock, self.say_nonsense, self.renew]
        wrong += [self.publish_nonsense, self.fail_to_store, self.change_delay, self.restart]
        wrong = dice.sample(wrong, dice.randint(1, len(wrong)))
        how_often = dice.choice([0.02, 0.05, 0.15])
        for _ in range(steps):
            dice.choice(wrong if dice.random() < how_often else often)()
            for _ in range(dice.choice([0, 0, 1, 2])):
                await asyncio.sleep(0)
            await asyncio.sleep(dice.choice(world.pauses))
            world.listen()

    def publish(self) -> None:
        self.dice.choice(self.world.publishers).publish()

    def publish_nonsense(self) -> None:
        self.dice.choice(self.world.publishers).publish_nonsense()

    def subscribe(self) -> None:
        self._reader().subscribe(self.dice.choice("xyz"), self.dice.choice(FILTERS))

    def unsubscribe(self) -> None:
        reader = self._reader()
        if reader.filters:
            reader.unsubscribe(self.dice.choice(sorted(reader.filters)))

    def vanish(self) -> None:
        """A connection is lost, with all that was not read, perhaps in the midst of a frame."""
        who = self.dice.choice(self.world.everyone)
        if who.line is not None:
            who.line.client.peer.read(self.dice.choice([0, 1, 300, 5_000]))
            who.line.client.peer.vanish()

    def change_pace(self) -> None:
        """A reader reads at once, slowly, or no more."""
        reader = self._reader()
        reader.pace = self.dice.choice([0, 0, 0, 500, 20_000, -1])
        if reader.line:
            peer = reader.line.client.peer
            if reader.pace == 0:
                peer.go_on_reading()
            else:
                peer.stop_reading()

    def set_clock(self) -> None:
        self.world.skew += self.dice.choice([-3600, -10, 10, 600])

    def say_nonsense(self) -> None:
        reader = self._reader()
        if reader.line is not None:
            reader.line.client.send(self.dice.choice(HOSTILE))

    def renew(self) -> None:
        reader = self._reader()
        if reader.line is not None:
            reader.line.client.say("auth_request", type="api-key", token=TOKEN)

    def fail_to_store(self) -> None:
        if isinstance(self.world.site.broker, DelayedBroker):
            self.world.site.broker.unavailable = not self.world.site.broker.unavailable

    def change_delay(self) -> None:
        if isinstance(self.world.site.broker, DelayedBroker):
            self.world.site.broker.delay = self.dice.choice([0.0, 0.002, 0.05, 1.0])

    def restart(self) -> None:
        """The server ends, with a word or without; another begins new epochs."""
        has_word = self.dice.random() < 0.5
        for connection in list(self.world.site.gateway.connections):
            if has_word:
                connection.close(CloseCode.RESTARTING, "restarting")
        for who in self.world.everyone:
            if who.line is not None and not has_word:
                who.line.client.peer.vanish()
        self.world.start()

    def _reader(self) -> Reader:
        return self.dice.choice(self.world.readers)
