"""Who needs you: the line that says so, and the keys that lead there and put it off."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.support.dashboard import Screen, dashboard
from tests.support.events import START, alert, results, status
from tui.app import AutosdlcApp
from tui.feed import Plan
from tui.notify.settings import Notify
from tui.panes.pane import Pane
from tui.remembered import Remembered
from tui.store.link import Link

NOWHERE = "ws://127.0.0.1:1/ws"


class Time:
    """A clock that stands still until it is put on."""

    def __init__(self) -> None:
        self.now = START + 60_000

    def __call__(self) -> float:
        return self.now


class Drawn(AutosdlcApp):
    """An app that is only drawn, and keeps what it would write to its terminal."""

    connects = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.written: list[str] = []

    def to_terminal(self, sequence: str) -> None:
        self.written.append(sequence)


async def drawn(
    events: list[Any], keys: Iterable[str] = "", size: tuple[int, int] = (120, 40)
) -> list[str]:
    """The screen's lines after `events` and then `keys`."""
    app = Drawn(Plan(url=NOWHERE), clock=Time())
    async with app.run_test(size=size) as pilot:
        screen = Screen(app, pilot)
        tell(screen, *events)
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        return screen.text.splitlines()


def tell(screen: Screen, *events: Any) -> None:
    store = screen.app.store
    store.set_link(Link(phase="live"))
    for made in events:
        store.apply(made)
    screen.app.draw()


def line(screen: Screen) -> str:
    return screen.text.splitlines()[1]


def cursor(screen: Screen, pane: str) -> str | None:
    rows = screen.app.screen.query_one(f"#{pane}", Pane)
    return rows.key(rows.cursor)


TROUBLE = [
    status("coder-1", "busy"),
    status("coder-2", "needs_input", 10, reason="Bash: alembic upgrade head"),
    status("coder-3", "blocked", 20, reason="429 from upstream"),
    alert("al-1", "high", 30),
]


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (120, " ‼ coder-2 needs you  50s  Bash: alembic upgrade head"),
        (80, " ‼ coder-2 needs you  50s  Bash: alembic upgrade head"),
        (60, " ‼ coder-2  50s  Bash: alembic upgrade head"),
        (40, " ‼ coder-2  50s  Bash: alembic upgrade …"),
    ],
)
async def test_who_waits_longest_is_shown_with_the_exact_question(width: int, said: str) -> None:
    text = (await drawn(TROUBLE, size=(width, 24)))[1]
    assert text.startswith(said)
    assert ("(1/3)" in text) == (width > 40)


async def test_a_long_question_takes_the_room_of_the_keys_names() -> None:
    question = "Bash: " + "x" * 200
    text = (await drawn([status("coder-2", "needs_input", reason=question)]))[1]
    assert "ack" not in text
    assert "x" * 60 in text
    assert "…" in text
    assert " a S " in text


async def test_before_anybody_is_there_it_says_so() -> None:
    assert "nobody yet" in (await drawn([]))[1]


async def test_an_empty_inbox_says_so() -> None:
    assert "nobody needs you" in (await drawn([status("a", "busy")]))[1]


async def test_without_a_link_nobody_is_said_to_be_content() -> None:
    app = Drawn(Plan(url=NOWHERE), clock=Time())
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        screen = Screen(app, pilot)
        tell(screen, status("a", "busy"))
        app.store.set_link(Link(phase="waiting"))
        app.draw()
        await screen.shows("nobody needed you when last heard")


async def test_keys_lead_put_off_and_take_back(tmp_path: Path) -> None:
    async with dashboard(NOWHERE, toasts=True, clock=Time()) as screen:
        tell(screen, *TROUBLE)
        await screen.shows("coder-2 needs you", "open")
        await screen.press("exclamation_mark")
        await screen.shows("coder-3 blocked")
        assert cursor(screen, "agents") == "coder-3"
        await screen.press("exclamation_mark")
        await screen.shows("HIGH Alert al-1")
        assert screen.open_pane == "alerts"
        assert cursor(screen, "alerts") == "alert al-1"
        await screen.press("a")
        await screen.shows("acknowledged: Alert al-1; A shows it again")
        await screen.shows("coder-2 needs you", "(1/2)")
        await screen.press("exclamation_mark")
        assert (screen.open_pane, cursor(screen, "agents")) == ("agents", "coder-2")
        await screen.press("S")
        await screen.shows("snoozed 15 min: coder-2", "coder-3 blocked")
        assert "(snoozed 15m00s) Bash: alembic" in screen.text
        await screen.press("a")
        await screen.shows("nobody else needs you (3 put off, A shows)", "(acknowledged) 429")
        assert not set("‼◼") & set(screen.text.splitlines()[0])
        await screen.press("A")
        await screen.shows("coder-2 needs you", "(1/3)")


