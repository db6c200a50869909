"""JSON Web Tokens (RFC 7519), verified by one key.

The kind of the key fixes the algorithm: HS256 for a secret, RS256 and EdDSA for a PEM file. What a
token's own header says of it must agree, and decides nothing.

Where the RFC leaves a choice: `exp` is required, and a token ends at that very second, as open
connections do; `nbf` may lie a minute ahead, since the issuer's clock is another machine's; `iat`
is not looked at; a token with an `aud` is refused where no audience is configured. The claim
`permissions` is a list of permissions and role names; a token with one that is unknown is refused
whole, and the log says why.
"""

import logging
import os
import time
from collections.abc import Callable, Mapping
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.protocol.text import clean
from tui.server.auth.access import Access
from tui.server.auth.files import read_guarded
from tui.server.config import ServerError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    Key = bytes | RSAPublicKey | Ed25519PublicKey | Ed448PublicKey

SECRET_VARIABLE = "AUTOSDLC_JWT_SECRET"  # noqa: S105 - the variable's name, no secret
SECRET_BYTES = 32
"""A shorter secret than the hash is long can be guessed (RFC 7518, 3.2)."""
RSA_BITS = 2048
NOT_BEFORE_LEEWAY = 60.0
"""Seconds."""
_PEM = b"-----BEGIN "
_log = logging.getLogger(__name__)


class JwtAuthority:
    """Tokens of one issuer; `clock` gives Unix seconds."""

    def __init__(
        self,
        key: "Key",
        algorithm: str,
        *,
        audience: str | None = None,
        issuer: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        import jwt

        self.secret = key.decode("utf-8", "replace") if isinstance(key, bytes) else ""
        """What tokens are signed with, too; empty where that is not known here."""
        self._jwt = jwt.PyJWT()
        self._error = jwt.PyJWTError
        self._key = key
        self._algorithms = [algorithm]
        self._audience = audience
        self._issuer = issuer
        self._clock = clock

    def check(self, token: str) -> Access | None:
        if token.count(".") != 2:
            return None
        try:
            claims = self._jwt.decode(
                token,
                self._key,
                algorithms=self._algorithms,
                audience=self._audience,
                issuer=self._issuer,
                # The clock is ours, so the times are, too.
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except (self._error, ValueError) as error:  # ValueError: no text at all (lone surrogates)
            _log.info("a JWT is refused: %s", clean(str(error), 300))
            return None
        try:
            return _access(claims, self._clock())
        except ValueError as error:
            who = clean(str(claims.get("sub", "nobody")), 64)
            _log.warning("a JWT of %s is refused: %s", who, clean(str(error), 300))
            return None

    def current(self, access: Access) -> Access | None:
        return access


def jwt_authority(
    given: Path | bytes | None,
    *,
    audience: str | None = None,
    issuer: str | None = None,
    clock: Callable[[], float] = time.time,
    environment: Mapping[str, str] = os.environ,
) -> JwtAuthority | None:
    """The authority that `--jwt-key` or AUTOSDLC_JWT_SECRET configures; None: neither does.

    `given` is a file, or what was read from standard input.

    Raises ServerError where the key cannot be used.
    """
    secret = environment.get(SECRET_VARIABLE, "").encode("utf-8", "surrogateescape")
    if given is None and not secret:
        if audience is not None or issuer is not None:
            raise ServerError(
                f"--jwt-audience and --jwt-issuer need --jwt-key FILE, or {SECRET_VARIABLE}"
            )
        return None
    where = f"--jwt-key {given if isinstance(given, Path) else '-'}"
    if given is not None and secret:
        raise ServerError(f"{where} and {SECRET_VARIABLE} are both set; leave out one")
    if given is None:
        key, algorithm = _key(secret, SECRET_VARIABLE)
    elif isinstance(given, bytes):
        key, algorithm = _key(given.strip(), where)
    else:
        try:
            content, readable = read_guarded(given)
        except OSError as error:
            raise ServerError(f"{where}: cannot be read: {error}") from error
        key, algorithm = _key(content.strip(), where)
        if readable and isinstance(key, bytes):
            _log.warning("others may read %s, which is to be kept from them; `chmod 600` it", given)
    return JwtAuthority(key, algorithm, audience=audience, issuer=issuer, clock=clock)


def _key(content: bytes, where: str) -> "tuple[Key, str]":
    """The key to verify with, and the one algorithm that it is for."""
    if not content.startswith(_PEM):
        if len(content) < SECRET_BYTES:
            raise ServerError(
                f"{where}: the secret has {len(content)} bytes, and HS256 needs {SECRET_BYTES}; "
                "`openssl rand -hex 32` makes one"
            )
        return content, "HS256"
    from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    key = _public_key(content, where)
    if isinstance(key, RSAPublicKey):
        if key.key_size < RSA_BITS:
            raise ServerError(f"{where}: RSA of {key.key_size} bits; RS256 needs {RSA_BITS}")
        return key, "RS256"
    if isinstance(key, Ed25519PublicKey | Ed448PublicKey):
        return key, "EdDSA"
    kind = type(key).__name__.removesuffix("PublicKey")
    raise ServerError(f"{where}: a key for {kind}; RSA (RS256) and Ed25519 (EdDSA) can be used")


def _public_key(pem: bytes, where: str) -> object:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import (
        load_pem_private_key,
        load_pem_public_key,
    )
    from cryptography.x509 import load_pem_x509_certificate

    head = pem.partition(b"\n")[0]
    try:
        if b"PRIVATE" in head:
            return load_pem_private_key(pem, None).public_key()
        if b"CERTIFICATE" in head:
            return load_pem_x509_certificate(pem).public_key()
        return load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ServerError(
            f"{where}: no PEM key that can be read ({error}); give the public key, unencrypted"
        ) from error


def _access(claims: Mapping[str, Any], now: float) -> Access | None:
    """What verified claims give; raises ValueError where something of them is wrong."""
    expires = _time(claims, "exp")
    if expires is None:
        raise ValueError("exp is missing")
    if now >= expires or now < (_time(claims, "nbf") or now) - NOT_BEFORE_LEEWAY:
        return None
    permissions = claims.get("permissions")
    if not (isinstance(permissions, list) and all(isinstance(one, str) for one in permissions)):
        raise ValueError("the claim permissions must be a list of texts")
    return Access.of(permissions, name=clean(str(claims.get("sub", "")), 128), expires=expires)


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    """A claim's Unix seconds, whole or not; None where it is not there."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} must be a number")  # noqa: TRY004
    try:
        seconds = float(value)
    except OverflowError:
        seconds = float("inf")
    if not isfinite(seconds):
        raise ValueError(f"{name} is no moment there is")
    return seconds
