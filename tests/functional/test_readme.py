"""What the README shows is run as it stands there."""

import asyncio
import re
from pathlib import Path

import pytest

from tests.support.dashboard import TOKEN, server
from tui.client import Client

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found[1]


async def test_the_publishing_example_publishes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOSDLC_TOKEN", TOKEN)
    with server() as record:
        code = block("python").replace("ws://127.0.0.1:8765/ws", record.url)
        code = code.replace("asyncio.run(main())", "")
        names: dict[str, object] = {}
        exec(code, names)  # noqa: S102 - the README's own code
        main = names["main"]
        assert callable(main)
        await main()
        questions: asyncio.Queue[str] = asyncio.Queue()
        client = Client(record.url, TOKEN)
        client.on("agent_status", lambda event: questions.put_nowait(event.data.reason))
        await client.subscribe("agent")
        async with client:
            question = await asyncio.wait_for(questions.get(), 10)
        assert question == "Bash: alembic upgrade head"


def test_the_two_commands_stand_there_exactly() -> None:
    for command in (
        "python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/autosdlc-tui --demo",
        "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/pytest",
    ):
        assert command in README.splitlines()
