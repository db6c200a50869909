"""Wrong commands and broken files: one clear line, the right exit code, never a traceback."""

import socket
import subprocess
from pathlib import Path

import pytest

from tests.support.terminal import Terminal
from tests.system.conftest import COMMAND


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "needs a terminal"),
        (("--demo",), "needs a terminal"),
        (("--url", "http://localhost"), "is no WebSocket address"),
        (("--demo", "--url", "ws://h/ws"), "--demo brings a server of its own"),
        (("--replay", "none.jsonl"), "--replay none.jsonl: no such file"),
        (("--replay", __file__), "is no event"),
        (("--replay", "a", "--demo"), "leave out --demo"),
        (("--replay", "a", "--url", "ws://h/ws"), "leave out --url"),
        (("--speed", "0"), "--speed"),
        (("--seed", "x"), "--seed"),
        (("serve", "--port", "99999"), "--port"),
        (("serve", "--http-port", "maybe"), "neither a port"),
        (("serve", "--host", "not a host", "--port", "0"), "not a host"),
        (("fly",), "fly"),
    ],
)
def test_a_wrong_command_line(
    environment: dict[str, str], arguments: tuple[str, ...], said: str
) -> None:
    done = run(environment, *arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_named(environment: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run(environment, "serve", "--port", port)
    assert done.returncode == 2
    assert port in done.stderr
    assert "in use" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [("url = ", "not TOML"), ("url = 3", "url: must be text"), ("x = 1", "unknown setting")],
)
def test_a_broken_configuration_is_named(
    tmp_path: Path, environment: dict[str, str], text: str, said: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, "utf-8")
    done = run(environment | {"AUTOSDLC_CONFIG": str(path)})
    assert done.returncode == 2
    assert str(path) in done.stderr
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--theme", "nope"), "theme 'nope' is unknown; there are: autosdlc-"),
        (("--theme", "mine"), "colors.primary: missing"),
    ],
)
def test_an_unknown_or_broken_theme_is_named(
    environment: dict[str, str], arguments: tuple[str, ...], said: str
) -> None:
    themes = Path(environment["XDG_CONFIG_HOME"]) / "autosdlc-tui" / "themes"
    themes.mkdir(parents=True)
    (themes / "mine.toml").write_text("[colors]\n", "utf-8")
    with Terminal([*COMMAND, *arguments], environment=environment, columns=200) as terminal:
        assert terminal.ended() == 2
        assert said in terminal.text
        assert "Traceback" not in terminal.text


def test_a_terminal_that_is_too_small_is_said(environment: dict[str, str]) -> None:
    with Terminal(COMMAND, environment=environment, columns=30, rows=8) as terminal:
        assert terminal.ended() == 2
        assert "30x8" in terminal.text.replace("\n", "")


def test_a_refused_token_ends_with_the_reason(environment: dict[str, str]) -> None:
    served = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--http-port", "off"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert served.stdout is not None
        url = served.stdout.readline().split()[-1]
        wrong = environment | {"AUTOSDLC_URL": url, "AUTOSDLC_TOKEN": "wrong"}
        with Terminal(COMMAND, environment=wrong) as terminal:
            terminal.shows("STOPPED", "not connected")
            terminal.send("q")
            assert terminal.ended() == 1
            assert "refused the token" in terminal.text
    finally:
        served.kill()
        served.communicate()


def test_help_and_version_are_plain(environment: dict[str, str]) -> None:
    assert "--demo" in run(environment, "--help").stdout
    assert run(environment, "--version").stdout.startswith("autosdlc-tui, version ")
