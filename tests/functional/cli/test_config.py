"""`autosdlc-tui config`: each setting, its value and where it comes from; never a token."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tui.cli import main
from tui.config import state_file
from tui.remembered import Remembered

FILE = """
theme = "autosdlc-light"
density = "dense"
ascii = true
[keys]
"pane.zoom" = "x"
[[server]]
name = "team"
url = "wss://me:secret@events.example.org/ws?token=secret"
token_variable = "TEAM_TOKEN"
[[server]]
url = "ws://box:1/ws"
"""


@pytest.fixture(autouse=True)
def a_machine_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("AUTOSDLC_URL", "AUTOSDLC_TOKEN", "AUTOSDLC_THEME", "AUTOSDLC_CONFIG", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def line(said: str, setting: str) -> list[str]:
    """Its words: name, value, origin."""
    (found,) = (line for line in said.splitlines() if line.startswith(f"{setting} "))
    return found.split()


def test_without_anything_all_are_defaults(tmp_path: Path) -> None:
    said = run("config")
    assert {one.split()[-1] for one in said.splitlines() if not one.startswith("token")} == {
        "default"
    }
    assert line(said, "theme") == ["theme", "-", "default"]
    assert line(said, "export_directory") == ["export_directory", ".", "default"]
    assert str(tmp_path) in said


def test_each_value_says_where_it_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(FILE, "utf-8")
    monkeypatch.setenv("AUTOSDLC_CONFIG", str(path))
    monkeypatch.setenv("AUTOSDLC_TOKEN", "secret")
    monkeypatch.setenv("TEAM_TOKEN", "secret")
    monkeypatch.setenv("NO_COLOR", "1")
    said = run("config")
    assert line(said, "theme")[1:] == ["autosdlc-light", str(path)]
    assert line(said, "density")[1:] == ["dense", str(path)]
    assert line(said, "ascii")[1:] == ["true", str(path)]
    assert line(said, "keys.pane.zoom")[1:] == ["x", str(path)]
    assert line(said, "server team")[2:] == ["wss://events.example.org/ws", str(path)]
    assert line(said, "token team")[2:] == ["-", "TEAM_TOKEN"]
    assert line(said, "token box:1")[2:] == ["-", "AUTOSDLC_TOKEN"]
    assert line(said, "config file")[2:] == [str(path), "AUTOSDLC_CONFIG"]
    assert line(said, "no colour")[2:] == ["true", "NO_COLOR"]
    assert "secret" not in said
    monkeypatch.setenv("AUTOSDLC_THEME", "autosdlc-ansi")
    assert line(run("config"), "theme")[1:] == ["autosdlc-ansi", "AUTOSDLC_THEME"]
    said = run("--theme", "nord", "--url", "ws://other:2/ws", "--ascii", "config")
    assert line(said, "theme")[1:] == ["nord", "--theme"]
    assert line(said, "ascii")[1:] == ["true", "--ascii"]
    assert line(said, "server other:2")[2:] == ["ws://other:2/ws", "--url"]


def test_each_setting_of_a_table_says_where_it_comes_from(tmp_path: Path) -> None:
    path = tmp_path / "autosdlc-tui" / "config.toml"
    path.parent.mkdir()
    path.write_text('[notify]\nquiet = "22:00-07:00"\ncommand = ["say", "a b"]', "utf-8")
    said = run("config")
    assert line(said, "notify.quiet")[1:] == ["22:00-07:00", str(path)]
    assert line(said, "notify.command")[1:] == ["say", "'a", "b'", str(path)]
    assert line(said, "notify.bell")[1:] == ["true", "default"]
    assert line(said, "coverage.minimum")[1:] == ["80", "default"]
    found = json.loads(run("config", "--json"))
    assert found["notify.quiet"] == {"value": "22:00-07:00", "from": str(path)}
    path.write_text("[coverage]\nminimum = 85", "utf-8")
    assert line(run("config"), "coverage.minimum")[1:] == ["85", str(path)]


def test_the_examples_of_the_readme_are_shown(tmp_path: Path) -> None:
    readme = Path(__file__, "../../../../README.md").resolve().read_text("utf-8")
    example = readme.split("```toml\n")[1].split("```")[0]
    (tmp_path / "autosdlc-tui").mkdir()
    (tmp_path / "autosdlc-tui" / "config.toml").write_text(example, "utf-8")
    said = run("config")
    assert line(said, "keys.pane.zoom")[1] == "x"
    assert line(said, "export_directory")[1] == "~/exports"


@pytest.mark.parametrize("command", [["config"], ["config", "--json"], []])
def test_what_the_dashboard_would_refuse_is_said_all_at_once(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('ascii = 3\n[keys]\n"need.next" = "x"\n[[server]]\nname = "x"', "utf-8")
    monkeypatch.setenv("AUTOSDLC_CONFIG", str(path))
    monkeypatch.setenv("AUTOSDLC_URL", "nowhere")
    result = CliRunner().invoke(main, ["--theme", "nope", *command])
    assert result.exit_code == 2
    assert result.stdout == ""
    of_file, of_variable, of_keys, of_theme = result.stderr.splitlines()
    assert "ascii: must be true or false; url is missing" in of_file
    assert "AUTOSDLC_URL: url: " in of_variable
    assert f"{path}: [keys]: need.next: no such binding" in of_keys
    assert "--theme: theme 'nope' is unknown" in of_theme


def test_what_was_left_on_the_screen_says_so() -> None:
    remembered = Remembered(state_file())
    remembered.section("look")["theme"] = "autosdlc-contrast"
    remembered.section("layout")["density"] = "dense"
    remembered.save()
    said = run("config")
    assert line(said, "theme")[1:] == ["autosdlc-contrast", str(state_file())]
    assert line(said, "density")[1:] == ["dense", str(state_file())]
    assert line(run("--theme", "nord", "config"), "theme")[1:] == ["nord", "--theme"]


def test_a_state_file_that_cannot_be_read_is_left_as_it_is() -> None:
    state_file().parent.mkdir(parents=True)
    state_file().write_text("{", "utf-8")
    assert line(run("config"), "theme")[1:] == ["-", "default"]
    assert state_file().read_text("utf-8") == "{"


def test_as_json_it_is_one_object() -> None:
    found = json.loads(run("--theme", "nord", "config", "--json"))
    assert found["theme"] == {"value": "nord", "from": "--theme"}
    assert found["ascii"] == {"value": None, "from": "default"}


def test_a_wrong_file_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('density = "thick"\nascii = 1', "utf-8")
    monkeypatch.setenv("AUTOSDLC_CONFIG", str(path))
    result = CliRunner().invoke(main, ["config"])
    assert result.exit_code == 2
    assert "density: must be one of normal, dense; ascii: must be true or false" in result.stderr
