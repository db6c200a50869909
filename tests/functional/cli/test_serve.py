"""`autosdlc-tui serve` and `schema`: what their options become, and what is refused."""

from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tui.cli import main
from tui.cli.keys import default_keys_file
from tui.cli.serve import configuration, serve
from tui.server.config import ServerConfig, TraceConfig
from tui.server.limits.sizes import Limits


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert "Traceback" not in result.output
    return result


def configured(*arguments: str) -> ServerConfig:
    return configuration(serve.make_context("serve", list(arguments)).params)


def test_the_parameters_are_called_what_the_fields_are() -> None:
    names = {parameter.name for parameter in serve.params} - {"trace", "help"}
    traced = {f"trace_{name}" for name in TraceConfig._fields}
    assert names >= traced
    assert names - traced <= {field.name for field in fields(ServerConfig)}


def test_without_options_everything_is_as_the_configuration_has_it() -> None:
    assert configured() == ServerConfig(keys=default_keys_file())


def test_options_become_fields(tmp_path: Path) -> None:
    (tmp_path / "k").touch()
    assert configured(
        *("--host", "0.0.0.0", "--port", "1", "--http-port", "off", "--keys", str(tmp_path / "k")),
        *("--jwt-key", "j", "--jwt-audience", "a", "--jwt-issuer", "i", "--allow-query-token"),
        *("--origin", "https://a", "--origin", "https://b", "--rate-limits", "off"),
        *("--max-per-address", "7", "--trusted-proxy", "10.0.0.0/8", "--history", "1MB"),
        *("--journal", "e.db", "--journal-retain", "36h", "--journal-size", "1.5GiB"),
        *("--log-file", "s.log", "--log-level", "debug"),
    ) == ServerConfig(
        host="0.0.0.0",
        port=1,
        http_port="off",
        keys=tmp_path / "k",
        jwt_key=Path("j"),
        jwt_audience="a",
        jwt_issuer="i",
        allow_query_token=True,
        origins=("https://a", "https://b"),
        rate_limits="off",
        connections_per_address=7,
        trusted_proxies=("10.0.0.0/8",),
        history_bytes=1_000_000,
        journal=Path("e.db"),
        retain_seconds=36 * 3600,
        retain_bytes=3 * 2**29,
        log_file=Path("s.log"),
        log_level="debug",
    )


def test_a_secret_may_come_from_standard_input() -> None:
    said = CliRunner().invoke(main, ("serve", "--jwt-key", "-"), input="too short")
    assert said.exit_code == 2
    assert "--jwt-key -: the secret has 9 bytes" in said.stderr


def test_a_file_of_limits_is_read(tmp_path: Path) -> None:
    path = tmp_path / "limits.toml"
    path.write_text("depth = 16")
    assert configured("--limits", str(path)).limits == Limits(depth=16)
    path.write_text("depth = 0")
    result = run("serve", "--limits", str(path))
    assert result.exit_code == 2
    assert f"{path}: depth: 0 must be a number from 8 to 128" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "trace"),
    [
        ((), None),
        (("--no-trace-data",), None),
        (("--trace",), TraceConfig()),
        (("--trace-data",), TraceConfig(data=True)),
        (("--trace-direction", "in"), TraceConfig(direction="in")),
        (
            ("--trace-type", "agent_*", "--trace-type", "ping", "--trace-exclude", "agent_log"),
            TraceConfig(types=("agent_*", "ping"), exclude=("agent_log",)),
        ),
        (
            ("--trace-client", "ci", "--trace-file", "t.jsonl"),
            TraceConfig(clients=("ci",), file=Path("t.jsonl")),
        ),
    ],
)
def test_any_wish_for_a_trace_is_one(arguments: tuple[str, ...], trace: TraceConfig | None) -> None:
    assert configured(*arguments).trace == trace


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--journal-retain", "7 moons"), "'7 moons' is no time; say 7d"),
        (("--journal-retain", "0s"), "is no time"),
        (("--journal-size", "large"), "'large' is no size; say 1GiB"),
        (("--journal-size", "0"), "is no size"),
        (("--journal", "/"), "/ is a directory"),
        (("--max-per-address", "0"), "--max-per-address"),
        (("--log-level", "loud"), "--log-level"),
        (("--trace-direction", "up"), "--trace-direction"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: tuple[str, ...], said: str) -> None:
    result = run("serve", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "listening" not in result.stdout


@pytest.mark.parametrize(
    "option", ["--keys", "--jwt-key", "--journal", "--log-file", "--trace-file"]
)
def test_a_path_that_leads_nowhere_is_said_in_one_line(option: str, tmp_path: Path) -> None:
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    for path in (tmp_path / ("x" * 300), circle, circle / "file"):
        result = run("serve", "--port", "0", "--http-port", "off", option, str(path))
        assert result.exit_code == 2
        assert isinstance(result.exception, SystemExit)
        assert str(path) in result.stderr.splitlines()[-1]


def test_the_schema_is_checked_against_a_file(tmp_path: Path) -> None:
    path = tmp_path / "asyncapi.json"
    path.write_text(run("schema").stdout, "utf-8")
    assert run("schema", "--check", str(path)).exit_code == 0
    path.write_text(path.read_text("utf-8").replace("agentId", "agent", 1), "utf-8")
    changed = run("schema", "--check", str(path))
    assert changed.exit_code == 1
    assert "agentId" in changed.stdout
    assert str(path) in changed.stderr
    assert run("schema", "--check", str(tmp_path / "none")).exit_code == 2


def test_help_names_every_command() -> None:
    said = run("--help").stdout
    for command in ("serve", "tail", "emit", "keys", "schema"):
        assert f"\n  {command} " in said
