"""What connections cost that do nothing: memory of a server with 5,000 of them.

idle.py [--connections N] [--command 'autosdlc-tui serve']
"""

import argparse
import asyncio
import resource
import shlex
import tempfile
from pathlib import Path

from tests.bench.measure import say
from tests.support.frames import TOKEN, frame
from tests.support.raw import RawSocket, open_raw
from tests.support.served import COMMAND, Served

AT_ONCE = 100
"""Handshakes under way."""
MIB = 1024 * 1024


async def connect(url: str, count: int) -> list[RawSocket]:
    """Half of them plain, half v1; each with a subscription, as a dashboard has."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> RawSocket:
        async with places:
            raw = await open_raw(url, TOKEN, v1=bool(number % 2))
            subscribe = {"subscriptionId": "s", "resource": "agent", "resourceId": f"a-{number}"}
            raw.send(frame("subscribe", subscribe))
            raw.send(frame("ping"))
            while b'"pong"' not in (await raw.frame() or b'"pong"'):
                pass
        return raw

    return await asyncio.gather(*map(one, range(count)))


async def measure(served: Served, count: int) -> None:
    await connect(served.url, 2)  # what the first connections cost is no cost of each
    before = served.usage()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    raws = await connect(served.url, count)
    took = loop.time() - begun
    await asyncio.sleep(2)
    connected = served.usage()
    await asyncio.sleep(15)  # past the first heartbeat, at which each answers a ping
    after = served.usage()
    lost = sum(raw.ending is not None for raw in raws)
    say(f"{count} idle connections: resident memory", f"{after.rss / MIB:.0f} MiB", "250 MiB")
    say("  of it a connection", f"{(after.rss - before.rss) / count / 1024:.1f} KiB", "-")
    say("  CPU while they are idle", f"{(after.cpu - connected.cpu) / 15 * 100:.0f} %", "-")
    say("  connected and subscribed a second", f"{count / took:.0f}", "-")
    say("  lost meanwhile", f"{lost}", "0")
    for raw in raws:
        raw.reset()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=5000)
    parser.add_argument("--command", default=shlex.join(COMMAND))
    arguments = parser.parse_args()
    # The server inherits what may be opened here.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as home:
        command = shlex.split(arguments.command)
        with Served(Path(home), command=command) as served:
            asyncio.run(measure(served, arguments.connections))


if __name__ == "__main__":
    main()
