"""The example in the package's docstring is run as it stands, against a scripted server."""

import asyncio
import textwrap
from typing import Any

import pytest

import tui.client
from tests.functional.client.peer import Line, Peer, serving


class Echo(Peer):
    """Sends back every event that it takes."""

    async def answer(self, line: Line, message: dict[str, Any]) -> None:
        await super().answer(line, message)
        if message["type"] == "agent_status":
            await line.send(message)


def example() -> str:
    """The docstring's code, up to where it runs itself."""
    lines = (tui.client.__doc__ or "").splitlines()
    code = [line for line in lines if line.startswith("    ") or not line]
    text = textwrap.dedent("\n".join(code))
    definitions, run, _ = text.partition("asyncio.run(")
    assert run
    return definitions


@pytest.mark.parametrize("v1", [False, True], ids=["plain", "v1"])
async def test_the_docstring_example_runs(
    v1: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    namespace: dict[str, Any] = {}
    exec(example(), namespace)  # noqa: S102 - our own docstring
    async with serving(Echo(v1=v1)) as peer, asyncio.timeout(10):
        await namespace["main"](peer.url, "token")
    assert capsys.readouterr().out == "coder-001 is busy\ncoder-001 is idle\n"
