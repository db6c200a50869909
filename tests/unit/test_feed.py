"""What a feed is told before it runs."""

from tui.feed import Plan


def test_a_plan_is_shown_without_its_secrets() -> None:
    plan = Plan(url="wss://ann:passw0rd@team/ws", name="team", token="s3cr3t-t0ken")
    shown = f"{plan} {plan!r} {[plan]}"
    assert "url='wss://" in shown
    assert "team/ws" in shown
    assert "s3cr3t" not in shown
    assert "passw0rd" not in shown
