"""Settings: where each value comes from, and what is said about a wrong one."""

from pathlib import Path

import pytest

from tui.config import ConfigError, Settings, load_settings
from tui.notify.settings import Notify
from tui.servers import Server, address_fault


def load(path: Path, text: str | None = None) -> Settings:
    if text is not None:
        path.write_text(text, "utf-8")
    return load_settings({}, {"AUTOSDLC_CONFIG": str(path)})


def urls(settings: Settings) -> list[str]:
    return [server.url for server in settings.servers]


def test_without_anything_there_are_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    settings = load_settings({}, {})
    assert (settings.servers, settings.theme, settings.keys) == ((), None, {})
    assert (settings.density, settings.ascii, settings.origins) == (None, None, {})


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('url = "ws://file/ws"\ntheme = "file"\n[keys]\n"pane.zoom" = "x"\n', "utf-8")
    environment = {"AUTOSDLC_CONFIG": str(path)}
    assert urls(load_settings({}, environment)) == ["ws://file/ws"]
    environment["AUTOSDLC_URL"] = "ws://env/ws"
    assert urls(load_settings({"urls": ()}, environment)) == ["ws://env/ws"]
    settings = load_settings({"urls": ("ws://flag/ws", "ws://other:1/ws")}, environment)
    assert (urls(settings), settings.theme) == (["ws://flag/ws", "ws://other:1/ws"], "file")
    assert settings.keys == {"pane.zoom": "x"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("url = ", "not TOML"),
        ("url = 3", "url: must be text"),
        ("colour = 'x'", "colour: unknown setting"),
        ("keys = 3", "[keys]: must be"),
        ("coverage = 85", "[coverage]: has one setting, minimum"),
        ("[coverage]\nminimum = 101", "[coverage]: has one setting, minimum"),
        ("[coverage]\nminimum = true", "[coverage]: has one setting, minimum"),
        (
            "export_directory = '~nobody-at-all/x'",
            "export_directory: '~nobody-at-all/x': there is no such user",
        ),
        ("url = 'x'\ndensity = 3", "density: must be one of normal, dense; url: 'x' is no"),
        ("[[server]]\nurl = 'ws://x'\ntoken_file = '~nobody-at-all/x'", "there is no such user"),
        ("[coverage]\nmaximum = 3", "[coverage]: has one setting, minimum"),
        ("url = 'http://x'", "is no WebSocket address"),
        ("theme = 1\nsize = 2", "theme: must be text, in quotes; size: unknown setting"),
        ("theme = 1\n[notify]\nbell = 3", "theme: must be text, in quotes; notify.bell: must be"),
        ("notify = 3", "[notify]: must be a table"),
        ("[server]\nurl = 'ws://x'", "[[server]]: two pairs of brackets"),
        ("[[server]]\nname = 'x'", "url is missing"),
        ("[[server]]\nurl = 'x'\ntoken = 's'", "token: unknown (name, url, token_file"),
        ("[[server]]\nurl = 7\nname = ''", "url: must be text, in quotes; name: must be text"),
        (
            "[[server]]\nurl = 'ws://x'\ntoken_file = 'a'\ntoken_variable = 'B'",
            "two places for one token",
        ),
        ("url = 'ws://x'\n[[server]]\nurl = 'ws://x/other'", "two servers are called 'x'"),
    ],
)
def test_a_wrong_file_is_named_with_every_fault(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "config.toml", text)
    assert said in str(caught.value)


def test_notify_is_read(tmp_path: Path) -> None:
    assert load(tmp_path / "config.toml", "[notify]\nbell = false").notify == Notify(bell=False)


def test_the_coverage_that_is_wanted_can_be_set(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    assert load(path, "[coverage]\nminimum = 85.5").coverage.minimum == 85.5
    assert load(path, "[coverage]\nminimum = 0").coverage.minimum == 0
    assert load(path, "").coverage.minimum == 80


def test_a_file_that_is_not_there_is_said_only_where_it_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load(tmp_path / "none.toml")


def test_a_folder_in_place_of_the_file_is_no_traceback(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)


@pytest.mark.parametrize(
    "url", ["", "localhost:8765", "ws://", "ws://:80/ws", "ws://h:x/", "ws://h:0/", "ws://[::1/"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    assert address_fault(url)


@pytest.mark.parametrize("url", ["ws://localhost:8765/ws", "wss://example.org/ws", "ws://[::1]:1"])
def test_an_address_is_taken(url: str) -> None:
    assert address_fault(url) is None


def test_servers_have_names_and_tokens_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load(
        tmp_path / "config.toml",
        """
        [[server]]
        name = "team"
        url = "wss://events.example.org/ws"
        token_variable = "TEAM_TOKEN"

        [[server]]
        url = "ws://user:secret@box:8765/ws"
        token_file = "box.token"
        """,
    )
    team, box = settings.servers
    assert (team.name, box.name) == ("team", "box:8765")
    monkeypatch.delenv("TEAM_TOKEN", raising=False)
    with pytest.raises(LookupError, match="TEAM_TOKEN is not set"):
        team.token()
    monkeypatch.setenv("TEAM_TOKEN", "one\n")
    assert team.token() == "one"
    with pytest.raises(FileNotFoundError):
        box.token()
    (tmp_path / "box.token").write_text("two\n", "utf-8")
    assert box.token() == "two"
    assert Server("ws://x", "x").token() is None


def test_a_configured_server_that_is_named_by_its_address_keeps_its_name_and_token(
    tmp_path: Path,
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[[server]]\nname = 't'\nurl = 'ws://x'\ntoken_variable = 'T'\n", "utf-8")
    here = {"AUTOSDLC_CONFIG": str(path)}
    named = load_settings({"urls": ["ws://x", "ws://y"]}, here).servers
    assert named == (Server("ws://x", "t", token_variable="T"), Server("ws://y", "y"))
    assert load_settings({}, here | {"AUTOSDLC_URL": "ws://x"}).servers == named[:1]


def test_a_password_in_an_address_is_not_told() -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings({"urls": ["http://user:secret@host/ws?token=secret"]}, {})
    assert "secret" not in str(caught.value)
