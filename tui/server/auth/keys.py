"""API keys: `asdlc_<id>_<secret>`, made here once, and known afterwards by their hash.

A key has 256 random bits, so its SHA-256 is as good as any: nobody can try them all. The slow
hashes that passwords need, which people choose, would only cost the server time.
"""

import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from tui.server.auth import keyfile
from tui.server.auth.access import Access
from tui.server.auth.keyfile import KeyFileError, StoredKey

PREFIX = "asdlc"
LOOK_SECONDS = 1.0
"""How often at most the file is looked at for a change."""
_log = logging.getLogger(__name__)


def make(
    name: str,
    allow: Sequence[str],
    *,
    rates: Mapping[str, float] | None = None,
    created: datetime | None = None,
    expires: datetime | None = None,
) -> tuple[str, StoredKey]:
    """A new key, and what is kept of it; raises ValueError where something of it is wrong."""
    id_ = secrets.token_hex(6)
    key = f"{PREFIX}_{id_}_{secrets.token_urlsafe(32)}"
    return key, StoredKey(name, id_, _hash(key), tuple(allow), rates or {}, created, expires)


class KeyFile:
    """The keys of a file, which is read anew when it changes; none where there is no file yet.

    Once it was good, a file that is broken or gone changes nothing but the log: a slip while it is
    edited must not cost everyone the connection. The first read raises KeyFileError.
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._clock = clock
        self._monotonic = monotonic
        self._look_at = monotonic() + LOOK_SECONDS
        self._seen: tuple[int, ...] | None = None
        self._keys: dict[str, StoredKey] = {}
        self._read()

    def check(self, token: str) -> Access | None:
        prefix, _, rest = token.partition("_")
        if prefix != PREFIX:
            return None
        key = self._current().get(rest.partition("_")[0])
        # The id is no secret, and may be looked up in any time; the rest is compared in constant.
        if key is None or not hmac.compare_digest(_hash(token), key.sha256):
            return None
        return None if _is_over(key.access, self._clock()) else key.access

    def current(self, access: Access) -> Access | None:
        if not access.key_id:
            return access
        key = self._current().get(access.key_id)
        if key is None:
            return None
        return access if key.access == access else key.access

    def _current(self) -> dict[str, StoredKey]:
        now = self._monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            try:
                self._read()
            except KeyFileError as error:
                _log.error("%s; the keys that were read before still hold", error)
        return self._keys

    def _read(self) -> None:
        try:
            status = self._path.stat()
            seen = (status.st_ino, status.st_mtime_ns, status.st_size, status.st_mode)
            if seen != self._seen:
                self._seen = seen
                self._keys = keyfile.read(self._path)
        except FileNotFoundError as error:
            if self._seen:
                self._seen = None
                if self._keys:
                    raise KeyFileError(f"{self._path}: is gone") from error
        except OSError as error:
            if self._seen != ():
                self._seen = ()
                raise KeyFileError(f"{self._path}: cannot be read: {error}") from error


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "backslashreplace")).hexdigest()


def _is_over(access: Access, now: float) -> bool:
    return access.expires is not None and now >= access.expires
