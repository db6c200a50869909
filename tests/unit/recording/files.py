"""Recordings to be read, cut and continued."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

NAMES = ("events.jsonl", "events.jsonl.gz")
"""One that is plain, and one that is compressed."""


def envelope(number: int, *, at: float | None = None, text: str = "hello", **more: Any) -> bytes:
    """An event as a line without its end; `at` is when it was recorded (seconds)."""
    fields: dict[str, Any] = {"type": "agent_log", "id": f"e-{number}", "timestamp": 1000 * number}
    fields["data"] = {"agentId": "coder-001", "level": "info", "message": text, "timestamp": 0}
    if at is not None:
        fields["metadata"] = {"recorded": at * 1000}
    return json.dumps(fields | more).encode()


def write(path: Path, lines: Sequence[bytes], *, end: bytes = b"\n") -> None:
    """A file of these lines, as another program might write it."""
    text = b"\n".join(lines) + end
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
