"""A person's own keys: what is written wrong is named, all of it at once."""

import pytest

from tui.app import AutosdlcApp
from tui.config import ConfigError
from tui.keys import check_keys

IDS = AutosdlcApp.bindable()


@pytest.mark.parametrize(
    "key", ["x", "ctrl+x", "f5", "question_mark", "?", "shift+tab", "z,ctrl+z", "+"]
)
def test_a_key_is_taken(key: str) -> None:
    check_keys({"pane.zoom": key}, IDS)


@pytest.mark.parametrize("key", ["", "notakey", "ctrl+", "hold+x", "x,"])
def test_what_is_no_key_is_named(key: str) -> None:
    with pytest.raises(ConfigError, match=r"pane\.zoom: .* is no key"):
        check_keys({"pane.zoom": key}, IDS)


def test_every_fault_is_named_with_the_bindings_there_are() -> None:
    with pytest.raises(ConfigError) as caught:
        check_keys({"pane.zooom": "x", "app.quit": "notakey"}, IDS)
    said = str(caught.value)
    for part in ("pane.zooom: no such binding", "app.quit: 'notakey' is no key", "pane.zoom,"):
        assert part in said
