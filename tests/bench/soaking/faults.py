"""What goes wrong: with the server's process, with connections, and by clients who mean harm."""

import asyncio
import gzip
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from random import Random
from typing import Any

from tests.bench.soaking.ledger import Ledger
from tests.bench.soaking.publishers import RawPublisher
from tests.bench.soaking.readers import RawReader, ResumingReader
from tests.support.frames import TOKEN, frame, log
from tests.support.proxy import Proxy
from tests.support.raw import BINARY, RawSocket, connect, handshake, masked, open_raw
from tests.support.served import Served
from tui.protocol.topics import Filter

STOP_SECONDS = 10.0
"""How long a server may take to stop."""
HARM_SECONDS = 8.0
"""How long a hostile client stays at the most."""

Fault = Callable[[], Coroutine[Any, Any, None]]


def hostile(randomness: Random) -> bytes:
    """Bytes behind a good handshake that no good client sends."""
    deep = b'{"a":' * 2000 + b"1" + b"}" * 2000
    bomb = gzip.compress(bytes(50_000_000), 9)
    stars = "*a" * 128
    wish = {"subscriptions": [{"subscriptionId": f"s{n}", "resourceId": stars} for n in range(128)]}
    many = {"subscriptions": [{"subscriptionId": f"s{n}"} for n in range(5_000)]}
    return randomness.choice(
        [
            randomness.randbytes(randomness.randrange(1, 5_000)),
            b"\x81\x05hello",  # not masked
            masked(b"hello", 0xF1),  # reserved bits
            masked(b"hello", 0x83),  # an opcode that is none
            masked(b"orphan", 0x80),
            b"\x81\xff" + b"\xff" * 8 + bytes(4),
            b"\x81\xff" + (10 * 2**20).to_bytes(8, "big") + bytes(4) + bytes(10 * 2**20),
            masked(b"x", 0x01) + masked(b"y", 0x00) * 4_000,
            masked(b"x" * 200, 0x89),  # a ping too long
            masked(b"\x03", 0x88),  # half a close code
            masked(b"\xff\xfe\xfd"),  # no UTF-8
            masked(deep),
            masked(b"[" * 60_000),
            masked(b'[{"type":"agent_log"}' + b',{"type":"agent_log"}' * 999 + b"]"),
            masked(b"[" + b"[]," * 20_000 + b"1]"),
            masked(bomb, BINARY) * 20,
            masked(b"\x1f\x8b" + randomness.randbytes(1_000), BINARY),
            masked(log("nan").replace(b"1}", b"NaN}")),
            masked(log("huge").replace(b"1}", b"1e999}")),
            masked(frame("subscribe", wish)),
            masked(frame("subscribe", many)),
            masked(frame("unsubscribe", {"subscriptionId": "x" * 60_000})),
            masked(frame("auth_request", {"type": "jwt", "token": "x" * 60_000})),
            masked(frame("no_such_type", {"x": "\u202e\x1b[31m" * 100})),
            masked(b"\x1b[31m\x00" * 100),
        ]
    )


