"""Several servers at once: a client and a state each, one of them on the screen."""

from tests.support.dashboard import TOKEN, Screen, publish, publisher, server
from tests.support.events import status
from tui.app import AutosdlcApp
from tui.feed import Plan


async def test_what_is_acknowledged_at_one_server_is_still_asked_at_another() -> None:
    with server() as here, server() as there:
        app = AutosdlcApp(
            Plan(url=here.url, token=TOKEN, name="here"),
            Plan(url=there.url, token=TOKEN, name="there"),
        )
        async with app.run_test(size=(120, 40)) as pilot, publisher(there.url) as other:
            screen = Screen(app, pilot)
            for url in (here.url, there.url):
                async with publisher(url) as client:
                    await publish(client, status("c2", "blocked", reason="no credentials"))
            await screen.shows("◼ c2 blocked")
            await screen.press("a")
            await screen.shows("(acknowledged) no credentials")
            await publish(other, status("c3", "busy"))
            await screen.press("ctrl+p", *"Watch there", "enter")
            await screen.shows("◼ c2 blocked", "c3")
            await screen.lacks("acknowledged")
            await publish(other, status("c2", "busy"))
            await screen.press("ctrl+p", *"Watch here", "enter")
            await screen.shows("here ● LIVE", "(acknowledged) no credentials")


async def test_each_server_has_a_state_of_its_own_and_one_is_shown() -> None:
    with server() as here, server() as there:
        app = AutosdlcApp(
            Plan(url=here.url, token=TOKEN, name="here"),
            Plan(url=there.url, token=lambda: TOKEN, name="there"),
        )
        async with app.run_test(size=(120, 40)) as pilot:
            screen = Screen(app, pilot)
            await screen.shows("here ● LIVE")
            for url, agent in ((here.url, "coder-here"), (there.url, "coder-there")):
                async with publisher(url) as client:
                    await publish(client, status(agent, "needs_input", reason="yes or no?"))
            await screen.shows("coder-here")
            await screen.until(lambda: app.title == "autosdlc (2 needs you)", "both are counted")
            assert "coder-there" not in screen.text
            await screen.press("ctrl+p", *"Watch there", "enter")
            await screen.shows("there ● LIVE", "coder-there", "‼1 needs you")
            await screen.lacks("coder-here")
            async with publisher(here.url) as client:
                await publish(client, status("coder-new", "busy"))
            await screen.press("ctrl+p", *"Watch here", "enter")
            await screen.shows("here ● LIVE", "coder-here", "coder-new")
            async with publisher(here.url) as client:
                await publish(client, status("coder-last", "busy"))
            await screen.shows("coder-last")
