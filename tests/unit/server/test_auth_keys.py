"""API keys and their file: made once, kept as hashes, read anew when the file changes."""

import logging
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path

import pytest

from tests.support.clock import Clock
from tui.protocol.topics import Filter, Topic
from tui.server.auth import Access, keyfile, keys
from tui.server.auth.keyfile import KeyFileError, StoredKey
from tui.server.auth.keys import KeyFile

NOW = 1_700_000_000.0
ALLOW = '["viewer"]'
GOOD = f'id = "0123456789ab"\nsha256 = "{"0" * 64}"\nallow = {ALLOW}\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "keys.toml"


def add(path: Path, key: tuple[str, StoredKey]) -> str:
    with keyfile.edited(path) as stored:
        stored[key[1].name] = key[1]
    return key[0]


def test_a_key_opens_what_it_allows_and_nothing_else(path: Path) -> None:
    allow = ["subscribe:agent", "publish:agent:coder-1:*"]
    token = add(path, keys.make("ci", allow, rates={"agent_log": 5000}))
    access = KeyFile(path).check(token)
    assert access is not None
    assert access.name == "ci"
    assert access.may_subscribe(Filter("agent", "x", ("log",)))
    assert not access.may_subscribe(Filter("tdd"))
    assert access.may_publish(Topic("agent", "coder-1", "log"))
    assert not access.may_publish(Topic("agent", "coder-2", "log"))
    assert access.rates == {"agent_log": 5000.0}
    assert not access.admin


def test_keys_are_long_random_and_recognisable() -> None:
    tokens = {keys.make("x", ["viewer"])[0] for _ in range(100)}
    assert len(tokens) == 100
    assert all(token.startswith("asdlc_") and token.isascii() for token in tokens)
    # 32 random bytes are 43 characters of base64.
    assert all(len(token.split("_", 2)[2]) == 43 for token in tokens)


def test_only_the_whole_key_is_a_key(path: Path) -> None:
    token = add(path, keys.make("one", ["viewer"]))
    other = add(path, keys.make("two", ["admin"]))
    file = KeyFile(path)
    prefix, id_, secret = token.split("_", 2)
    mixed = f"{prefix}_{other.split('_')[1]}_{secret}"
    wrong = ["", "asdlc", "asdlc_", f"asdlc_{id_}", f"asdlc_{id_}_", token[:-1], token + "x"]
    for one in [*wrong, mixed, f"x_{id_}_{secret}", secret, token.upper(), token + "\udcff"]:
        assert file.check(one) is None


def test_the_file_holds_no_secret_and_is_its_owners_alone(path: Path) -> None:
    token = add(path, keys.make("ci", ["viewer"]))
    assert token.split("_", 2)[2] not in path.read_text("utf-8")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert token not in repr(keyfile.read(path))


def test_what_is_written_is_read_again(path: Path) -> None:
    moment = datetime(2026, 1, 31, 12, tzinfo=UTC)
    allow = ["admin", 'publish:agent:ø€🦊 "quoted\\:*']
    rates = {"*": 0.5, "agent_log": inf, "ping": 60.0}
    _, stored = keys.make("a.b@c", allow, rates=rates, created=moment, expires=moment)
    with keyfile.edited(path) as found:
        found["a.b@c"] = stored
    assert keyfile.read(path) == {stored.id: stored}


