"""Recordings: files of events, one envelope a line, gzipped where the name ends in `.gz`.

A line is an envelope as it was received, with one field more: `metadata.recorded`, the time at
which it was (Unix ms). By that clock a recording is replayed; lines of other origin, which lack
it, go by their `timestamp`. Events that are part of a snapshot are in it like all others.

A recording that was cut off (`kill -9`, a full disk) can be read up to there, and recorded into
again. In a gzipped one each session is a member of its own.
"""

from tui.recording.fault import Damage, RecordingError
from tui.recording.playback import Playback
from tui.recording.reading import lines, read
from tui.recording.recorder import Recorder

__all__ = ["Damage", "Playback", "Recorder", "RecordingError", "lines", "read"]
