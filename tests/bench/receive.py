"""The client's receive path against a bare loop, as one Markdown table.

receive.py [--rounds N] [--events N]

From the socket's bytes to `Store.apply`: framed, validated, kept from coming twice, handed out and
folded. The bare loop is `websockets` and `orjson.loads`, with nothing done to what comes out; a
second one validates by our models, to show what they take of the client's time. Each reads the
same bytes, in a process of its own, in alternating rounds; this process sends them, and only the
reader's processor time counts, from the first event on.
"""

import argparse
import asyncio
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import orjson
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from tests.unit.protocol.samples import DATA, sample
from tui.client import Client
from tui.client.connection import V1
from tui.protocol.catalog import EVENTS, RESOURCES
from tui.protocol.codec import decode, warm_up
from tui.store import Store

AGENTS = 20
"""Over which the events are spread."""
PIECE = 256 * 1024
"""Bytes that are written at a time: there is always more than a reader takes."""
EPOCH = "bench"


class Load(NamedTuple):
    """What is sent, and the goal for the reader's ratio to the bare loop."""

    what: str
    batch: int
    v1: bool
    goal: float


LOADS = {
    "one": Load("plain, one event a frame", 1, False, 2.5),
    "one-v1": Load("v1, one event a frame", 1, True, 2.5),
    "batch": Load("plain, batches of 100", 100, False, 4.0),
    "batch-v1": Load("v1, batches of 100", 100, True, 4.0),
}


# What is sent.


def events(count: int, *, v1: bool) -> Iterator[bytes]:
    """All types in turn, each agent's in turn."""
    offsets = dict.fromkeys(RESOURCES, 0)
    types = list(DATA)
    for number in range(count):
        type_ = types[number % len(types)]
        event = sample(type_)
        event["id"] = f"evt-{number:012d}"
        if "agentId" in event["data"]:
            event["data"]["agentId"] = f"coder-{number // len(types) % AGENTS:03d}"
        if v1:
            resource = EVENTS[type_].resource
            offsets[resource] += 1
            event["metadata"]["offset"] = offsets[resource]
        yield orjson.dumps(event)


def pieces(count: int, load: Load) -> list[bytes]:
    """The frames of all events, joined."""
    members = list(events(count, v1=load.v1))
    payloads = members
    if load.batch > 1:
        starts = range(0, count, load.batch)
        payloads = [b"[" + b",".join(members[at : at + load.batch]) + b"]" for at in starts]
    frames = b"".join(Frame(Opcode.TEXT, one).serialize(mask=False) for one in payloads)
    return [frames[at : at + PIECE] for at in range(0, len(frames), PIECE)]


def hello(load: Load) -> str:
    data: dict[str, Any] = {"clientId": "c"} | ({"protocol": 1} if load.v1 else {})
    return json.dumps({"id": "hello", "type": "connect", "timestamp": 1, "data": data})


def confirmation(asked: dict[str, Any]) -> str:
    positions = {name: {"epoch": EPOCH, "offset": 0} for name in RESOURCES}
    ids = [one["subscriptionId"] for one in asked["data"]["subscriptions"]]
    data = {"subscriptionIds": ids, "status": "active", "positions": positions}
    return json.dumps({"type": "subscription_update", "data": data})


class Feed:
    """Sends everything to whoever has said something, or in v1 subscribed."""

    def __init__(self, load: Load, count: int) -> None:
        self._load = load
        self._pieces = pieces(count, load)

    async def serve(self, websocket: ServerConnection) -> None:
        await websocket.send(hello(self._load))
        async for message in websocket:
            said = json.loads(message)
            if said["type"] == "subscribe":
                if self._load.v1:
                    await websocket.send(confirmation(said))
                break
        for piece in self._pieces:
            websocket.transport.write(piece)
            await websocket.drain()
        await websocket.wait_closed()


# Who reads.


async def read_bare(
    url: str, count: int, batch: int, parse: Callable[[bytes], Any] = orjson.loads
) -> float:
    options: dict[str, Any] = {"compression": None, "proxy": None, "ping_interval": None}
    async with connect(url, subprotocols=[V1], **options) as websocket:
        hello = orjson.loads(await websocket.recv(decode=False))
        wish = {"type": "subscribe", "data": {"subscriptions": [{"subscriptionId": "s"}]}}
        await websocket.send(json.dumps(wish))
        if "protocol" in hello["data"]:
            await websocket.recv(decode=False)
        parse(await websocket.recv(decode=False))
        begun, left = time.process_time(), count - batch
        while left > 0:
            parse(await websocket.recv(decode=False))
            left -= batch
        return time.process_time() - begun


async def read_validating(url: str, count: int, batch: int) -> float:
    return await read_bare(url, count, batch, decode)


async def read_with_client(url: str, count: int, batch: int) -> float:
    store = Store()
    done = asyncio.Event()
    begun = 0.0

    def apply(event: Any) -> None:
        nonlocal begun
        if store.events == batch:
            begun = time.process_time()
        store.apply(event, client.event_size)
        if store.events == count:
            done.set()

    client = Client(url)
    client.on("*", apply)
    await client.subscribe()
    async with client:
        await done.wait()
        took = time.process_time() - begun
    if client.invalid:
        raise SystemExit(f"{client.invalid} could not be read")
    return took


READERS = {"bare": read_bare, "validating": read_validating, "client": read_with_client}


def read(reader: str, url: str, count: int, batch: int) -> None:
    """A reader's process: prints its processor time for an event (seconds)."""
    warm_up()
    # As the dashboard has it once it is connected.
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    took = asyncio.run(READERS[reader](url, count, batch))
    print(took / (count - batch))


# The measurement.


async def cost(reader: str, url: str, count: int, batch: int) -> float:
    command = [sys.executable, "-m", "tests.bench.receive"]
    command += ["--read", reader, "--url", url, "--events", str(count), "--batch", str(batch)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    if process.returncode:
        raise SystemExit(f"{reader} failed")
    return float(said)


async def measure(count: int, rounds: int) -> bool:
    row("load", "bare loop", "validating", "client", "ratio", "of the rounds", "goal")
    row(*["---"] * 7)
    reached = True
    for load in LOADS.values():
        feed = Feed(load, count)
        subprotocols: list[Subprotocol] | None = [V1] if load.v1 else None
        async with serve(
            feed.serve, "127.0.0.1", 0, subprotocols=subprotocols, compression=None,
            ping_interval=None, write_limit=PIECE,
        ) as server:  # fmt: skip
            port = next(iter(server.sockets)).getsockname()[1]
            costs: dict[str, list[float]] = {name: [] for name in READERS}
            for number in range(rounds):
                for name in list(READERS)[:: -1 if number % 2 else 1]:
                    took = await cost(name, f"ws://127.0.0.1:{port}/ws", count, load.batch)
                    costs[name].append(took * 1e6)
        ratios = sorted(c / b for b, c in zip(costs["bare"], costs["client"], strict=True))
        ratio = statistics.median(ratios)
        reached &= ratio <= load.goal
        row(
            load.what,
            *(f"{statistics.median(costs[name]):.1f} us" for name in READERS),
            f"{ratio:.2f}x",
            f"{ratios[0]:.2f} to {ratios[-1]:.2f}x",
            f"{load.goal:g}x",
        )
    return reached


def row(*cells: str) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=60_000, help="a round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--read", choices=READERS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--batch", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        read(arguments.read, arguments.url, arguments.events, arguments.batch)
    else:
        raise SystemExit(not asyncio.run(measure(arguments.events, arguments.rounds)))


if __name__ == "__main__":
    main()
