"""Addresses, and how many may come from one: before anybody has said who it is."""

import pytest

from tests.support.clock import Clock
from tui.server.auth import Refusal
from tui.server.config import ServerError
from tui.server.limits import admission as module
from tui.server.limits.addresses import is_loopback, networks, one_household, real_address
from tui.server.limits.admission import Admission, Visit

HOME, OFFICE, PROXY = "203.0.113.9", "198.51.100.7", "192.0.2.1"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        (HOME, [], HOME),
        (HOME, ["1.1.1.1"], HOME),
        (PROXY, [], PROXY),
        (PROXY, [HOME], HOME),
        (PROXY, [f"1.1.1.1, {HOME}"], HOME),
        (PROXY, ["1.1.1.1", HOME], HOME),
        (PROXY, [f"{HOME}, 10.1.2.3"], HOME),
        (PROXY, [f"1.1.1.1, {HOME},10.1.2.3 , 10.9.9.9"], HOME),
        (PROXY, ["10.1.2.3, 10.9.9.9"], "10.1.2.3"),
        (PROXY, [f"{HOME}:4711"], HOME),
        (PROXY, ["[2001:db8::7]:443"], "2001:db8::7"),
        (PROXY, ["2001:db8::7"], "2001:db8::7"),
        (PROXY, [f"{HOME}, nonsense"], PROXY),
        (PROXY, [""], PROXY),
        (PROXY, [","], PROXY),
        (PROXY, [f"{HOME}, unknown, 10.1.2.3"], "10.1.2.3"),
        (f"::ffff:{PROXY}", [HOME], HOME),
        ("2001:db8:ffff::1", [HOME], HOME),
        ("", [HOME], ""),
    ],
)
def test_the_rightmost_address_that_is_no_trusted_proxy_is_the_clients(
    peer: str, forwarded: list[str], address: str
) -> None:
    trusted = networks([PROXY, "10.0.0.0/8", "2001:db8:ffff::/48"])
    assert real_address(peer, forwarded, trusted) == address


def test_without_trusted_proxies_nobodys_word_counts() -> None:
    assert real_address("127.0.0.1", [HOME], ()) == "127.0.0.1"


