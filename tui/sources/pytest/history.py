"""The phase of the run before, kept for each project and agent in the user's state directory.

A small JSON file each. What cannot be read is as if it had never been; what cannot be written is
lost: neither is worth a word in a test run.
"""

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from tui.protocol.vocabulary import TddPhase
from tui.sources.pytest.phases import Remembered

MAX_FAILING = 2_000
"""Node ids kept."""


def history_file(root: Path, agent: str) -> Path:
    from platformdirs import user_state_path

    name = hashlib.sha256(f"{root}\0{agent}".encode("utf-8", "replace")).hexdigest()[:24]
    return user_state_path("autosdlc-tui", appauthor=False) / "pytest" / f"{name}.json"


def load(path: Path) -> Remembered:
    try:
        fields = json.loads(path.read_bytes())
        phase = fields["phase"]
        return Remembered(
            phase=None if phase is None else TddPhase(phase),
            since=float(fields["since"]),
            failing=tuple(str(node_id) for node_id in fields["failing"]),
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return Remembered()


def save(path: Path, remembered: Remembered, *, root: Path, agent: str) -> None:
    """Write it, whole or not at all; `root` and `agent` are there for whoever looks inside."""
    fields = {
        "root": str(root),
        "agent": agent,
        "phase": remembered.phase,
        "since": remembered.since,
        "failing": remembered.failing[:MAX_FAILING],
    }
    draft = path.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.write_text(json.dumps(fields), "utf-8")
        draft.replace(path)
