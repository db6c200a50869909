"""The window's title: how many need you, and given back at the end."""

from tests.support.terminal import Terminal
from tests.system.conftest import COMMAND


def test_the_title_says_who_needs_you_and_is_given_back(environment: dict[str, str]) -> None:
    command = [*COMMAND, "--demo", "--speed", "10"]
    with Terminal(command, environment=environment) as terminal:
        terminal.until(lambda: b" you)\x07" in terminal.raw, "a title with the count")
        assert b"\x1b[22;2t\x1b]2;autosdlc" in terminal.raw
        terminal.send("q")
        assert terminal.ended() == 0
    assert terminal.raw.count(b"\x1b[22;2t") == terminal.raw.count(b"\x1b[23;2t") == 1
