"""Settings: where each value comes from, and what is said about a wrong one."""

from pathlib import Path

import pytest

from tui.config import ConfigError, check_url, load_settings


def load(path: Path, text: str | None = None, **flags: str | None) -> object:
    if text is not None:
        path.write_text(text, "utf-8")
    return load_settings(flags, {"AUTOSDLC_CONFIG": str(path)})


def test_without_anything_there_are_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    settings = load_settings({}, {})
    assert (settings.url, settings.theme, settings.keys) == (None, "autosdlc-dark", {})


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('url = "ws://file/ws"\ntheme = "file"\n[keys]\n"pane.zoom" = "x"\n', "utf-8")
    environment = {"AUTOSDLC_CONFIG": str(path)}
    assert load_settings({}, environment).url == "ws://file/ws"
    environment["AUTOSDLC_URL"] = "ws://env/ws"
    assert load_settings({"url": None}, environment).url == "ws://env/ws"
    settings = load_settings({"url": "ws://flag/ws"}, environment)
    assert (settings.url, settings.theme) == ("ws://flag/ws", "file")
    assert settings.keys == {"pane.zoom": "x"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("url = ", "not TOML"),
        ("url = 3", "url: must be text"),
        ("colour = 'x'", "colour: unknown setting"),
        ("keys = 3", "[keys]: must be"),
        ("url = 'http://x'", "is no WebSocket address"),
        ("theme = 1\nsize = 2", "theme: must be text, in quotes; size: unknown setting"),
    ],
)
def test_a_wrong_file_is_named_with_every_fault(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "config.toml", text)
    assert said in str(caught.value)


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
    with pytest.raises(ConfigError):
        check_url(url)


@pytest.mark.parametrize("url", ["ws://localhost:8765/ws", "wss://example.org/ws", "ws://[::1]:1"])
def test_an_address_is_taken(url: str) -> None:
    check_url(url)
