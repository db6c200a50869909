"""A recording that a command is to show."""

from typing import TYPE_CHECKING

from tui.cli.failure import fail

if TYPE_CHECKING:
    from pathlib import Path

    from tui.recording import Playback


def open_playback(path: "Path", speed: float) -> "Playback":
    from tui.recording import Playback, RecordingError

    try:
        return Playback(path, speed)
    except RecordingError as error:
        fail(f"--replay {error}")
