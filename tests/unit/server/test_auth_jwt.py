"""JSON Web Tokens: who signed them, with what, for whom, until when, and what they allow."""

import base64
import hashlib
import hmac
import json
import logging
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tui.protocol.topics import Filter, Topic
from tui.server.auth import Access
from tui.server.auth.jwt import JwtAuthority, jwt_authority
from tui.server.config import ServerError

SECRET = "a secret of thirty-two characters"
NOW = 1_700_000_000.0
CLAIMS = {"sub": "ann", "exp": NOW + 60, "permissions": ["viewer"]}

Private = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()
ED448 = ed448.Ed448PrivateKey.generate()


def public_pem(key: Private | ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def private_pem(key: Private, password: bytes | None = None) -> bytes:
    lock = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


def authority(
    audience: str | None = None, issuer: str | None = None, now: float = NOW
) -> JwtAuthority:
    found = jwt_authority(
        None,
        audience=audience,
        issuer=issuer,
        clock=lambda: now,
        environment={"AUTOSDLC_JWT_SECRET": SECRET},
    )
    assert found is not None
    return found


def from_file(path: Path, content: bytes) -> JwtAuthority:
    path.write_bytes(content)
    path.chmod(0o600)
    found = jwt_authority(path, clock=lambda: NOW, environment={})
    assert found is not None
    return found


def signed(claims: dict[str, Any] | None = None, **more: Any) -> str:
    """A token with usual claims, and others in place of them; None takes one away."""
    all_ = CLAIMS | (claims or {}) | more
    return jwt.encode({k: v for k, v in all_.items() if v is not None}, SECRET, "HS256")


def by_hand(header: Any, claims: Any, key: bytes) -> str:
    """A token as an attacker makes it: whatever its header says, signed by HMAC with `key`."""
    parts = [_base64(json.dumps(part).encode()) for part in (header, claims)]
    signature = hmac.new(key, ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, _base64(signature)])


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def test_a_good_token_gives_its_name_its_end_and_what_it_permits() -> None:
    permissions = ["subscribe:agent:*:*", "publish:agent:coder-1:*"]
    access = authority().check(signed(permissions=permissions, exp=NOW + 0.5))
    assert access is not None
    assert (access.name, access.expires, access.admin) == ("ann", NOW + 0.5, False)
    assert access.may_subscribe(Filter("agent"))
    assert not access.may_subscribe(Filter("tdd"))
    assert access.may_publish(Topic("agent", "coder-1", "log"))
    assert not access.may_publish(Topic("agent", "coder-2", "log"))


@pytest.mark.parametrize(
    ("claims", "good"),
    [
        ({}, True),
        ({"sub": None}, True),
        ({"exp": NOW + 1e-3}, True),
        ({"exp": NOW}, False),
        ({"exp": NOW - 1}, False),
        ({"exp": None}, False),
        ({"exp": "2099-01-01"}, False),
        ({"exp": str(NOW + 60)}, False),
        ({"exp": True}, False),
        ({"exp": [NOW + 60]}, False),
        ({"exp": float("inf")}, False),
        ({"exp": float("nan")}, False),
        ({"exp": 10**400}, False),
        ({"nbf": NOW - 1}, True),
        ({"nbf": NOW + 59}, True),
        ({"nbf": NOW + 61}, False),
        ({"nbf": "soon"}, False),
        ({"nbf": True}, False),
        ({"iat": NOW + 3600}, True),
        ({"sub": 5}, False),
        ({"aud": "autosdlc"}, False),
        ({"iss": "anyone"}, True),
        ({"permissions": None}, False),
        ({"permissions": "viewer"}, False),
        ({"permissions": {"viewer": True}}, False),
        ({"permissions": ["viewer", 1]}, False),
        ({"permissions": ["viewer", "root"]}, False),
        ({"permissions": ["publish:agents:*:*"]}, False),
        ({"permissions": []}, True),
        ({"permissions": ["admin"]}, True),
    ],
)
def test_claims(claims: dict[str, Any], good: bool) -> None:
    assert (authority().check(signed(claims)) is not None) == good


@pytest.mark.parametrize(
    ("audience", "issuer", "claims", "good"),
    [
        ("autosdlc", None, {"aud": "autosdlc"}, True),
        ("autosdlc", None, {"aud": ["other", "autosdlc"]}, True),
        ("autosdlc", None, {"aud": "other"}, False),
        ("autosdlc", None, {"aud": {"autosdlc": 1}}, False),
        ("autosdlc", None, {}, False),
        (None, "https://id.example", {"iss": "https://id.example"}, True),
        (None, "https://id.example", {"iss": "https://id.example.evil"}, False),
        (None, "https://id.example", {}, False),
        ("a", "b", {"aud": "a", "iss": "b"}, True),
    ],
)
def test_audience_and_issuer_are_checked_where_they_are_configured(
    audience: str | None, issuer: str | None, claims: dict[str, Any], good: bool
) -> None:
    assert (authority(audience, issuer).check(signed(claims)) is not None) == good


def test_what_is_signed_by_another_or_was_changed_is_refused() -> None:
    one = authority()
    head, claims, signature = signed().split(".")
    richer = _base64(json.dumps(CLAIMS | {"permissions": ["admin"]}).encode())
    other = jwt.encode(CLAIMS, SECRET.upper(), "HS256")
    for token in (
        f"{head}.{richer}.{signature}",
        f"{head}.{claims}.",
        f"{head}.{claims}.{signature[:-2]}",
        f"{head}.{claims}",
        f"..{signature}",
        "..",
        "a.b.c",
        "\udcff.\udcff.\udcff",
        "é.é.é",
        other,
        "",
        "asdlc_0123456789ab_x.y.z",
    ):
        assert one.check(token) is None
    assert one.check(f"{head}.{claims}.{signature}")


