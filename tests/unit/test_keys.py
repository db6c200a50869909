"""A person's own keys: what is written wrong is named, all of it at once."""

import importlib
import pkgutil

import pytest
from textual.dom import DOMNode

import tui.panes
import tui.screens
import tui.widgets
from tui.app import AutosdlcApp
from tui.config import ConfigError
from tui.keys import keymap

BOUND = AutosdlcApp.bindable()
FILE = "config.toml"


def classes_with_bindings() -> list[type[DOMNode]]:
    """All of ours, wherever they are."""
    names = ["tui.app"] + [
        found.name
        for package in (tui.panes, tui.screens, tui.widgets)
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    ]
    return [
        value
        for name in names
        for value in vars(importlib.import_module(name)).values()
        if isinstance(value, type) and value.__module__ == name and vars(value).get("BINDINGS")
    ]


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("x", "x"),
        ("X", "X"),
        ("shift+x", "X"),
        ("Ctrl+X", "ctrl+x"),
        ("F5", "f5"),
        ("shift+f5", "shift+f5"),
        ("b, ctrl+b", "b,ctrl+b"),
        ("ö", "ö"),
        ("+", "plus"),
        ("ctrl++", "ctrl+plus"),
        ("#", "number_sign"),
        ("&,ampersand,backslash", "ampersand,ampersand,backslash"),
        ("Del", "delete"),
    ],
)
def test_a_key_is_taken_as_it_is_written(written: str, key: str) -> None:
    assert keymap({"pane.zoom": written}, BOUND, FILE) == {"pane.zoom": key}


@pytest.mark.parametrize(
    ("id_", "written", "key"),
    [
        ("inbox.next", "!", "exclamation_mark"),
        ("app.help", "?,F1", "question_mark,f1"),
        ("list.filter", "/", "slash"),
        ("one.previous", ",", "comma"),
        ("one.previous", "b,,", "b,comma"),
        ("one.previous", ",,b", "comma,b"),
        ("one.next", ".", "full_stop"),
        ("view.pause", " ", "space"),
        ("view.pause", "Space", "space"),
        ("row.page_down", "PgDn", "pagedown"),
        ("pane.unzoom", "Esc", "escape"),
    ],
)
def test_every_usual_key_can_be_written_as_it_is_shown(id_: str, written: str, key: str) -> None:
    assert keymap({id_: written}, BOUND, FILE) == {id_: key}


@pytest.mark.parametrize("key", ["", "notakey", "ctrl+", "hold+x", "x,", "x;y", "x y"])
def test_what_is_no_key_is_named_with_the_file_and_what_is_one(key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        keymap({"pane.zoom": key}, BOUND, FILE)
    said = str(caught.value)
    assert said.startswith(f"{FILE}: [keys]: pane.zoom: {key!r} is no key; a key is a character")


def test_every_fault_is_named_with_the_bindings_there_are() -> None:
    with pytest.raises(ConfigError) as caught:
        keymap({"pane.zooom": "x", "app.quit": "notakey"}, BOUND, FILE)
    said = str(caught.value)
    for part in ("pane.zooom: no such binding", "app.quit: 'notakey' is no key", "pane.zoom,"):
        assert part in said


@pytest.mark.parametrize(
    ("key", "owner"), [("q", "app.quit"), ("!", "inbox.next"), ("b,?", "app.help")]
)
def test_a_key_that_is_taken_is_named_with_its_owner(key: str, owner: str) -> None:
    with pytest.raises(ConfigError, match=f"is the key of {owner} too"):
        keymap({"pane.zoom": key}, BOUND, FILE)


def test_two_bindings_may_change_places() -> None:
    keymap({"pane.zoom": "r", "app.retry": "z"}, BOUND, FILE)


def test_what_shares_a_key_by_default_may_go_on_to() -> None:
    keymap({"detail.close": "q,x"}, BOUND, FILE)
    keymap({"export.csv": "q"}, {"a": {"export.csv": "c"}, "b": {"app.quit": "q"}}, FILE)


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
    mute = {
        (class_.__name__, binding.key)
        for class_ in classes_with_bindings()
        for binding in vars(class_)["BINDINGS"]
        if not (binding.id and binding.tooltip and binding.description)
    }
    assert not mute


def test_every_binding_may_be_given_another_key() -> None:
    ids = {binding.id for class_ in classes_with_bindings() for binding in vars(class_)["BINDINGS"]}
    assert ids == {id_ for bound in BOUND.values() for id_ in bound}