def test_a_link_to_the_file_stays_one(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    real = tmp_path / "real.toml"
    path.symlink_to(real)
    token = add(path, keys.make("ci", ["viewer"]))
    assert path.is_symlink()
    assert KeyFile(real).check(token)


def test_an_edit_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    add(path, keys.make("ci", ["viewer"]))
    before = path.read_bytes()
    with suppress(RuntimeError), keyfile.edited(path) as stored:
        stored.clear()
        raise RuntimeError
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == ["keys.toml"]


def test_edits_at_the_same_time_all_count(path: Path) -> None:
    started = threading.Barrier(8)

    def edit(n: int) -> None:
        started.wait()
        add(path, keys.make(f"key-{n}", ["viewer"]))

    threads = [threading.Thread(target=edit, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {key.name for key in keyfile.read(path).values()} == {f"key-{n}" for n in range(8)}


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_refused(path: Path, mode: int) -> None:
    add(path, keys.make("ci", ["viewer"]))
    path.chmod(mode)
    with pytest.raises(KeyFileError, match=r"keys\.toml.*others may write.*chmod 600"):
        KeyFile(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("keys = ", ["not TOML"]),
        ("keys = 3", ["keys: must be tables"]),
        ("x = 1", ["x: unknown"]),
        ("[keys]\nci = 3", ["[keys.ci] must be a table"]),
        ("[keys.ci]\n", ["[keys.ci] id: must be text", "sha256: must be", "allow: must be a list"]),
        (f"[keys.ci]\n{GOOD}speed = 1", ["[keys.ci] speed: unknown"]),
        (f"[keys.ci]\n{GOOD}expires = 2026-01-31", ["[keys.ci] expires: must be a date with"]),
        (f"[keys.ci]\n{GOOD}expires = 0001-01-01T00:00:00+14:00", ["[keys.ci]", "0001-01-01"]),
        (f"[keys.ci]\n{GOOD}rates = 5", ["[keys.ci] rates: must be a table"]),
        (f"[keys.ci]\n{GOOD}rates = {{agent_log = 0}}", ["rates: agent_log: 0 is no rate"]),
        (f"[keys.ci]\n{GOOD}rates = {{connect = 5}}", ["rates: connect: no message type"]),
        (f"[keys.'a b']\n{GOOD}", ["[keys.a b] name:"]),
        (f"[keys.ci]\n{GOOD.replace('ab', 'xy')}", ["[keys.ci] id: must be 12"]),
        (f"[keys.ci]\n{GOOD.replace('00', '0', 1)}", ["[keys.ci] sha256: must be 64"]),
        (f"[keys.ci]\n{GOOD.replace('viewer', 'boss')}", ["[keys.ci] allow: 'boss' is no"]),
        (f"[keys.ci]\n{GOOD.replace('viewer', 'publish:x')}", ["'publish:x' reaches no event"]),
        (f"[keys.ci]\n{GOOD.replace(ALLOW, '[]')}", ["[keys.ci] allow: allows nothing"]),
        (f"[keys.ci]\n{GOOD.replace(ALLOW, '[1]')}", ["[keys.ci] allow: must be a list"]),
        (f"[keys.ci]\n{GOOD}[keys.cd]\n{GOOD}", ["[keys.cd] id: is that of [keys.ci]"]),
        ("x = 1\n[keys.a]\n[keys.b]\nid = 3", ["x: unknown", "[keys.a]", "[keys.b]"]),
        ("\udcff", ["cannot be read"]),
    ],
)
def test_all_faults_of_a_file_are_in_one_message(path: Path, content: str, said: list[str]) -> None:
    path.parent.mkdir()
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    path.chmod(0o600)
    with pytest.raises(KeyFileError) as raised:
        KeyFile(path)
    message = str(raised.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    for one in said:
        assert one in message


@pytest.fixture
def clock() -> Clock:
    return Clock()


Seen = Callable[[], list[str]]


@pytest.fixture
def errors(caplog: pytest.LogCaptureFixture) -> Seen:
    """What was logged as an error so far."""
    return lambda: [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR]


def test_a_running_server_notices_a_change_within_a_second(path: Path, clock: Clock) -> None:
    file = KeyFile(path, clock, clock)
    token = add(path, keys.make("ci", ["viewer"]))
    assert file.check(token) is None  # it looks but once a second
    clock.now += 1
    access = file.check(token)
    assert access is not None
    with keyfile.edited(path) as stored:
        stored.clear()
    assert file.current(access) is access
    clock.now += 1
    assert file.current(access) is None
    assert file.check(token) is None


def test_a_key_made_anew_under_its_old_name_is_another(path: Path, clock: Clock) -> None:
    old = add(path, keys.make("ci", ["viewer"]))
    file = KeyFile(path, clock, clock)
    access = file.check(old)
    assert access is not None
    add(path, keys.make("ci", ["viewer"]))
    clock.now += 1
    assert file.current(access) is None


def test_a_key_that_was_changed_allows_something_else_now(path: Path, clock: Clock) -> None:
    token = add(path, keys.make("ci", ["admin"]))
    file = KeyFile(path, clock, clock)
    access = file.check(token)
    assert access is not None
    text = path.read_text("utf-8")
    path.write_text(text + "# nothing of importance\n", "utf-8")
    clock.now += 1
    assert file.current(access) is access
    path.write_text(text.replace("admin", "viewer"), "utf-8")
    clock.now += 1
    present = file.current(access)
    assert present is not None
    assert (present.admin, present.publish, present.name) == (False, (), "ci")


@pytest.mark.parametrize("what", ["broken", "open to others", "gone", "unreadable"])
def test_a_file_that_is_no_good_any_more_changes_nothing_but_the_log(
    path: Path, clock: Clock, errors: Seen, what: str
) -> None:
    token = add(path, keys.make("ci", ["viewer"]))
    file = KeyFile(path, clock, clock)
    good = path.read_bytes()
    if what == "broken":
        path.write_text("keys = 3", "utf-8")
    elif what == "open to others":
        path.chmod(0o666)
    else:
        path.unlink()
        if what == "unreadable":
            path.mkdir()
    for _ in range(3):
        clock.now += 1
        assert file.check(token)
    [said] = errors()
    assert str(path) in said
    assert "still hold" in said
    if what == "unreadable":
        path.rmdir()
    path.write_bytes(good.replace(b"viewer", b"admin"))
    path.chmod(0o600)
    clock.now += 1
    access = file.check(token)
    assert access is not None
    assert access.admin


def test_where_there_is_no_file_there_are_no_keys(path: Path, clock: Clock, errors: Seen) -> None:
    file = KeyFile(path, clock, clock)
    clock.now += 1
    assert file.check("asdlc_0123456789ab_x") is None
    assert errors() == []


def test_a_key_ends_at_its_second(path: Path, clock: Clock) -> None:
    end = datetime.fromtimestamp(NOW, UTC) + timedelta(seconds=10)
    token = add(path, keys.make("ci", ["viewer"], expires=end))
    file = KeyFile(path, clock, clock)
    clock.now += 9.9
    access = file.check(token)
    assert access is not None
    assert access.expires == NOW + 10
    clock.now += 0.1
    assert file.check(token) is None


def test_accesses_of_others_are_left_alone(path: Path) -> None:
    other = Access(name="somebody")
    assert KeyFile(path).current(other) is other


def test_a_directory_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(KeyFileError, match="cannot be written"), keyfile.edited(blocked / "k.toml"):
        pass


def test_the_name_of_a_key_is_checked_when_it_is_made() -> None:
    with pytest.raises(ValueError, match="name:"):
        keys.make("a b", ["viewer"])
    assert os.sep not in keyfile.NAME.pattern