@pytest.mark.parametrize("written", ["", "proxy.example", "10.0.0.0/33", "10.0.0", "::/200"])
def test_a_proxy_that_is_none_is_named(written: str) -> None:
    with pytest.raises(ServerError, match="--trusted-proxy"):
        networks(["10.0.0.0/8", written])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (HOME, HOME, True),
        (HOME, OFFICE, False),
        (HOME, f"::ffff:{HOME}", True),
        ("2001:db8::1", "2001:db8::ffff:0:0:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("", "", True),
        ("a socket", "another", False),
    ],
)
def test_an_ipv6_host_has_its_whole_64(one: str, other: str, same: bool) -> None:
    assert (one_household(one) == one_household(other)) == same


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        (HOME, False),
        ("10.0.0.1", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_loopback(address: str, loopback: bool) -> None:
    assert is_loopback(address) == loopback


def come(admission: Admission, peer: str, *forwarded: str) -> Visit | int | None:
    """A connection that has asked to come in: let in, refused with a status, or cut off."""
    visit = admission.arrive(peer)
    if visit is None:
        return None
    refusal = admission.admit(visit, forwarded)
    if refusal is None:
        return visit
    assert refusal.retry_after
    assert refusal.text.endswith("\n")
    admission.leave(visit)
    return refusal.status


def known(admission: Admission, peer: str, *forwarded: str) -> Visit:
    visit = come(admission, peer, *forwarded)
    assert isinstance(visit, Visit)
    admission.judged(visit, True)
    return visit


def nothing_is_left(admission: Admission) -> bool:
    return (admission._here, admission._unknown_here, admission._unknown) == ({}, {}, 0)


def test_connections_are_counted_by_address(clock: Clock) -> None:
    admission = Admission(clock, connections_per_address=3)
    here = [known(admission, HOME) for _ in range(3)]
    assert come(admission, HOME) == 429
    elsewhere = known(admission, OFFICE)
    admission.leave(here.pop())
    here.append(known(admission, HOME))
    assert come(admission, HOME) == 429
    for visit in [*here, elsewhere]:
        admission.leave(visit)
    assert nothing_is_left(admission)


def test_loopback_has_no_limits(clock: Clock) -> None:
    admission = Admission(
        clock, connections_per_address=1, unknown=1, unknown_per_address=1, failures_a_minute=1
    )
    visits = [come(admission, "127.0.0.1") for _ in range(5000)]
    visits += [come(admission, "::1") for _ in range(5000)]
    for visit in visits:
        assert isinstance(visit, Visit)
        admission.judged(visit, False)
    assert isinstance(come(admission, "127.0.0.1"), Visit)
    for visit in visits:
        assert isinstance(visit, Visit)
        admission.leave(visit)
    assert nothing_is_left(admission)


def test_a_local_proxy_that_is_trusted_is_not_its_clients(clock: Clock) -> None:
    admission = Admission(clock, connections_per_address=1, trusted_proxies=["127.0.0.1"])
    one = known(admission, "127.0.0.1", HOME)
    assert one.address == HOME
    assert come(admission, "127.0.0.1", HOME) == 429
    other = known(admission, "127.0.0.1", OFFICE)
    # Whoever sends the header through the proxy does not become a local by it.
    remote = known(admission, "127.0.0.1", "127.0.0.1")
    assert come(admission, "127.0.0.1", "127.0.0.1") == 429
    assert isinstance(come(admission, "127.0.0.1"), Visit)
    for visit in (one, other, remote):
        admission.leave(visit)


def test_a_proxy_itself_is_not_counted(clock: Clock) -> None:
    admission = Admission(
        clock, connections_per_address=1, unknown_per_address=1, trusted_proxies=[PROXY]
    )
    arrived = [admission.arrive(PROXY) for _ in range(10)]
    assert None not in arrived
    assert nothing_is_left(admission)
    for n, visit in enumerate(arrived):
        assert visit
        assert admission.admit(visit, [f"203.0.113.{n}"]) is None
    assert not nothing_is_left(admission)
    for visit in arrived:
        assert visit
        admission.leave(visit)
    assert nothing_is_left(admission)


def test_the_unknown_are_counted_by_address_until_they_are_known(clock: Clock) -> None:
    admission = Admission(clock, unknown_per_address=2)
    first, second = come(admission, HOME), come(admission, HOME)
    assert come(admission, HOME) == 429
    assert isinstance(come(admission, OFFICE), Visit)
    assert isinstance(first, Visit)
    assert isinstance(second, Visit)
    admission.judged(first, True)
    admission.judged(first, True)  # a renewal
    third = come(admission, HOME)
    assert isinstance(third, Visit)
    assert come(admission, HOME) == 429
    admission.leave(second)
    assert isinstance(come(admission, HOME), Visit)


def test_whoever_connects_and_says_nothing_is_cut_off_in_the_end(clock: Clock) -> None:
    admission = Admission(clock, unknown_per_address=2)
    silent = [admission.arrive(HOME) for _ in range(4)]
    assert None not in silent
    assert admission.arrive(HOME) is None
    assert admission.arrive(OFFICE)


def test_all_the_unknown_have_a_limit_together(clock: Clock) -> None:
    admission = Admission(clock, unknown=3, trusted_proxies=[PROXY])
    visits = [come(admission, f"203.0.113.{n}") for n in range(3)]
    assert come(admission, OFFICE) is None
    assert come(admission, PROXY, OFFICE) == 429
    assert isinstance(come(admission, "127.0.0.1"), Visit)
    first = visits[0]
    assert isinstance(first, Visit)
    admission.judged(first, True)
    assert isinstance(come(admission, OFFICE), Visit)


def test_too_many_wrong_tokens_block_an_address_for_a_while(clock: Clock) -> None:
    admission = Admission(clock, failures_a_minute=3)
    for _ in range(3):
        visit = come(admission, HOME)
        assert isinstance(visit, Visit)
        admission.judged(visit, False)
        admission.leave(visit)
    assert come(admission, HOME) == 429
    assert isinstance(admission.request(HOME), Refusal)
    assert isinstance(admission.request(OFFICE), Visit)
    clock.now += 20
    visit = come(admission, HOME)
    assert isinstance(visit, Visit)
    admission.judged(visit, False)
    assert come(admission, HOME) == 429
    clock.now += 60
    assert isinstance(come(admission, HOME), Visit)


def test_a_wrong_token_over_http_counts_as_well(clock: Clock) -> None:
    admission = Admission(clock, failures_a_minute=1, trusted_proxies=[PROXY])
    visit = admission.request(PROXY, [HOME])
    assert isinstance(visit, Visit)
    assert visit.address == HOME
    admission.judged(visit, False)
    refusal = admission.request(PROXY, [HOME])
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.retry_after) == (429, 60)
    assert come(admission, HOME) == 429
    assert isinstance(admission.request(PROXY, [OFFICE]), Visit)
    assert nothing_is_left(admission)


def test_right_tokens_and_silence_block_nobody(clock: Clock) -> None:
    admission = Admission(clock, failures_a_minute=1)
    for _ in range(10):
        admission.leave(known(admission, HOME))
        visit = come(admission, HOME)
        assert isinstance(visit, Visit)
        admission.leave(visit)
    assert nothing_is_left(admission)


def test_only_so_many_addresses_are_remembered(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ADDRESSES", 10)
    admission = Admission(clock, failures_a_minute=1)
    for n in range(50):
        visit = admission.request(f"203.0.113.{n}")
        assert isinstance(visit, Visit)
        admission.judged(visit, False)
    assert len(admission._failures) == 10
    assert isinstance(admission.request("203.0.113.49"), Refusal)
    assert isinstance(admission.request("203.0.113.1"), Visit)
