"""Who reads: v1 by hand with a cursor of its own, plain by hand, and the SDK behind a proxy.

Each notes what it is given as it comes. What can be judged at once is; the rest waits for the
streams to be read whole (`accounts`).
"""

import asyncio
import gzip
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count
from random import Random
from typing import Any

import orjson

from tests.bench.soaking.accounts import Account, Given, check_run, check_set
from tests.bench.soaking.ledger import Ledger
from tests.bench.soaking.story import Made
from tests.support.frames import TOKEN, frame
from tests.support.raw import RawSocket, open_raw
from tui.client import Client, ClientOptions, Gap, Reconnect
from tui.protocol.catalog import EVENTS
from tui.protocol.topics import Filter

JsonObject = dict[str, Any]
OPEN_SECONDS = 10.0
SMALL_BUFFER = 64 * 1024
"""What the kernel takes for a reader that stalls: no more than this, so that the server notices."""


def messages(payload: bytes) -> list[JsonObject]:
    """The messages of a frame; gzip says of each that it was compressed."""
    zipped = payload.startswith(b"\x1f\x8b")
    content = orjson.loads(gzip.decompress(payload) if zipped else payload)
    members: list[JsonObject] = content if isinstance(content, list) else [content]
    if any(bool((one.get("metadata") or {}).get("compressed")) != zipped for one in members):
        raise AssertionError(f"metadata.compressed is wrong: {members[0]}")
    return members


class RawReader:
    """What both layers have in common: a socket that is opened again and again."""

    v1 = False

    def __init__(
        self, name: str, url: str, ledger: Ledger, randomness: Random, filters: Sequence[Filter]
    ) -> None:
        self.name = name
        self._filters = filters
        self.raw: RawSocket | None = None
        self._url = url
        self._ledger = ledger
        self._random = randomness
        self._pings = count(1)

    async def run(self) -> None:
        """Read until cancelled, over as many connections as it takes."""
        while True:
            raw = None
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(OPEN_SECONDS):
                    raw = await open_raw(self._url, TOKEN, v1=self.v1, receive_buffer=SMALL_BUFFER)
            if raw is not None:
                try:
                    await self._converse(raw)
                finally:
                    self.raw = None
                    raw.reset()
                code = raw.ending.code if raw.ending else 0
                self._ledger.counts[f"{self.name}: closed with {code}"] += 1
            await asyncio.sleep(self._random.uniform(0.05, 0.5))

    async def _converse(self, raw: RawSocket) -> None:
        raw.send(self._subscribe())
        self.raw = raw
        self._connected()
        while (payload := await raw.frame()) is not None:
            if not self.v1 and payload.startswith(b"["):
                self._ledger.wrong(f"{self.name}: a plain client was sent a batch")
            for message in messages(payload):
                self._take(message)

    def wants(self, made: Made) -> bool:
        return any(one.matches(made.topic) for one in self._filters)

    def ping(self) -> None:
        if self.raw is not None:
            self.raw.send(frame("ping", {}, f"ping-{next(self._pings)}"))

    def faults(self, streams: Mapping[str, Sequence[Made]]) -> Iterator[str]:
        """Hold what was given against what was stored, once all is over."""
        raise NotImplementedError

    def _subscribe(self) -> bytes:
        raise NotImplementedError

    def _connected(self) -> None:
        raise NotImplementedError

    def _take(self, message: JsonObject) -> None:
        raise NotImplementedError


class ResumingReader(RawReader):
    """v1: resumes where it was; believes nothing."""

    v1 = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.given: dict[str, list[Given]] = {}
        self.begin: dict[str, int] = {}
        """Where its subscriptions began, by resource."""
        self.stays = True
        """Whether it is there to the end."""
        self.cursor: dict[str, int] = {}
        self._epochs: dict[str, str] = {}
        self._news = asyncio.Event()
        self._pages: dict[str, list[tuple[int, str]]] = {}

    async def reached(self, heads: Mapping[str, int]) -> None:
        """Wait until it has come so far in each stream, by the server's word."""
        while any(at < heads[resource] for resource, at in self.cursor.items()):
            self._news.clear()
            await self._news.wait()

    def faults(self, streams: Mapping[str, Sequence[Made]]) -> Iterator[str]:
        for resource, given in self.given.items():
            account = Account(streams[resource], self.wants, self.begin[resource])
            for fault in account.faults(given, to_the_end=self.stays):
                yield f"{resource}: {fault}"

    def _subscribe(self) -> bytes:
        subscriptions = [
            {"subscriptionId": f"s-{n}", "resource": one.resource, "resourceId": one.id}
            | ({"events": list(one.events)} if one.events else {})
            for n, one in enumerate(self._filters)
        ]
        resume = {
            resource: {"epoch": self._epochs[resource], "offset": offset}
            for resource, offset in self.cursor.items()
        }
        data = {"subscriptions": subscriptions} | ({"resume": resume} if resume else {})
        return frame("subscribe", data, "subscribe")

    def _connected(self) -> None:
        self._pages.clear()
        for given in self.given.values():
            given.append(Given("connected"))

    def _take(self, message: JsonObject) -> None:
        type_, data = message["type"], message["data"]
        if type_ == "subscription_update":
            self._update(data)
        elif type_ == "pong":
            self._positions(data.get("positions") or {})
            for resource, position in (data.get("positions") or {}).items():
                self._note(resource, Given("position", position["offset"]))
            self._news.set()
        elif type_ == "error":
            self._ledger.wrong(f"{self.name}: refused: {data}")
        elif type_ not in ("connect", "ping"):
            metadata = message["metadata"]
            kind = "replayed" if metadata.get("replayed") else "live"
            resource = _resource(type_)
            self._ledger.counts[f"{kind} to v1 readers"] += 1
            self._ledger.counts["conflated"] += metadata.get("conflated", 0)
            if metadata["offset"] <= self.cursor.get(resource, 0):
                where = f"{metadata['offset']}, already at {self.cursor[resource]}"
                self._ledger.wrong(f"{self.name}: {resource} goes back to {where}")
            conflated = metadata.get("conflated", 0)
            event = Given(kind, metadata["offset"], conflated, id=message["id"])
            self._note(resource, event)

    def _update(self, data: JsonObject) -> None:
        resource = data.get("resource", "")
        if data["status"] == "active":
            self._positions(data["positions"])
            for name, position in data["positions"].items():
                if name not in self.begin:
                    self.begin[name] = self.cursor[name] = position["offset"]
                    self.given[name] = []
        elif data["status"] == "gap":
            lost = data.get("lost")
            if lost is None:
                self._ledger.wrong(f"{self.name}: {resource} began a new epoch")
            else:
                self._ledger.counts["gaps told to v1 readers"] += 1
                self._note(resource, Given("gap", lost["to"], since=lost["from"]))
        elif data["status"] == "snapshot":
            page = [(one["metadata"]["offset"], one["id"]) for one in data["state"]]
            state = self._pages.setdefault(resource, [])
            state += page
            if not data["more"]:
                self._ledger.counts["snapshots"] += 1
                self._note(resource, Given("snapshot", data["offset"], state=state))
                self._pages[resource] = []
        else:
            self._ledger.wrong(f"{self.name}: told {data}")

    def _note(self, resource: str, given: Given) -> None:
        self.given[resource].append(given)
        self.cursor[resource] = max(self.cursor[resource], given.offset)

    def _positions(self, positions: JsonObject) -> None:
        for resource, position in positions.items():
            if self._epochs.setdefault(resource, position["epoch"]) != position["epoch"]:
                self._ledger.wrong(f"{self.name}: {resource} began a new epoch")


