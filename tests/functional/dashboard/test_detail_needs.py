"""All about something that wants a person: its keys put it off and lead to the next."""

import pytest

from tests.functional.dashboard.test_inbox import NOWHERE, TROUBLE, Time, cursor, tell
from tests.support.dashboard import Screen, dashboard
from tests.support.events import status

AGENT_2 = "─ coder-2 coder ─"
AGENT_3 = "─ coder-3 coder ─"
ALERT = "─ alert Alert al-1 ─"


def bar(screen: Screen) -> str:
    return screen.text.splitlines()[-1]


async def test_who_is_read_of_can_be_answered_and_the_next_is_led_to() -> None:
    clock = Time()
    async with dashboard(NOWHERE, toasts=True, clock=clock) as screen:
        tell(screen, *TROUBLE)
        await screen.press("enter")
        await screen.shows(AGENT_2)
        await screen.until(lambda: "a ack  S snooze  ! next" in bar(screen), "keys")
        await screen.press("a")
        await screen.shows("acknowledged: coder-2; A shows it again", "for 50s, acknowledged")
        await screen.until(lambda: "snooze" not in bar(screen), "it wants nothing more")
        await screen.press("exclamation_mark")
        await screen.shows(AGENT_3, "429 from upstream")
        await screen.press("S")
        await screen.shows("snoozed 15 min: coder-3", ", snoozed 15m00s, since")
        await screen.press("exclamation_mark")
        await screen.shows(ALERT)
        await screen.until(lambda: "next" not in bar(screen), "nobody else")
        await screen.press("exclamation_mark", "a")
        await screen.shows("acknowledged: Alert al-1", "open for 30s, acknowledged")
        await screen.press("A")
        await screen.lacks(", acknowledged")
        await screen.press("exclamation_mark")
        await screen.shows(AGENT_2)
        await screen.press("escape")
        await screen.shows("coder-2 needs you", "(1/3)")
        assert (screen.open_pane, cursor(screen, "agents")) == ("agents", "coder-2")


async def test_a_detail_of_who_wants_nothing_leads_to_who_has_waited_longest() -> None:
    async with dashboard(NOWHERE, toasts=True, clock=Time()) as screen:
        tell(screen, *TROUBLE)
        await screen.press("G", "enter")
        await screen.shows("─ coder-1 coder ─")
        await screen.until(lambda: "! next" in bar(screen), "key")
        assert "a ack" not in bar(screen)
        await screen.press("a", "S", "exclamation_mark")
        await screen.shows(AGENT_2)
        tell(screen, status("coder-2", "busy", 40))
        await screen.until(lambda: "a ack" not in bar(screen), "it needs nobody")
        await screen.press("exclamation_mark")
        await screen.shows(AGENT_3)
        await screen.press("escape")
        await screen.shows("coder-3 blocked", "(1/2)")
        assert cursor(screen, "agents") == "coder-3"


async def test_the_help_and_the_palette_have_its_keys() -> None:
    keys = {"inbox.ack": "x"}
    async with dashboard(NOWHERE, size=(120, 60), toasts=True, clock=Time(), keys=keys) as screen:
        tell(screen, *TROUBLE)
        await screen.press("enter", "question_mark")
        await screen.shows("x  Acknowledge: show this need no more", "!  Go to who needs you")
        await screen.press("escape", "ctrl+p", *"this need no more", "enter")
        await screen.shows(AGENT_2, "acknowledged: coder-2")
        await screen.press("ctrl+p", *"show")
        await screen.shows("Show what was put off")


@pytest.mark.parametrize("key", ["exclamation_mark", "a", "S"])
async def test_where_nobody_needs_you_its_keys_do_nothing(key: str) -> None:
    async with dashboard(NOWHERE, toasts=True, clock=Time()) as screen:
        tell(screen, TROUBLE[0])
        await screen.press("enter", key)
        await screen.shows("─ coder-1 coder ─")
        assert "! next" not in bar(screen)
