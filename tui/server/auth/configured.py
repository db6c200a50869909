"""Everyone who may let somebody in, as one server is configured."""

import time
from collections.abc import Callable
from typing import NamedTuple

from tui.server.auth.authority import ApiKey, Authorities, Authority
from tui.server.config import ServerConfig


class Configured(NamedTuple):
    """Who lets in, and by what secrets."""

    authority: Authority
    secrets: tuple[str, ...]
    """What the server knows by heart, and must not show."""


def authority_from(
    config: ServerConfig, token: str, clock: Callable[[], float] = time.time
) -> Configured:
    """The server's own key `token`, the key file's and the JWTs; `clock` gives Unix seconds.

    Raises ServerError where a file cannot be used.
    """
    authorities: list[Authority] = [ApiKey(token)]
    secrets = [token]
    if config.keys is not None:
        from tui.server.auth.keys import KeyFile

        authorities.append(KeyFile(config.keys, clock))
    from tui.server.auth.jwt import jwt_authority

    tokens = jwt_authority(
        config.jwt_key, audience=config.jwt_audience, issuer=config.jwt_issuer, clock=clock
    )
    if tokens is not None:
        authorities.append(tokens)
        secrets.append(tokens.secret)
    authority = authorities[0] if len(authorities) == 1 else Authorities(*authorities)
    return Configured(authority, tuple(secrets))
