"""A person's own keys: what is written wrong is named, all of it at once."""

import pytest
from textual.dom import DOMNode

from tui.app import AutosdlcApp
from tui.config import ConfigError
from tui.keys import check_keys
from tui.screens.dashboard import PANES, Dashboard
from tui.screens.detail import DetailScreen
from tui.screens.export import ExportScreen
from tui.screens.help import HelpScreen

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


def test_what_shares_a_key_by_default_may_go_on_to() -> None:
    check_keys({"detail.close": "q,x"}, BOUND)
    check_keys({"export.csv": "q"}, {"a": {"export.csv": "c"}, "b": {"app.quit": "q"}})


def test_no_key_does_two_things_in_one_place_but_the_same_to_what_is_nearer() -> None:
    shared = {
        tuple(sorted((one, other)))
        for bound in BOUND.values()
        for one, written in bound.items()
        for other, others in bound.items()
        if one != other and set(written.split(",")) & set(others.split(","))
    }
    assert shared == {
        ("app.quit", "detail.close"),
        ("alerts.acknowledge", "inbox.ack"),
        ("alerts.snooze", "inbox.snooze"),
    }


def test_every_binding_can_be_typed_on_any_keyboard() -> None:
    """What needs AltGr on German and other layouts has a second key."""
    hard = {"[", "]", "{", "}", "\\", "|", "@", "~"} | {
        "left_square_bracket",
        "right_square_bracket",
        "left_curly_bracket",
        "right_curly_bracket",
        "backslash",
        "vertical_line",
        "at",
        "tilde",
        "circumflex_accent",
        "grave_accent",
    }
    untypable = {
        id_
        for bound in BOUND.values()
        for id_, written in bound.items()
        if set(written.split(",")) <= hard
    }
    assert not untypable


def test_every_binding_has_an_id_and_says_what_it_does() -> None:
    classes: tuple[type[DOMNode], ...] = (
        AutosdlcApp,
        Dashboard,
        DetailScreen,
        ExportScreen,
        HelpScreen,
        *PANES,
    )
    mute = {
        (class_.__name__, binding.key)
        for class_ in classes
        for base in class_.__mro__
        if base.__module__.startswith("tui.")
        for binding in vars(base).get("BINDINGS", ())
        if not (binding.id and binding.tooltip and binding.description)
    }
    assert not mute
