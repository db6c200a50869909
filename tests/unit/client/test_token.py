"""Tokens that have to be asked for."""

import asyncio

import pytest

from tui.client.token import TokenError, checked, current


async def later() -> str | None:
    await asyncio.sleep(0)
    return "later\n"


async def never() -> str:
    await asyncio.Event().wait()
    return ""


async def cancelled() -> str:
    raise asyncio.CancelledError


def fails() -> str:
    raise OSError("the keyring is locked\x1b[31m")


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (None, None),
        ("as it is", "as it is"),
        (lambda: " now ", "now"),
        (later, "later"),
        (lambda: None, None),
        (lambda: "", None),
    ],
)
async def test_a_token_is_given_or_asked_for(token: object, said: str | None) -> None:
    assert await current(token, 5) == said  # type: ignore[arg-type] # lambdas are of no type here


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (never, "no token within 0.01 s"),
        (cancelled, "no token to be had: CancelledError"),
        (fails, "no token to be had: the keyring is locked"),
        (lambda: "töken", "no token to be had: the token has characters"),
    ],
)
async def test_a_token_that_cannot_be_had_says_why(token: object, said: str) -> None:
    with pytest.raises(TokenError) as caught:
        await current(token, 0.01)  # type: ignore[arg-type] # lambdas are of no type here
    assert str(caught.value).startswith(said)
    assert "\x1b" not in str(caught.value)


async def test_who_is_cancelled_while_a_token_is_asked_for_is_cancelled() -> None:
    asking = asyncio.create_task(current(never, 5))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


def test_a_token_that_no_header_can_carry_is_refused_without_being_told() -> None:
    with pytest.raises(ValueError, match="characters") as caught:
        checked("line\nbreak")
    assert "line" not in str(caught.value)