@pytest.mark.parametrize("algorithm", ["none", "None", "HS384", "HS512", "RS256", "EdDSA", "", 7])
def test_the_tokens_own_word_on_its_algorithm_decides_nothing(algorithm: object) -> None:
    key = SECRET.encode()
    assert authority().check(by_hand({"alg": "HS256", "typ": "JWT"}, CLAIMS, key))
    assert authority().check(by_hand({"alg": algorithm, "typ": "JWT"}, CLAIMS, key)) is None
    unsigned = by_hand({"alg": algorithm}, CLAIMS, key).rpartition(".")[0] + "."
    assert authority().check(unsigned) is None


@pytest.mark.parametrize("key", [RSA, ED25519, ED448])
def test_the_kind_of_a_pem_key_fixes_the_algorithm(tmp_path: Path, key: Private) -> None:
    algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "EdDSA"
    for pem in (public_pem(key), private_pem(key), b"\n" + public_pem(key) + b"\n\n"):
        one = from_file(tmp_path / "key.pem", pem)
        assert one.check(jwt.encode(CLAIMS, key, algorithm))
        # The public key is no secret: whoever knows it must not sign with it.
        forged = by_hand({"alg": "HS256", "typ": "JWT"}, CLAIMS, pem.strip())
        assert one.check(forged) is None
        assert one.check(by_hand({"alg": algorithm}, CLAIMS, pem)) is None
        assert one.check(by_hand({"alg": "none"}, CLAIMS, b"")) is None
    assert one.check(jwt.encode(CLAIMS, RSA, "RS512")) is None


def test_a_file_may_hold_a_secret(tmp_path: Path) -> None:
    assert from_file(tmp_path / "secret", SECRET.encode() + b"\n").check(signed())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "has 0 bytes, and HS256 needs 32"),
        (b"x" * 31 + b"\n\n", "has 31 bytes"),
        (b"-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----", "no PEM key"),
        (b"-----BEGIN NONSENSE-----", "no PEM key"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "no PEM key"),
        (private_pem(ED25519, b"password"), "no PEM key"),
        (public_pem(ec.generate_private_key(ec.SECP256R1())), "a key for EC;"),
        (
            public_pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)),  # noqa: S505 - that is the point
            "RSA of 1024 bits; RS256 needs 2048",
        ),
    ],
)
def test_a_key_that_is_no_good_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "key"
    with pytest.raises(ServerError) as raised:
        from_file(path, content)
    message = str(raised.value)
    assert said in message
    assert str(path) in message
    assert "x" * 31 not in message


def test_a_secret_that_others_may_write_is_refused_and_read_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "secret"
    path.write_text(SECRET)
    path.chmod(0o640)
    assert jwt_authority(path, environment={})
    assert "others may read" in caplog.text
    path.chmod(0o620)
    with pytest.raises(ServerError, match="others may write"):
        jwt_authority(path, environment={})
    with pytest.raises(ServerError, match="No such file"):
        jwt_authority(tmp_path / "other", environment={})


def test_a_key_may_have_been_read_already() -> None:
    found = jwt_authority(f"{SECRET}\n".encode(), environment={})
    assert found is not None
    assert found.secret == SECRET
    with pytest.raises(ServerError, match=r"^--jwt-key -: the secret has 5 bytes"):
        jwt_authority(b"short", environment={})
    with pytest.raises(ServerError, match=r"^--jwt-key - and AUTOSDLC_JWT_SECRET are both set"):
        jwt_authority(SECRET.encode(), environment={"AUTOSDLC_JWT_SECRET": SECRET})


def test_there_is_one_key_or_none(tmp_path: Path) -> None:
    assert jwt_authority(None, environment={}) is None
    assert jwt_authority(None, environment={"AUTOSDLC_JWT_SECRET": ""}) is None
    with pytest.raises(ServerError, match="both set"):
        jwt_authority(tmp_path / "key", environment={"AUTOSDLC_JWT_SECRET": SECRET})
    with pytest.raises(ServerError, match="AUTOSDLC_JWT_SECRET: the secret has 5 bytes"):
        jwt_authority(None, environment={"AUTOSDLC_JWT_SECRET": "short"})
    with pytest.raises(ServerError, match="--jwt-audience"):
        jwt_authority(None, audience="autosdlc", environment={})


def test_why_a_signed_token_is_refused_is_logged_and_never_the_token(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    tokens = [
        signed(permissions=["publish:agents:*:*"], sub="ann\n\x1b[31m"),
        signed(exp=None),
        signed(exp="later"),
        signed()[:-1],
    ]
    for token in tokens:
        assert authority().check(token) is None
    warnings = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert len(warnings) == 3
    assert "of ann" in warnings[0]
    assert "'publish:agents:*:*' reaches no event" in warnings[0]
    assert "exp is missing" in warnings[1]
    assert "exp must be a number" in warnings[2]
    for token in tokens:
        for part in token.split("."):
            assert part not in caplog.text
    assert SECRET not in caplog.text
    assert "\x1b" not in caplog.text


def test_accesses_stay_as_they_were_given() -> None:
    access = Access(name="ann", expires=NOW + 60)
    assert authority().current(access) is access