async def test_a_snooze_lasts_as_long_as_was_configured() -> None:
    clock = Time()
    async with dashboard(
        NOWHERE, toasts=True, clock=clock, notices=Notify(snooze_minutes=2)
    ) as screen:
        tell(screen, *TROUBLE[:2])
        await screen.press("S")
        await screen.shows("snoozed 2 min: coder-2", "nobody else")
        clock.now += 2 * 60_000
        await screen.shows("coder-2 needs you")


async def test_the_line_follows_the_cursor_so_that_a_key_means_what_is_under_it() -> None:
    async with dashboard(NOWHERE, toasts=True, clock=Time()) as screen:
        tell(screen, *TROUBLE)
        await screen.shows("coder-2 needs you")
        await screen.press("down", "down")
        await screen.shows("coder-3 blocked", "open")
        await screen.press("a")
        await screen.shows("acknowledged: coder-3")
        await screen.press("down", "down")
        assert cursor(screen, "agents") == "coder-1"
        assert "open" not in line(screen)


async def test_a_need_that_a_filter_hides_is_shown_by_going_there() -> None:
    async with dashboard(NOWHERE, toasts=True, clock=Time()) as screen:
        tell(screen, *TROUBLE[:2])
        await screen.press("slash", *"coder-1", "enter")
        await screen.shows("▽coder-1")
        await screen.press("exclamation_mark")
        await screen.lacks("▽")
        assert cursor(screen, "agents") == "coder-2"


async def test_enter_after_going_there_opens_it() -> None:
    async with dashboard(NOWHERE, toasts=True, clock=Time()) as screen:
        tell(screen, *TROUBLE[:2])
        await screen.press("5", "exclamation_mark", "enter")
        await screen.shows("‼ needs you for 50s", "Bash: alembic upgrade head")


async def test_a_click_on_the_line_leads_there() -> None:
    async with dashboard(NOWHERE, toasts=True, clock=Time()) as screen:
        tell(screen, *TROUBLE)
        await screen.press("5")
        await screen.pilot.click("#inbox", offset=(5, 0))
        await screen.until(lambda: screen.open_pane == "agents", "led there")
        assert cursor(screen, "agents") == "coder-2"


async def test_its_keys_are_named_though_the_pane_that_has_the_focus_has_the_same(
    tmp_path: Path,
) -> None:
    file = tmp_path / "dashboard.json"
    file.write_text('{"layout": {"pane": "alerts"}}', "utf-8")
    async with dashboard(NOWHERE, clock=Time(), remembered=Remembered(file)) as screen:
        tell(screen, *TROUBLE)
        await screen.shows("coder-2 needs you")
        assert screen.open_pane == "alerts"
        assert "a ack  S snooze  ! go" in line(screen)


async def test_where_nothing_was_put_off_the_key_moves_nothing() -> None:
    async with dashboard(NOWHERE, toasts=True, clock=Time()) as screen:
        tell(screen, *TROUBLE)
        await screen.press("exclamation_mark")
        await screen.shows("coder-3 blocked")
        await screen.press("A")
        await screen.shows("nothing was put off", "coder-3 blocked")
        screen.app._tick()
        await screen.shows("coder-3 blocked")


async def test_where_nobody_needs_you_the_keys_say_so_and_do_nothing() -> None:
    async with dashboard(NOWHERE, toasts=True, clock=Time()) as screen:
        tell(screen, status("a", "busy"))
        await screen.press("a", "S", "5", "exclamation_mark", "A")
        await screen.shows("nobody needs you", "nothing was put off")
        assert screen.open_pane == "logs"


async def test_the_palette_shows_what_was_put_off() -> None:
    async with dashboard(NOWHERE, toasts=True, clock=Time()) as screen:
        tell(screen, *TROUBLE[:2])
        await screen.press("a")
        await screen.shows("1 put off")
        await screen.press("ctrl+p")
        await screen.pilot.pause()
        await screen.press(*"put off")
        await screen.shows("Show what was put off")
        await screen.press("enter")
        await screen.shows("coder-2 needs you")


