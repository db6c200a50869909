"""Limits of size, depth, number and time, as a file says them."""

import tomllib
from dataclasses import asdict
from pathlib import Path

import pytest

from tui.protocol import limits as protocol
from tui.server.config import ServerError
from tui.server.limits import sizes
from tui.server.limits.sizes import DEFAULTS, Limits, limits_of
from tui.server.limits.tables import limits_from


def test_what_a_file_leaves_out_is_as_the_protocol_has_it() -> None:
    assert limits_of({}) == DEFAULTS
    assert (DEFAULTS.message, DEFAULTS.publisher_message) == (64 * 1024, 256 * 1024)
    assert (DEFAULTS.unauthenticated_message, DEFAULTS.frame) == (4 * 1024, protocol.MAX_SEND)
    assert (DEFAULTS.depth, DEFAULTS.subscriptions, DEFAULTS.filter) == (32, 128, 256)
    assert (DEFAULTS.state_keys, DEFAULTS.state_size) == (10_000, 8 * 1024**2)
    assert (DEFAULTS.state_age, DEFAULTS.dedupe_age) == (24 * 3600, 300)
    assert DEFAULTS.unauthenticated_time == 5


def test_the_file_that_is_shown_says_the_defaults() -> None:
    assert sizes.__doc__
    shown = "\n".join(line.strip() for line in sizes.__doc__.splitlines() if " = " in line)
    table = tomllib.loads(shown)
    assert limits_of(table) == DEFAULTS
    assert set(table) == set(Limits.__dataclass_fields__) - {"dedupe_ids"}


def test_a_file_changes_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "limits.toml"
    path.write_text(
        'message = 8192\nframe = "1MiB"\nstate_age = "7d"\nfilter = 64\n'
        'unauthenticated_time = "1m"\ndedupe_age = "1h"\n'
    )
    changed = {"message": 8192, "frame": 1024**2, "state_age": 7 * 86_400.0, "filter": 64}
    changed |= {"unauthenticated_time": 60.0, "dedupe_age": 3600.0}
    assert asdict(limits_from(path)) == asdict(DEFAULTS) | changed


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("size = 3", r"size: unknown \(known: message, publisher_message, "),
        ("message = true", "message: True must be a size from 1KiB to 1MiB"),
        ('frame = "2MiB"', "frame: '2MiB' must be a size"),
        ('message = "large"', "message: 'large' must be a size"),
        ("depth = 1000", "depth: 1000 must be a number from 8 to 128"),
        ("subscriptions = 0", "subscriptions: 0 must be"),
        ("filter = 257", "filter: 257 must be a number from 1 to 256"),
        ("state_age = 24", "state_age: 24 must be a time such as 12h or 7d"),
        ("unauthenticated_time = 5", "unauthenticated_time: 5 must be a time such as 10s, from 1s"),
        ('unauthenticated_time = "61s"', "unauthenticated_time: '61s' must be"),
        ('unauthenticated_time = "0s"', "unauthenticated_time: '0s' must be"),
        ('dedupe_age = "0s"', "dedupe_age: '0s' must be a time such as 10m, from 1s to 1h"),
        ('dedupe_age = "2h"', "dedupe_age: '2h' must be"),
        ("dedupe_age = 300", "dedupe_age: 300 must be"),
        ('state_size = "1KiB"', "state_size: '1KiB' must be"),
        ("state_keys = 1.5", "state_keys: 1.5 must be"),
        ("[limits]\ndepth = 32", "limits: unknown"),
        ('message = "512KiB"', "message is 524288 bytes, and publisher_message 262144"),
        ('frame = "256KiB"', "publisher_message is 262144 bytes, and frame, less 1KiB 261120"),
        ('unauthenticated_message = "65KiB"', "unauthenticated_message is 66560 bytes, and mess"),
        ("depth = 0\nfilter = 0", "depth: 0 .*; filter: 0"),
        ("depth =", "not TOML"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "limits.toml"
    path.write_text(content)
    with pytest.raises(ServerError, match=f"^{path}: {said}"):
        limits_from(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match=f"^--limits {tmp_path / 'none'}: no such file"):
        limits_from(tmp_path / "none")
