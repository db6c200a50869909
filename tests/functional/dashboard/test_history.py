"""What happened before a dashboard was started, as far as its server has kept it."""

from pathlib import Path

from tests.support.dashboard import dashboard, publish, publisher, server
from tests.support.events import alert, log, phase, results, status
from tui.remembered import Remembered


async def test_a_dashboard_that_is_started_again_knows_what_it_had_seen() -> None:
    told = (
        status("coder-1", "busy"),
        *(log("coder-1", f"line {n}") for n in range(3)),
        *(alert("1", "high", at) for at in (10, 20)),
        phase("coder-1", "refactor", "red", 30),
        results("coder-1", "tests/test_refund.py", 1, ("test_partial",), 40),
        phase("coder-1", "red", "green", 50),
    )
    with server() as record:
        async with publisher(record.url) as client:
            await publish(client, *told)
        for _ in range(2):
            async with dashboard(record.url, size=(160, 50)) as screen:
                await screen.shows("line 0", "line 1", "line 2", "×2", "▌GREEN")


async def test_what_was_acknowledged_stays_so_though_the_same_was_asked_and_answered_before(
    tmp_path: Path,
) -> None:
    asks = {"reason": "Bash: alembic upgrade head"}
    story = (
        status("coder-1", "needs_input", 10, **asks),
        status("coder-1", "busy", 20),
        status("coder-1", "needs_input", 30, **asks),
    )
    with server() as record:
        async with publisher(record.url) as client:
            await publish(client, *story)
            for _ in range(2):
                remembered = Remembered(tmp_path / "dashboard.json")
                async with dashboard(record.url, remembered=remembered) as screen:
                    await screen.shows("Bash: alembic")
                    if not remembered.section("inbox").get("acknowledged"):
                        await screen.press("a")
                    await screen.shows("(acknowledged) Bash: alembic")
            async with dashboard(record.url, remembered=remembered) as screen:
                await screen.shows("(acknowledged) Bash: alembic")
                await publish(client, status("coder-1", "busy", 40))
                await screen.lacks("Bash: alembic")
                await publish(client, status("coder-1", "needs_input", 50, **asks))
                await screen.shows("‼ coder-1", "Bash: alembic")
                await screen.lacks("(acknowledged)")
