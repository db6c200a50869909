"""`autosdlc-tui keys`: what it writes, what it shows, and what it refuses."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tui.cli.keys import default_keys_file, keys
from tui.protocol.topics import Filter
from tui.server.auth import Access
from tui.server.auth.keys import KeyFile


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(keys, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    return result


def done(*arguments: str) -> Result:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result


def access(key: str, path: Path | None = None) -> Access | None:
    return KeyFile(path or default_keys_file()).check(key)


def test_a_key_is_all_that_is_printed_so_that_it_can_be_piped() -> None:
    result = done("add", "ci", "--role", "viewer")
    assert result.stdout.startswith("asdlc_")
    assert result.stdout.count("\n") == 1
    assert "ci is in" in result.stderr
    found = access(result.stdout.strip())
    assert found is not None
    assert (found.name, found.subscribe, found.publish) == ("ci", (Filter(),), ())


def test_what_a_key_is_given_it_has() -> None:
    result = done(
        *("add", "coder-1", "--role", "viewer", "--allow", "publish:agent:coder-1:*"),
        *("--allow", "publish:tdd:coder-1", "--rate", "agent_log=5000/min", "--rate", "*=100/s"),
        *("--expires", "90d"),
    )
    found = access(result.stdout.strip())
    assert found is not None
    assert found.publish == (Filter("agent", "coder-1"), Filter("tdd", "coder-1"))
    assert found.rates == {"agent_log": 5000.0, "*": 6000.0}
    assert found.expires is not None


@pytest.mark.parametrize(
    "command", [("list",), ("add", "ci", "--role", "viewer"), ("remove", "ci")]
)
def test_a_path_that_leads_nowhere_is_said_in_one_line(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    for path in (tmp_path / ("x" * 300), circle, circle / "file"):
        result = run(*command, "--file", str(path))
        assert result.exit_code == 2
        assert str(path) in result.stderr.splitlines()[-1]


def test_the_list_shows_everything_but_secrets() -> None:
    made = [
        done("add", "zoe", "--role", "admin", "--expires", "1d").stdout.strip(),
        done("add", "ann", "--allow", "subscribe:agent", "--rate", "ping=20/min").stdout.strip(),
    ]
    shown = done("list").stdout
    ann, zoe = shown.splitlines()
    assert ann.startswith("ann (")
    assert "subscribe:agent  ping=20/min  since " in ann
    assert "zoe" in zoe
    assert "admin" in zoe
    assert "until" in zoe
    for key in made:
        _, id_, secret = key.split("_", 2)
        assert id_ in shown
        assert secret not in shown


def test_a_key_that_has_ended_is_said_to_have() -> None:
    done("add", "ann", "--role", "viewer", "--expires", "1d")
    path = default_keys_file()
    text = path.read_text("utf-8")
    written = text.partition("expires = ")[2].strip()
    path.write_text(text.replace(written, "2020-01-01T00:00:00Z"), "utf-8")
    assert "EXPIRED 2020-01-01" in done("list").stdout


def test_a_removed_key_is_none_any_more() -> None:
    key = done("add", "ann", "--role", "viewer").stdout.strip()
    other = done("add", "bob", "--role", "viewer").stdout.strip()
    done("remove", "ann")
    assert access(key) is None
    assert access(other) is not None
    assert "ann" not in done("list").stdout


def test_another_file_may_be_named(tmp_path: Path) -> None:
    path = tmp_path / "team" / "keys.toml"
    key = done("add", "ann", "--role", "viewer", "--file", str(path)).stdout.strip()
    assert access(key, path) is not None
    assert not default_keys_file().exists()
    assert "ann" in done("list", "--file", str(path)).stdout


def test_without_keys_the_list_says_how_to_make_one() -> None:
    assert "keys add NAME" in done("list").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "ann"], "say what the key allows"),
        (["add", "a b", "--role", "viewer"], "name: 1 to 64"),
        (["add", "ann", "--role", "boss"], "'boss' is not one of"),
        (["add", "ann", "--allow", "publish:agents:*"], "reaches no event"),
        (["add", "ann", "--allow", "read"], "'read' is no permission"),
        (["add", "ann", "--role", "viewer", "--rate", "agent_log"], "say TYPE=RATE"),
        (["add", "ann", "--role", "viewer", "--rate", "logs=5"], "no message type"),
        (["add", "ann", "--role", "viewer", "--rate", "agent_log=fast"], "is no rate"),
        (["add", "ann", "--role", "viewer", "--expires", "soon"], "is no time"),
        (["add", "ann", "--role", "viewer", "--expires", "999999999999w"], "beyond all calendars"),
        (["add", "bob", "--role", "viewer"], "there is a key bob already"),
        (["remove", "ann"], "there is no key ann"),
        (["add", "ann", "--role", "viewer", "--file", "/dev/null/keys.toml"], "cannot be written"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(arguments: list[str], said: str) -> None:
    done("add", "bob", "--role", "viewer")
    before = default_keys_file().read_bytes()
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""
    assert default_keys_file().read_bytes() == before


@pytest.mark.parametrize(
    "command", [["list"], ["remove", "ann"], ["add", "ann", "--role", "viewer"]]
)
def test_a_broken_file_is_named_and_left_alone(command: list[str]) -> None:
    path = default_keys_file()
    path.parent.mkdir()
    path.write_text("[keys.ann]\nid = 3\n", "utf-8")
    path.chmod(0o600)
    result = run(*command)
    assert result.exit_code == 2
    assert f"{path}: [keys.ann] id: must be text" in result.stderr
    assert path.read_text("utf-8") == "[keys.ann]\nid = 3\n"