async def test_keys_of_ones_own_are_named_and_work() -> None:
    keys = {"inbox.ack": "x", "inbox.snooze": "ctrl+s", "inbox.next": "i"}
    async with dashboard(NOWHERE, toasts=True, clock=Time(), keys=keys) as screen:
        tell(screen, *TROUBLE)
        await screen.shows("x ack", "i next")
        await screen.press("a")
        assert "coder-2 needs you" in line(screen)
        await screen.press("x")
        await screen.shows("acknowledged: coder-2")


async def test_what_was_put_off_stays_so_after_a_new_start(tmp_path: Path) -> None:
    file = tmp_path / "dashboard.json"
    async with dashboard(NOWHERE, toasts=True, clock=Time(), remembered=Remembered(file)) as screen:
        tell(screen, *TROUBLE[:2])
        await screen.press("a")
        await screen.shows("1 put off")
    async with dashboard(NOWHERE, toasts=True, clock=Time(), remembered=Remembered(file)) as screen:
        tell(screen, *TROUBLE[:2])
        await screen.shows("nobody else needs you")
        tell(screen, status("coder-2", "needs_input", 30, reason="Another?"))
        await screen.shows("Another?")


async def test_a_demo_begins_anew_and_so_does_what_is_put_off_in_it(tmp_path: Path) -> None:
    file = tmp_path / "dashboard.json"
    for _ in range(2):
        app = Drawn(Plan(demo=True), clock=Time(), remembered=Remembered(file))
        async with app.run_test(size=(120, 40)) as pilot:
            screen = Screen(app, pilot)
            tell(screen, *TROUBLE[:2])
            await screen.shows("coder-2 needs you")
            await screen.press("a")
            await screen.shows("1 put off")


async def test_a_new_need_sets_the_title_and_rings_once() -> None:
    clock = Time()
    app = Drawn(Plan(url=NOWHERE), clock=clock, notices=Notify(desktop="osc9"))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        screen = Screen(app, pilot)
        tell(screen, *TROUBLE[:2])
        await screen.until(lambda: "\x1b]2;autosdlc (1 needs you)\x07" in app.written, "title")
        assert "\x07" not in app.written, "it was there before the dashboard"
        clock.now += 10_000
        tell(screen, status("coder-9", "needs_input", 65, reason="\x1b]2;owned\x07Which?"))
        await screen.until(lambda: "\x1b]2;autosdlc (2 need you)\x07" in app.written, "title")
        await screen.until(lambda: "\x07" in app.written, "bell")
        assert "\x1b]9;autosdlc: coder-9 needs you: Which?\x07" in app.written
        await pilot.pause(1.2)
        assert app.written.count("\x07") == 1
    assert app.written[-1] == "\x1b[23;2t"


async def test_a_command_that_cannot_be_run_is_said_on_the_screen() -> None:
    clock = Time()
    app = Drawn(Plan(url=NOWHERE), clock=clock, notices=Notify(command=("/nowhere/[x]",)))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        screen = Screen(app, pilot)
        tell(screen, status("a", "needs_input", 90))
        await screen.shows("notify.command: '/nowhere/[x]' cannot be run")


async def test_ten_thousand_that_failed_at_once_are_counted_and_gone_through() -> None:
    app = Drawn(Plan(url=NOWHERE), clock=Time())
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        screen = Screen(app, pilot)
        tell(screen, *(status(f"a-{n:05}", "error", n / 1000, reason="429") for n in range(10_000)))
        await screen.shows("a-00000 failed", "(1/10000)")
        await screen.press("exclamation_mark")
        await screen.shows("(2/10000)")
        await screen.press("a")
        await screen.shows("(2/9999)")
        tell(screen, results("a-1", "t.py", 1))


async def test_an_alert_that_was_put_off_is_counted_on_top_no_more() -> None:
    async with dashboard(NOWHERE, clock=Time()) as screen:
        tell(screen, alert("al-1", "high"), alert("al-2", "low"))
        await screen.shows("▲1 alert")
        await screen.press("exclamation_mark", "a")
        await screen.lacks("▲1 alert")
