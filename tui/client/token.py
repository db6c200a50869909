"""The token to show, which may have to be asked for."""

import asyncio
from collections.abc import Awaitable

from tui.client.cancelled import is_ours
from tui.client.options import Token
from tui.protocol.text import clean


class TokenError(Exception):
    """There is no token to be had now; the message says why, and holds none."""


def checked(token: str | None) -> str | None:
    """The token as a header carries it; raises ValueError where none can."""
    token = (token or "").strip() or None
    if token and not (token.isascii() and token.isprintable()):
        raise ValueError("the token has characters that an HTTP header cannot carry")
    return token


async def current(token: Token | None, seconds: float) -> str | None:
    """The token for a connection that is opened now.

    Raises TokenError, also where the function that is asked takes longer than `seconds`.
    """
    if not callable(token):
        return token
    try:
        said = token()
        if isinstance(said, Awaitable):
            async with asyncio.timeout(seconds):
                said = await said
        return checked(said)
    except TimeoutError as error:
        raise TokenError(f"no token within {seconds:g} s") from error
    except (Exception, asyncio.CancelledError) as error:
        if is_ours(error):
            raise
        why = clean(str(error), 200) or type(error).__name__
        raise TokenError(f"no token to be had: {why}") from error