class PlainReader(RawReader):
    """Written from the document: no offsets, no batches, closed where it is too slow."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.runs: list[dict[str, list[str]]] = []
        """For each connection, ids by resource."""

    def faults(self, streams: Mapping[str, Sequence[Made]]) -> Iterator[str]:
        for run in self.runs:
            for resource, ids in run.items():
                for fault in check_run(streams[resource], self.wants, ids):
                    yield f"{resource}: {fault}"

    def _subscribe(self) -> bytes:
        one = self._filters[0]
        return frame("subscribe", {"resource": one.resource, "resourceId": one.id})

    def _connected(self) -> None:
        self.runs.append({})

    def _take(self, message: JsonObject) -> None:
        type_ = message["type"]
        if type_ in ("error", "subscription_update", "publish_ack"):
            self._ledger.wrong(f"{self.name}: a plain client was told {message}")
        elif type_ not in ("connect", "ping", "pong"):
            if v1s := {"offset", "replayed", "conflated"} & (message.get("metadata") or {}).keys():
                self._ledger.wrong(f"{self.name}: a plain client was sent {v1s}")
            self._ledger.counts["to plain readers"] += 1
            self.runs[-1].setdefault(_resource(type_), []).append(message["id"])


class SdkReader:
    """`tui.client`, whose every event and gap is noted."""

    def __init__(
        self, name: str, url: str, ledger: Ledger, randomness: Random, filters: Sequence[Filter]
    ) -> None:
        self.name = name
        self._filters = filters
        self.seen: set[str] = set()
        self.gaps: dict[str, list[tuple[int, int]]] = {}
        self.client = Client(
            url,
            TOKEN,
            options=ClientOptions(reconnect=Reconnect(max_delay=1.0)),
            randomness=randomness,
        )
        self._ledger = ledger
        self._news = asyncio.Event()
        self._last: dict[str, int] = {}

    async def run(self) -> None:
        """Read until cancelled."""
        self.client.on("*", self._take)
        self.client.on("gap", self._gap)
        for one in self._filters:
            await self.client.subscribe(one.resource, one.id, one.events)
        self.client.start()
        try:
            await asyncio.Event().wait()
        finally:
            await self.client.close()

    def wants(self, made: Made) -> bool:
        return any(one.matches(made.topic) for one in self._filters)

    def faults(self, streams: Mapping[str, Sequence[Made]]) -> Iterator[str]:
        for resource, stream in streams.items():
            for fault in check_set(stream, self.wants, self.seen, self.gaps.get(resource, [])):
                yield f"{resource}: {fault}"

    async def has(self, id_: str) -> None:
        while id_ not in self.seen:
            self._news.clear()
            await self._news.wait()

    def _take(self, event: Any) -> None:
        self._ledger.counts["to SDK readers"] += 1
        self._news.set()
        if event.id in self.seen:
            self._ledger.wrong(f"{self.name}: {event.id} came twice")
        self.seen.add(event.id)
        if event.type == "agent_log":  # in no snapshot, which may bring what is older
            if event.metadata.offset <= self._last.get(event.type, 0):
                self._ledger.wrong(f"{self.name}: {event.id} goes back to {event.metadata.offset}")
            self._last[event.type] = event.metadata.offset

    def _gap(self, gap: Gap) -> None:
        if gap.lost_from is None or gap.lost_to is None:
            self._ledger.wrong(f"{self.name}: {gap.resource} began a new epoch")
        else:
            self._ledger.counts["gaps told to SDK readers"] += 1
            self.gaps.setdefault(gap.resource, []).append((gap.lost_from, gap.lost_to))


def _resource(type_: str) -> str:
    return EVENTS[type_].resource
