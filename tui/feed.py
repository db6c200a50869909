"""The one bridge: client -> store -> whoever draws. Nothing else knows both client and store.

What is heavy (client, server, models) is imported here, in a thread, after the first frame.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit
from zlib import crc32

from tui.protocol.text import clean, presentable_url
from tui.protocol.topics import Filter
from tui.store import Store
from tui.store.link import Link
from tui.store.logs import LogLine

if TYPE_CHECKING:
    from tui.client import Client, ConnectionStatus, Denied, Gap, Token
    from tui.discovery import ServerRecord
    from tui.protocol.models import ErrorMessage
    from tui.recording import Playback
    from tui.server.config import ServerConfig
    from tui.server.embedded import EmbeddedServer
    from tui.sources.demo.thread import DemoThread

DEMO_HISTORY = 512 * 1024
"""Bytes of each resource's past that the demo's server keeps."""
PAST = 12 * 3_600_000.0
"""Milliseconds of what happened before the start that are asked for: a long working day.

A server keeps some 8 MiB of each resource, which takes a few seconds where it is full.
"""
LOST_AFTER = 3
"""Failed tries after which another server is looked for."""
STARTED_WITHIN = 5.0
"""Seconds for which another dashboard that starts its server is waited for."""
OWN = "embedded"
"""What a server in a dashboard of this machine is known by: it goes on with the same journal."""
RATE_WINDOW = 3
"""Seconds over which events are averaged."""
HINT = (
    "this dashboard runs a server of its own at {url}. Feed it from another terminal: "
    "pytest --autosdlc"
)


class Plan(NamedTuple):
    """Where the events come from.

    With neither `url` nor `demo`, a server running on this machine, or else one of our own.
    """

    url: str | None = None
    name: str = ""
    """What the server is called, where there are several."""
    token: "Token | None" = None
    """None: AUTOSDLC_TOKEN, or for a server on this machine the one that is kept here."""
    demo: bool = False
    seed: int = 0
    speed: float = 1.0
    replay: "Playback | None" = None
    """A recording, instead of all that (see `tui.replay`)."""

    def __repr__(self) -> str:
        """Without its secrets."""
        safe = self._replace(url=self.url and presentable_url(self.url), token=None)._asdict()
        return f"Plan({', '.join(f'{name}={value!r}' for name, value in safe.items())})"


class Feed:
    """Runs the connection, and keeps the store's link true.

    `changed` is called whenever the store may have changed; it must be cheap.
    """

    def __init__(
        self,
        store: Store,
        plan: Plan,
        filters: Sequence[Filter],
        changed: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self.store = store
        self._plan = plan
        self._filters = filters
        self._changed = changed
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._preparing: asyncio.Task[Token | None] | None = None
        self._client: Client | None = None
        self._server: EmbeddedServer | None = None
        self._demo: DemoThread | None = None
        self._status: ConnectionStatus | None = None
        self._found: ServerRecord | None = None
        """The server that was found on this machine; None where one was named, or is our own."""
        self._search: asyncio.Task[None] | None = None
        self._url = plan.url or ""
        self._kind = "demo" if plan.demo else ""
        self._hint = ""
        self._quiet_since: float | None = None
        self._counts: deque[tuple[float, int]] = deque(maxlen=RATE_WINDOW + 1)

    @property
    def name(self) -> str:
        """What its server is called."""
        return self._plan.name or self._shown_url()

    async def run(self) -> None:
        """Find or start a server, and connect to it; from then on the client keeps connected.

        Whatever goes wrong is shown as the reason why the link stopped.
        """
        self._loop = asyncio.get_running_loop()
        self._preparing = asyncio.create_task(asyncio.to_thread(self._prepare))
        try:
            await self._connect(await asyncio.shield(self._preparing), self._clock() - PAST)
        except Exception as error:  # noqa: BLE001 - whatever it is, the screen says it
            self._show(Link("stopped", self._shown_url(), self._kind, str(error)))

    async def _connect(self, token: "Token | None", since: float | None = None) -> None:
        from tui.client import Client

        self.store.inbox.server = self._known_as()
        self._show(Link("connecting", self._shown_url(), self._kind))
        client = self._client = Client(self._url, token, source="autosdlc-tui")
        client.on("*", self._apply)
        client.on_status(self._on_status)
        for wanted in self._filters:
            await client.subscribe(wanted.resource, wanted.id, wanted.events, since=since)
        client.on("gap", self._on_gap)
        client.on("denied", self._on_denied)
        client.on("error", self._on_error)
        client.start()

    async def close(self) -> None:
        """End everything that `run` began; what is being started first gets ready."""
        if self._preparing is not None:
            await asyncio.wait([self._preparing])
        if self._demo is not None:
            await asyncio.to_thread(self._demo.stop)
        if self._search is not None:
            await asyncio.wait([self._search])
        if self._client is not None:
            await self._client.close()
        if self._server is not None:
            await asyncio.to_thread(self._server.stop)

    def tick(self) -> None:
        """Once a second: events a second, and the time to the next try."""
        self._counts.append((time.monotonic(), self.store.events))
        self._update()
        if self._status is not None and self._status.attempt >= LOST_AFTER:
            self._search_again()

    def retry_now(self) -> None:
        if self._client is not None:
            self._client.retry_now()
        self._search_again()

    def _search_again(self) -> None:
        """Look for another server, where nobody said which and the one that was found is gone."""
        waits = self._status is not None and self._status.phase == "waiting"
        if waits and self._found is not None and (not self._search or self._search.done()):
            self._search = asyncio.create_task(self._move(self._found))

    async def _move(self, lost: "ServerRecord") -> None:
        try:
            token = await asyncio.to_thread(self._find_another, lost)
            if self._url != lost.url and self._client is not None:
                await self._client.close()
                await self._connect(token)
        except Exception as error:  # noqa: BLE001 - whatever it is, a log line says it
            self._say("error", f"looking for another server: {error}")

    def _find_another(self, lost: "ServerRecord") -> str | None:
        """In a thread: a server that runs, or our own in the place of another dashboard's."""
        from tui.discovery import load_token

        if not self._find() and lost.kind == "embedded":
            # Whoever was connected there comes back to that port.
            return self._find_or_start(urlsplit(lost.url).port)
        return load_token()

    def _prepare(self) -> "Token | None":
        """In a thread: import what is heavy, settle on a server. The token to use."""
        from tui.discovery import load_token, token_for

        plan = self._plan
        token: Token | None
        if plan.url:
            token = plan.token or token_for(plan.url)
        elif plan.demo:
            token = self._start_demo()
        elif self._find():
            token = load_token()
        else:
            token = self._find_or_start()
        import tui.client  # noqa: F401 - so that the event loop need not
        from tui.protocol import codec

        codec.warm_up()
        if plan.demo and isinstance(token, str):
            # Not before the models are built: each thread that needs them would build its own.
            from tui.sources.demo.thread import DemoThread

            self._demo = DemoThread(self._url, token, plan.seed, plan.speed)
            self._demo.start()
        return token

    def _start_demo(self) -> str:
        import secrets

        from tui.server.config import ServerConfig

        token = secrets.token_urlsafe(32)
        # Nobody resumes a demo from long ago, so an hour of it need not fill the memory; and
        # nobody else could use it, for want of its token.
        config = ServerConfig(
            port=0,
            http_port="off",
            token=token,
            history_bytes=DEMO_HISTORY,
            rate_limits="off",  # it tells its story as fast as it is asked to
            kind="demo",
            announce=False,
        )
        self._start_server(config)
        return token

    def _find(self) -> bool:
        """Whether a server runs on this machine; then it is the one to watch."""
        from tui.discovery import find_servers

        if found := find_servers():
            self._found = found[0]
            self._url = self._found.url
        return bool(found)

    def _find_or_start(self, port: int | None = None) -> str:
        """A server of our own, unless another dashboard starts one at this moment."""
        from tui.discovery import token_file
        from tui.lock import locked
        from tui.server.config import ServerError

        config = self._own()
        if port is not None:
            config = replace(config, port=port)
        lock = token_file().with_name("start.lock")
        with ExitStack() as alone:
            with suppress(OSError):  # a server without the other dashboards is better than none
                lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                lock.touch(mode=0o600)
                alone.enter_context(locked(lock, STARTED_WITHIN))
            if not self._find():
                try:
                    self._start_server(config)
                except ServerError:  # those ports are taken: any others will do
                    self._start_server(replace(config, port=0))
        return config.token

    def _own(self) -> "ServerConfig":
        """A server of our own, which goes on where this machine's last one stood."""
        from tui.discovery import load_or_create_token, token_file
        from tui.server.config import ServerConfig

        journal = token_file().with_name("journal.db")
        return ServerConfig(token=load_or_create_token(), journal=journal, kind="embedded")

    def _start_server(self, config: "ServerConfig") -> None:
        from tui.server.embedded import EmbeddedServer

        server = EmbeddedServer(config, on_trouble=self._on_trouble)
        self._url = server.start().url
        self._server, self._kind, self._found = server, config.kind, None
        if self._kind == "embedded":
            self._hint = HINT.format(url=self._url)

    def _apply(self, event: Any) -> None:
        self.store.apply(event, self._client.event_size if self._client else 0)
        self._changed()

    def _on_gap(self, gap: "Gap") -> None:
        if gap.resource == "tdd":
            self.store.tdd.missed(self._clock())
        self._say("warn", str(gap))

    def _on_denied(self, denied: "Denied") -> None:
        self._say("error", str(denied))

    def _on_error(self, message: "ErrorMessage") -> None:
        self._say("error", f"the server says: {message.data.error}")

    def _on_trouble(self, level: str, text: str) -> None:
        """Our own server warns of something, in a thread of its own."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop may have ended meanwhile
                self._loop.call_soon_threadsafe(
                    self._say, level, f"this dashboard's server: {text}"
                )

    def _say(self, level: str, text: str) -> None:
        """A log line of the dashboard's own."""
        self.store.note(LogLine(self._clock(), "autosdlc", level, clean(text)))
        self._changed()

    def _on_status(self, status: "ConnectionStatus") -> None:
        if status.phase == "live":
            self._quiet_since = None
        elif self._status is not None and self._status.phase == "live":
            self._quiet_since = self._clock()
        self._status = status
        self._update()

    def _update(self) -> None:
        status = self._status
        if status is None:
            return
        waits = status.retry_at is not None and status.phase == "waiting"
        self._show(
            Link(
                phase=status.phase,
                url=self._shown_url(),
                kind=self._kind,
                reason=status.reason or "",
                retry_in=max(0.0, (status.retry_at or 0) - time.monotonic()) if waits else None,
                attempt=status.attempt,
                round_trip=status.round_trip,
                quiet_since=self._quiet_since,
                rate=self._rate(),
                lag=self._client.lag if self._client else 0,
                hint=self._hint,
            )
        )

    def _shown_url(self) -> str:
        """The address without its secrets."""
        return presentable_url(self._url)

    def _known_as(self) -> str:
        """By what a server is the same one at the next start."""
        if self._found.kind == "embedded" if self._found else self._server is not None:
            return OWN
        told = [part for part in urlsplit(self._url).query.split("&") if part]
        query = "&".join(part for part in told if not part.startswith("token="))
        # What is not shown tells servers apart all the same, and may be a secret.
        return self._shown_url() + (f"#{crc32(query.encode()):x}" if query else "")

    def _rate(self) -> float:
        if len(self._counts) < 2:
            return 0.0
        (t0, n0), (t1, n1) = self._counts[0], self._counts[-1]
        return (n1 - n0) / (t1 - t0) if t1 > t0 else 0.0

    def _show(self, link: Link) -> None:
        self.store.set_link(link._replace(server=self._plan.name))
        self._changed()
