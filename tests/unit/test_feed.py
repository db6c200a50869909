"""What a feed is told before it runs."""

from tui.feed import Plan


def test_a_plan_is_shown_without_its_token() -> None:
    plan = Plan(url="wss://team/ws", name="team", token="s3cr3t-t0ken")
    assert "wss://team/ws" in repr(plan)
    assert "s3cr3t" not in f"{plan} {plan!r} {[plan]}"