class Faults:
    """A choice of them; each is over when its coroutine returns."""

    def __init__(
        self,
        served: Served,
        proxy: Proxy,
        readers: Sequence[RawReader],
        burster: RawPublisher,
        ledger: Ledger,
        randomness: Random,
    ) -> None:
        self._served = served
        self._proxy = proxy
        self._readers = readers
        self._burster = burster
        self._ledger = ledger
        self._random = randomness
        self.visitors: list[ResumingReader] = []
        self.to_clients: list[Fault] = [
            self.visit,
            self.cut_links,
            self.cut_links,
            self.stall_link,
            self.stall_reader,
            self.trickle_reader,
            self.fall_behind,
            self.fall_behind,
            self.reset_reader,
            self.send_garbage,
            self.send_garbage,
            self.send_garbage,
            self.say_it_slowly,
            self.come_in_hundreds,
            self.publish_a_burst,
            self.publish_a_burst,
        ]
        self.to_the_server: list[Fault] = [self.kill_server, self.kill_server, self.stop_server]

    # The server's process.

    async def kill_server(self) -> None:
        self._served.kill()
        await self._start()

    async def stop_server(self) -> None:
        """SIGTERM, whatever its clients do."""
        code, seconds = await asyncio.to_thread(self._served.terminate)
        self._ledger.note("longest stop (s)", seconds)
        if code != 0 or seconds > STOP_SECONDS:
            self._ledger.wrong(f"SIGTERM: exit code {code} after {seconds:.1f} s")
        await self._start()

    async def _start(self) -> None:
        begun = asyncio.get_running_loop().time()
        await asyncio.sleep(self._random.choice((0, 0, 0.5, 2)))
        await asyncio.to_thread(self._served.start)
        self._ledger.note("longest restart (s)", asyncio.get_running_loop().time() - begun)

    # Connections.

    async def cut_links(self) -> None:
        """Somewhere in the next bytes, so mostly in the middle of a frame."""
        links = self._proxy.links
        for link in self._random.sample(links, min(len(links), self._random.randrange(1, 4))):
            link.to_client.cut(self._random.choice((0, self._random.randrange(1, 5_000))))

    async def stall_link(self) -> None:
        if self._proxy.links:
            flow = self._random.choice(self._proxy.links).to_client
            flow.stall()
            await asyncio.sleep(self._random.uniform(0.5, 15))
            flow.resume()

    async def stall_reader(self) -> None:
        raw = self._random.choice(self._readers).raw
        if raw is not None:
            raw.stall()
            await asyncio.sleep(self._random.uniform(0.5, 15))
            raw.resume()

    async def trickle_reader(self) -> None:
        """It reads, but less than there is."""
        raw = self._random.choice(self._readers).raw
        for _ in range(self._random.randrange(10, 100)):
            if raw is not None:
                raw.stall()
                await asyncio.sleep(0.1)
                raw.resume()
                await asyncio.sleep(0)

    async def fall_behind(self) -> None:
        """It reads nothing while more comes than the buffers of the kernels hold."""
        raw = self._random.choice(self._readers).raw
        if raw is not None:
            raw.stall()
            if self._random.random() < 0.3:
                await self._burster.burst(self._random.randrange(50, 150), 40_000, "agent_log")
            else:
                state = self._random.choice(("agent_task_update", "deployment_status"))
                await self._burster.burst(self._random.randrange(500, 1_500), 5_000, state)
            await self._burster.burst(self._random.randrange(10, 1_000), None)
            await asyncio.sleep(self._random.choice((0, 0.5, 5, 12)))
            raw.resume()

    async def reset_reader(self) -> None:
        raw = self._random.choice(self._readers).raw
        if raw is not None:
            raw.reset()

    async def visit(self) -> None:
        """A newcomer, who is given the present state and leaves again."""
        visitor = ResumingReader(
            "visitor",
            self._served.url,
            self._ledger,
            self._random,
            [Filter("agent"), Filter("tdd")],
        )
        visitor.stays = False
        self.visitors.append(visitor)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._random.uniform(0.2, 5)):
                await visitor.run()

    # Clients who mean harm, and such as there are many of.

    async def send_garbage(self) -> None:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(HARM_SECONDS):
                raw = await open_raw(self._served.url, TOKEN, v1=self._random.random() < 0.5)
                try:
                    raw.transport.write(hostile(self._random))
                    await raw.drained()
                    if self._random.random() < 0.5:
                        await raw.ended()
                finally:
                    raw.reset()

    async def say_it_slowly(self) -> None:
        """A byte at a time: the handshake, or a frame."""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(HARM_SECONDS):
                said = handshake(self._served.url, TOKEN) + masked(frame("ping"))
                raw = await connect(self._served.url)
                at_once = self._random.choice((0, len(handshake(self._served.url, TOKEN))))
                try:
                    raw.transport.write(said[:at_once])
                    for byte in said[at_once:]:
                        await asyncio.sleep(0.05)
                        if raw.ending is None:
                            raw.transport.write(bytes([byte]))
                finally:
                    raw.reset()

    async def come_in_hundreds(self) -> None:
        async def come() -> None:
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(HARM_SECONDS):
                    token = TOKEN if self._random.random() < 0.8 else "wrong"
                    raw = await connect(self._served.url)
                    v1 = self._random.random() < 0.5
                    raw.transport.write(handshake(self._served.url, token, v1=v1))
                    await self._behave(raw)

        await asyncio.gather(*(come() for _ in range(self._random.randrange(50, 200))))

    async def _behave(self, raw: RawSocket) -> None:
        try:
            habit = self._random.choice(("leave", "ask", "linger"))
            if habit != "leave" and await raw.opened():
                raw.send(frame("subscribe", {"subscriptionId": "s"}))
                await raw.frame()
                if habit == "linger":
                    await asyncio.sleep(self._random.uniform(0, 2))
        finally:
            if self._random.random() < 0.5:
                raw.close()
            else:
                raw.reset()

    async def publish_a_burst(self) -> None:
        if self._random.random() < 0.5:
            await self._burster.burst(self._random.randrange(500, 4_000), None)
        else:  # what no reader's buffers hold
            await self._burster.burst(self._random.randrange(100, 300), 40_000, "agent_log")
