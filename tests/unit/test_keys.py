"""A person's own keys: what is written wrong is named, all of it at once."""

import pytest

from tui.app import AutosdlcApp
from tui.config import ConfigError
from tui.keys import check_keys

BOUND = AutosdlcApp.bindable()


@pytest.mark.parametrize(
    "key", ["x", "ctrl+x", "f5", "ampersand", "&", "shift+f5", "z,ctrl+z", "+"]
)
def test_a_key_is_taken(key: str) -> None:
    check_keys({"pane.zoom": key}, BOUND)


@pytest.mark.parametrize("key", ["", "notakey", "ctrl+", "hold+x", "x,"])
def test_what_is_no_key_is_named(key: str) -> None:
    with pytest.raises(ConfigError, match=r"pane\.zoom: .* is no key"):
        check_keys({"pane.zoom": key}, BOUND)


def test_every_fault_is_named_with_the_bindings_there_are() -> None:
    with pytest.raises(ConfigError) as caught:
        check_keys({"pane.zooom": "x", "app.quit": "notakey"}, BOUND)
    said = str(caught.value)
    for part in ("pane.zooom: no such binding", "app.quit: 'notakey' is no key", "pane.zoom,"):
        assert part in said


def test_a_key_that_is_taken_is_named_with_its_owner() -> None:
    with pytest.raises(ConfigError) as caught:
        check_keys({"pane.zoom": "q"}, BOUND)
    assert "'q' is the key of app.quit too" in str(caught.value)


def test_two_bindings_may_change_places() -> None:
    check_keys({"pane.zoom": "r", "app.retry": "z"}, BOUND)


def test_no_two_bindings_share_a_key() -> None:
    check_keys(BOUND, BOUND)
