"""Handshakes: tokens from header and cookie, origins, and what a key allows."""

import pytest

from tests.support.frames import TOKEN
from tui.protocol.topics import Filter, Topic
from tui.server.auth import EVERYTHING, Access, ApiKey, Authorities, Doorkeeper, Refusal

BEARER = {"Authorization": f"Bearer {TOKEN}"}


def admit(
    headers: dict[str, str],
    origins: tuple[str, ...] = (),
    path: str = "/ws",
    *,
    allow_query_token: bool = False,
) -> Access | int | None:
    """The access given, the HTTP status of a refusal, or None for who has yet to say."""
    keeper = Doorkeeper(ApiKey(TOKEN), origins, allow_query_token=allow_query_token)
    verdict = keeper.admit(lambda name: [headers[name]] if name in headers else [], path)
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
    ("path", "allowed", "verdict"),
    [
        (f"/ws?token={TOKEN}", False, None),
        (f"/ws?token={TOKEN}", True, EVERYTHING),
        (f"/ws?a=b&token={TOKEN}&compression=gzip", True, EVERYTHING),
        (f"//evil.example:99999/ws?token={TOKEN}", True, EVERYTHING),
        ("/ws?token=wrong", True, 401),
        ("/ws?token=", True, 401),
        ("/ws?tokens=x", True, None),
        (f"/ws/{TOKEN}", True, None),
        ("/ws?" + "a=b&" * 1000 + f"token={TOKEN}", True, None),
        ("http://[/ws?token=x", True, None),
        ("", True, None),
    ],
)
def test_a_token_in_the_address_is_read_where_that_is_allowed(
    path: str, allowed: bool, verdict: Access | int | None
) -> None:
    assert admit({}, path=path, allow_query_token=allowed) == verdict


def test_the_address_decides_nothing_where_a_header_does() -> None:
    right, wrong = f"/ws?token={TOKEN}", "/ws?token=wrong"
    assert admit(BEARER, path=wrong, allow_query_token=True) == EVERYTHING
    bad = {"Authorization": "Bearer wrong"}
    assert admit(bad, path=right, allow_query_token=True) == 401


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


@pytest.mark.parametrize(
    ("permissions", "subscribe", "publish"),
    [
        ((), [], []),
        (("viewer",), ["*:*:*"], []),
        (("publisher",), ["*:*:*"], ["*:*:*"]),
        (("admin", "viewer"), ["*:*:*"], ["*:*:*"]),
        (("subscribe:*",), ["*:*:*"], []),
        (("subscribe:agent:*:*",), ["agent:*:*"], []),
        (("subscribe:agent:coder-*",), ["agent:coder-*:*"], []),
        (("publish:agent:coder-1:status,agent_log",), [], ["agent:coder-1:status,agent_log"]),
        (("publish:github:owner/repo:*",), [], ["github:owner/repo:*"]),
        (("subscribe:agent:team:7:log",), ["agent:team:7:log"], []),
        (("viewer", "publish:tdd"), ["*:*:*"], ["tdd:*:*"]),
    ],
)
def test_written_permissions(
    permissions: tuple[str, ...], subscribe: list[str], publish: list[str]
) -> None:
    access = Access.of(permissions)
    assert [str(one) for one in access.subscribe] == subscribe
    assert [str(one) for one in access.publish] == publish
    assert access.admin == ("admin" in permissions)


@pytest.mark.parametrize(
    "permission",
    [
        "",
        "root",
        "Viewer",
        "subscribe",
        "subscribe:",
        "subscribe::x:log",
        "publish:agent:x:",
        "publish:agent:x:log,",
        "publish:agents:x:log",
        "publish:agent:x:logs",
        "publish:agent:x:log,nonsense",
        "publish:agent:x:alert",
        "write:agent:x:log",
        "subscribe:agent:a\x7fb:log",
        "subscribe:agent:\udcff:log",
        "subscribe:agent:" + "x" * 257,
    ],
)
def test_a_permission_that_gives_nothing_is_named(permission: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the text is checked below
        Access.of(["viewer", permission])
    assert repr(permission)[:60] in str(raised.value)


def test_the_first_of_several_authorities_that_knows_a_token_decides() -> None:
    both = Authorities(ApiKey("one"), ApiKey("two"))
    assert both.check("two") == EVERYTHING
    assert both.check("three") is None
    assert both.current(EVERYTHING) is EVERYTHING
