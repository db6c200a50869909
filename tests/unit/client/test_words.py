"""What the client says is what the protocol's models know."""

from tests.support.models import strangers
from tui.client.clock import Clock
from tui.client.words import Words
from tui.protocol.codec import decode_message
from tui.protocol.models import SubscribeMessage


def test_all_that_is_said_is_known_by_its_names() -> None:
    words = Words(Clock())
    wish = {
        "subscriptions": [{"subscriptionId": "a", "resource": "agent", "resourceId": "*"}],
        "resume": {"agent": {"epoch": "one", "offset": 7}},
        "snapshot": "auto",
    }
    frames = {
        "ping": words.ping()[1],
        "pong": words.pong("m"),
        "auth_request": words.auth_request("jwt", "t"),
        "subscribe": words.subscribe(wish)[1],
        "unsubscribe": words.unsubscribe("a"),
    }
    for name, frame in frames.items():
        message = decode_message(frame)
        assert message.type == name
        assert not list(strangers(message)), name
    said = decode_message(frames["subscribe"])
    assert isinstance(said, SubscribeMessage)
    assert said.data.model_dump(by_alias=True, exclude_unset=True, mode="json") == wish
