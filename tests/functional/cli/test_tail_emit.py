"""`autosdlc-tui tail` and `emit`: what is refused before anything is connected to."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tui.cli import main

LOG = ("agent_log", "agentId=a", "level=info", "message=hello")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("tail", "agents"), "'agents' matches no event; a filter is resource:id:event"),
        (("tail", "agents"), "resources are agent, tdd, workflow, "),
        (("tail", "agent:x:stauts"), "events of agent are status, task_update, log"),
        (("tail", "x" * 300), "is no filter"),
        (("tail", "--since", "yesterday"), "is no time"),
        (("tail", "--since", "999999999999w"), "is beyond all calendars; 36500d is the most"),
        (("tail", "--wait", "0"), "--wait"),
        (("tail", "--speed", "3"), "--speed is for --replay"),
        (("tail", "--url", "http://x"), "is no WebSocket address"),
        (("tail", "-n", "0"), "-n"),
        (("emit",), "say what to send: either TYPE KEY=VALUE …, or --file F"),
        (("emit", *LOG, "--file", "-"), "say what to send"),
        (("emit", *LOG, "--keep-time"), "--keep-time is for --file"),
        (("emit", "agent_lgo"), "'agent_lgo' is no event type; there are agent_status, "),
        (("emit", "agent_log", "agentId=a"), "agent_log: level: Field required (debug, info, "),
        (("emit", *LOG, "--wait", "0"), "--wait"),
        (("emit", "--file", "/no/such/file"), "--file /no/such/file: there is no file"),
        (("emit", "--file", "/"), "--file /: there is no file"),
        (("emit", *LOG, "--url", "http://x"), "is no WebSocket address"),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", [("emit", *LOG), ("record", "never-made.jsonl")])
def test_of_several_configured_servers_one_is_to_be_named(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[[server]]\nurl = 'ws://me:secret@a/ws'\n[[server]]\nurl = 'ws://b/ws'\n")
    monkeypatch.setenv("AUTOSDLC_CONFIG", str(path))
    monkeypatch.delenv("AUTOSDLC_URL", raising=False)
    result = CliRunner().invoke(main, command, catch_exceptions=False)
    assert result.exit_code == 2
    said = "several servers are configured; name one with --url: ws://a/ws, ws://b/ws"
    assert said in result.stderr


def test_what_reads_like_an_event_and_is_an_id_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOSDLC_URL", "http://not-even-tried")
    said = CliRunner().invoke(main, ("tail", "agent:status")).stderr
    assert "'agent:status' is all that 'status' says" in said
    assert "say 'agent:*:status'" in said


@pytest.mark.parametrize("command", ["tail", "emit"])
def test_help_tells_every_exit_code(command: str) -> None:
    said = CliRunner().invoke(main, (command, "--help")).stdout
    codes = said.partition("Exit codes:")[2]
    assert all(f" {code}  " in codes for code in ("0", "1", "2"))
    assert "130  Ctrl-C; 143 SIGTERM" in codes
