"""What a feed is told before it runs."""

from tui.feed import Feed, Plan
from tui.store import Store


def test_a_plan_is_shown_without_its_secrets() -> None:
    plan = Plan(url="wss://ann:passw0rd@team/ws", name="team", token="s3cr3t-t0ken")
    shown = f"{plan} {plan!r} {[plan]}"
    assert "url='wss://" in shown
    assert "team/ws" in shown
    assert "s3cr3t" not in shown
    assert "passw0rd" not in shown


def test_a_server_is_known_by_its_whole_address_but_for_the_token() -> None:
    def known(url: str) -> str:
        return Feed(Store(), Plan(url), (), lambda: None, lambda: 0.0)._known_as()

    base = known("wss://team/ws?project=a&token=one")
    assert known("wss://team/ws?token=two&project=a") == base
    assert known("wss://team/ws?project=b&token=one") != base
    assert known("wss://team/ws?token=one") == known("wss://team/ws") == "wss://team/ws"
    assert "project" not in base
