"""What a person sees when there is nothing, when the link is gone, and when it is back."""

from contextlib import AsyncExitStack

from tests.support.dashboard import dashboard, publish, publisher, server
from tests.support.events import event, log, phase, results, status
from tests.support.ports import free_port
from tui.screens.dashboard import Dashboard
from tui.screens.detail import DetailView


async def test_an_empty_server_says_how_to_get_something() -> None:
    with server() as record:
        async with dashboard(record.url) as screen:
            await screen.shows("● LIVE", "no agents yet", "pytest --autosdlc", "no workflow yet")


async def test_a_server_that_is_not_there_is_named_and_waited_for() -> None:
    url = f"ws://127.0.0.1:{free_port()}/ws"
    async with dashboard(url) as screen:
        await screen.shows("WAITING", "waiting: cannot reach ws://127.0.0.1")


async def test_a_second_may_pass_while_the_screen_is_taken_down() -> None:
    async with dashboard(f"ws://127.0.0.1:{free_port()}/ws") as screen:
        shown = screen.app.screen
        assert isinstance(shown, Dashboard)
        await shown.remove_children()
        shown.show(set(), tick=True)  # which the timer does until the app has ended


async def test_a_refused_token_stops_with_the_reason() -> None:
    with server() as record:
        async with dashboard(record.url, token="wrong") as screen:
            await screen.shows("✗ STOPPED", "not connected:", "token", "r retry")
            await screen.press("q")
        assert screen.app.return_code == 1


async def test_the_screen_goes_stale_without_clearing_and_comes_back() -> None:
    port = free_port()
    async with AsyncExitStack() as stack:
        with server(port) as record:
            screen = await stack.enter_async_context(dashboard(record.url))
            async with publisher(record.url) as client:
                await publish(client, status("coder-007", "busy"))
            await screen.shows("coder-007", "● LIVE")
        await screen.shows("stale", "coder-007", "last word")
        with server(port):
            await screen.press("r")
            await screen.shows("● LIVE", "coder-007")
            await screen.lacks("stale")


async def test_details_go_stale_without_clearing_and_come_back() -> None:
    port = free_port()
    async with AsyncExitStack() as stack:
        with server(port) as record:
            screen = await stack.enter_async_context(dashboard(record.url))
            async with publisher(record.url) as client:
                await publish(client, status("coder-007", "busy", reason="running pytest"))
            await screen.shows("coder-007", "● LIVE")
            await screen.press("enter")
            await screen.shows("running pytest")
            view = screen.app.screen.query_one(DetailView)
            assert not view.stale
        await screen.until(lambda: view.stale, "dimmed")
        await screen.shows("running pytest")
        with server(port):
            await screen.until(lambda: not view.stale, "live again")


async def test_a_subscription_reaches_every_pane() -> None:
    with server() as record:
        async with dashboard(record.url) as screen, publisher(record.url) as client:
            await publish(
                client,
                status("coder-007", "needs_input", reason="Bash: alembic upgrade head"),
                log("coder-007", "pytest: 3 failed"),
                results("coder-007", "tests/test_refund.py", 3, ("test_partial",)),
                phase("coder-007", "green", "red"),
                event(
                    "workflow_started",
                    {
                        "workflowId": "w-1",
                        "workflowType": "feature",
                        "initiator": "pm-001",
                        "steps": [{"id": "s1", "name": "Design"}, {"id": "s2", "name": "Build"}],
                        "estimatedDuration": 600_000,
                    },
                ),
                event(
                    "system_alert",
                    {
                        "alertId": "al-1",
                        "severity": "high",
                        "title": "Branch coverage",
                        "description": "84 < 85",
                        "affectedComponents": [],
                        "recommendedActions": [],
                    },
                ),
            )
            await screen.shows(
                "‼1 needs you",
                "▲1 alert",
                "✗1 test",
                "Bash: alembic upgrade head",
                "pytest: 3 failed",
                "test_partial",
                "tests/test_refund.py:7",
                "▌RED ",
                "● Design",
                "○ Build",
                "▲ HIGH     Branch coverage",
            )


async def test_who_comes_late_is_given_the_present_state() -> None:
    with server() as record:
        async with publisher(record.url) as client:
            await publish(client, status("coder-007", "blocked", reason="429 from upstream"))
        async with dashboard(record.url) as screen:
            await screen.shows("coder-007", "blocked", "429 from upstream")
