"""Which needs are news."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.events import START, status
from tui.notify.notifier import SPACING, News, Notifier
from tui.notify.settings import Notify, Quiet, notify_of
from tui.store import Store
from tui.store.inbox import MINUTE, SNOOZE_MINUTES, Inbox, Need


def need(who: str, since: float = 1.0, text: str = "Bash: rm build?", key: str = "") -> Need:
    """One that began `since` seconds after START."""
    at = START + since * 1000
    return Need(key or f"agent {who} {at}", "needs_input", who, text, at, "agent", who)


def test_a_new_need_is_told_once() -> None:
    notifier = Notifier(START)
    needs = (need("a"),)
    assert notifier.news(needs, START) == News("a", "needs_input", "Bash: rm build?")
    for later in range(1, 100):
        assert notifier.news(tuple(needs), START + later * SPACING) is None


def test_what_began_before_the_dashboard_is_no_news() -> None:
    assert Notifier(START).news((need("a", -1),), START) is None


def test_a_second_question_of_the_same_agent_is_news() -> None:
    notifier = Notifier(START)
    assert notifier.news((need("a", 1),), START)
    assert notifier.news((need("a", 9, "Another?"),), START + SPACING) == News(
        "a", "needs_input", "Another?"
    )


def test_the_same_question_again_is_news() -> None:
    notifier = Notifier(START)
    assert notifier.news((need("a", 1, key="agent a"),), START)
    assert notifier.news((need("a", 9, key="agent a"),), START + SPACING)


def test_a_burst_becomes_one_summary() -> None:
    notifier = Notifier(START)
    needs = tuple(need(f"coder-{n}") for n in range(5))
    assert notifier.news(needs, START) == News(
        "5 need you", "several", "coder-0, coder-1, coder-2 and 2 more"
    )


def test_what_comes_soon_after_is_told_together() -> None:
    notifier = Notifier(START)
    needs = [need("a")]
    assert notifier.news(tuple(needs), START)
    for number, who in enumerate("bc", 1):
        needs.append(need(who))
        assert notifier.news(tuple(needs), START + number) is None
    told = notifier.news(tuple(needs), START + SPACING)
    assert told == News("2 need you", "several", "b, c")


def test_what_was_answered_before_it_could_be_told_is_not_told() -> None:
    notifier = Notifier(START)
    assert notifier.news((need("a"),), START)
    assert notifier.news((need("a"), need("b")), START + 1) is None
    assert notifier.news((need("a"),), START + SPACING) is None


def test_what_came_in_quiet_hours_and_is_still_open_is_told_once_at_their_end() -> None:
    notifier = Notifier(START)
    assert notifier.news((need("a"), need("b")), START, quiet=True) is None
    assert notifier.news((need("b"), need("c")), START + SPACING, quiet=True) is None
    assert notifier.news((need("b"), need("c")), START + 2 * SPACING) == News(
        "2 need you", "several", "b, c"
    )
    for later in range(3, 9):
        assert notifier.news((need("b"), need("c")), START + later * SPACING) is None


def test_quiet_hours_in_which_all_was_answered_end_quietly() -> None:
    notifier = Notifier(START)
    assert notifier.news((need("a"),), START, quiet=True) is None
    assert notifier.news((), START + 1, quiet=True) is None
    assert notifier.news((), START + SPACING) is None


def test_a_snooze_that_ends_is_told_again() -> None:
    notifier = Notifier(START)
    back = START + 2 * SPACING
    assert notifier.news((need("a"),), START)
    assert notifier.news((), START + SPACING) is None
    assert notifier.news((need("a")._replace(back=back),), back)
    assert notifier.news((), back + SPACING) is None
    assert notifier.news((need("a")._replace(back=back),), back + 2 * SPACING) is None


def test_a_snooze_of_the_last_start_that_ends_is_told() -> None:
    notifier = Notifier(START)
    asked_before = need("a", -60)
    assert notifier.news((), START) is None
    assert notifier.news((asked_before._replace(back=START - 1),), START + 1) is None
    assert notifier.news((), START + 2) is None
    assert notifier.news((asked_before._replace(back=START + 3),), START + 3)


@pytest.mark.parametrize("put_off", [Inbox.acknowledge, Inbox.snooze])
@pytest.mark.parametrize("quiet", [False, True])
def test_what_a_person_takes_back_is_not_told_again(
    put_off: Callable[[Inbox, str, float], None], *, quiet: bool
) -> None:
    notifier, store, now = Notifier(START), Store(), START + 10_000
    inbox = store.inbox
    store.apply(status("a", "needs_input", 1, reason="Bash: rm build?"))
    assert notifier.news(inbox.open(now), now)
    put_off(inbox, inbox.open(now)[0].key, now)
    now += SPACING
    assert notifier.news(inbox.open(now), now, quiet=quiet) is None
    inbox.restore()
    for _ in range(3):
        now += SPACING
        assert inbox.open(now)
        assert notifier.news(inbox.open(now), now) is None
    store.apply(status("a", "needs_input", 60, reason="And dist?"))
    assert notifier.news(inbox.open(now), now)


def test_a_snooze_that_ends_is_told_again_whichever_server_is_looked_at_first() -> None:
    kept: dict[str, Any] = {}
    one, other = Store(kept), Store(kept)
    one.apply(status("a", "needs_input", 1, reason="Bash: rm build?"))
    other.apply(status("b", "needs_input", 1, reason="And dist?"))
    notifier, now = Notifier(START), START + 10_000

    def look() -> News | None:
        return notifier.news((*one.inbox.open(now), *other.inbox.open(now)), now)

    assert look()
    other.inbox.snooze(other.inbox.open(now)[0].key, now)
    now += SPACING
    assert look() is None
    now += SNOOZE_MINUTES * MINUTE
    assert look() == News("b", "needs_input", "And dist?")
    assert one.inbox.open(now) is one.inbox.open(now)


def test_hostile_text_is_harmless() -> None:
    told = Notifier(START).news((need("\x1b]0;x\x07a", text="\x1b[2Jb\nc\x00" + "d" * 999),), START)
    assert told is not None
    assert told.who == "a"
    assert told.text.startswith("b c")
    assert len(told.text) <= 300
    assert told.text.isprintable()


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("22:00-07:00", ["22:00", "23:59", "00:00", "06:59"], ["07:00", "12:00", "21:59"]),
        ("12:30-13:30", ["12:30", "13:29"], ["12:29", "13:30", "00:00"]),
        ("00:00-00:00", [], ["00:00", "12:00"]),
    ],
)
def test_quiet_hours_are_local_and_may_go_over_midnight(
    text: str, inside: list[str], outside: list[str]
) -> None:
    quiet = notify_of({"quiet": text}).quiet
    assert quiet is not None

    def covered(at: str) -> bool:
        moment = time.mktime(time.strptime(f"2026-11-28 {at}", "%Y-%m-%d %H:%M"))
        return quiet.covers(moment * 1000)

    assert [covered(at) for at in inside] == [True] * len(inside)
    assert [covered(at) for at in outside] == [False] * len(outside)


def test_a_whole_table_is_read() -> None:
    table = {
        "bell": False,
        "desktop": "osc777",
        "command": ["notify-send", "x"],
        "quiet": "22:00-7:00",
        "snooze_minutes": 5,
    }
    assert notify_of(table) == Notify(
        bell=False,
        desktop="osc777",
        command=("notify-send", "x"),
        quiet=Quiet(22 * 60, 7 * 60),
        snooze_minutes=5,
    )
    assert notify_of({"quiet": "", "command": []}) == Notify()


@pytest.mark.parametrize(
    ("table", "faults"),
    [
        (3, ["[notify]: must be a table"]),
        ({"bell": 1}, ["notify.bell: must be true or false"]),
        ({"desktop": "growl"}, ["notify.desktop: must be one of auto, osc9, osc777, off"]),
        ({"desktop": ["osc9"]}, ["notify.desktop: must be one of"]),
        ({"command": "notify-send"}, ["notify.command: must be a list of texts"]),
        ({"command": [""]}, ["notify.command"]),
        ({"command": ["a\0b"]}, ["notify.command"]),
        ({"quiet": "22-7"}, ['notify.quiet: must be hours such as "22:00-07:00"']),
        ({"quiet": 22}, ["notify.quiet"]),
        ({"quiet": "25:00-07:00"}, ["notify.quiet"]),
        ({"snooze_minutes": 0}, ["notify.snooze_minutes: must be a number above 0"]),
        ({"snooze_minutes": True}, ["notify.snooze_minutes"]),
        ({"snooze_minutes": float("nan")}, ["notify.snooze_minutes"]),
        ({"bel": True}, ["notify.bel: unknown (known: bell, desktop, command, quiet"]),
        ({"bell": 1, "quiet": "x", "sound": 2}, ["notify.bell", "notify.quiet", "notify.sound"]),
    ],
)
def test_every_fault_of_a_table_is_told(table: object, faults: list[str]) -> None:
    with pytest.raises(ValueError, match="notify") as caught:
        notify_of(table)
    assert all(fault in str(caught.value) for fault in faults)
    assert str(caught.value).count(";") == len(faults) - 1
