"""Handshakes: tokens from header and cookie, origins, and what a key allows."""

import pytest

from tests.support.frames import TOKEN
from tui.protocol.topics import Filter, Topic
from tui.server.auth import EVERYTHING, Access, ApiKey, Doorkeeper, Refusal

BEARER = {"Authorization": f"Bearer {TOKEN}"}


def admit(headers: dict[str, str], origins: tuple[str, ...] = ()) -> Access | int | None:
    """The access given, the HTTP status of a refusal, or None for who has yet to say."""
    keeper = Doorkeeper(ApiKey(TOKEN), origins)
    verdict = keeper.admit(lambda name: [headers[name]] if name in headers else [])
    return verdict.status if isinstance(verdict, Refusal) else verdict


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ({}, None),
        (BEARER, EVERYTHING),
        ({"Authorization": f"bearer   {TOKEN} "}, EVERYTHING),
        ({"Authorization": "Bearer nonsense"}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": "Bearer \udcff\u20ac"}, 401),
        ({"Authorization": f"Bearer {TOKEN}x"}, 401),
        ({"Authorization": "Basic dXNlcjpwYXNz"}, None),
        ({"Cookie": f"theme=dark; auth-token={TOKEN}"}, EVERYTHING),
        ({"Cookie": f'auth-token="{TOKEN}"'}, EVERYTHING),
        ({"Cookie": "auth-token=old"}, 401),
        ({"Cookie": "theme=dark"}, None),
        (BEARER | {"Cookie": "auth-token=old"}, EVERYTHING),
    ],
)
def test_tokens(headers: dict[str, str], verdict: Access | int | None) -> None:
    assert admit(headers) == verdict


@pytest.mark.parametrize(
    ("origin", "allowed", "verdict"),
    [
        ("https://evil.example", (), 403),
        ("https://evil.example", ("https://dash.example",), 403),
        ("null", ("https://dash.example",), 403),
        ("https://dash.example.evil.example", ("https://dash.example",), 403),
        ("https://Dash.example", ("https://dash.example/",), EVERYTHING),
    ],
)
def test_an_origin_must_be_listed(
    origin: str, allowed: tuple[str, ...], verdict: Access | int
) -> None:
    assert admit(BEARER | {"Origin": origin}, allowed) == verdict


def test_an_empty_key_is_no_key() -> None:
    with pytest.raises(ValueError, match="everyone"):
        ApiKey("")


def test_a_permission_must_cover_a_subscription_whole() -> None:
    access = Access(subscribe=(Filter("agent", "coder-*"),), publish=(Filter("tdd"),))
    assert access.may_subscribe(Filter("agent", "coder-1", ("status",)))
    assert not access.may_subscribe(Filter("agent"))
    assert not access.may_subscribe(Filter("tdd", "coder-1"))
    assert access.may_publish(Topic("tdd", "x", "phase_change"))
    assert not access.may_publish(Topic("agent", "x", "status"))
