"""What a client may not read any more is not sent from that moment on, whatever is under way."""

from collections.abc import Sequence

from tests.support.frames import status
from tests.support.virtual import in_virtual_time
from tests.unit.server.clients import Client, Server, brief, quiet
from tests.unit.server.tokens import Tokens
from tui.protocol.topics import Filter
from tui.server.auth import Access
from tui.server.brokers import Broker

READER = Access((Filter(),), (Filter(),), name="reader")
TDD_ONLY = Access((Filter("tdd"),), (Filter(),), name="reader")


class Reader:
    """A client whose token allows everything, until it does not."""

    def __init__(self, broker: Broker | None = None) -> None:
        self.tokens = Tokens(mine=READER)
        self.server = Server(broker=broker, authority=self.tokens)
        self.client: Client = self.server.connect(access=READER)
        self.client.connection.open()

    def lose(self) -> None:
        """From now on it may read the `tdd` stream alone."""
        self.tokens.known["mine"] = TDD_ONLY
        self.server.gateway.tick()

    async def gists(self) -> Sequence[object]:
        return [brief(one) for one in await self.client.heard()]


@in_virtual_time
async def test_no_page_of_a_snapshot_follows_the_loss_of_the_permission() -> None:
    one = Reader()
    one.server.publish(*(status(f"e-{n}", f"a-{n}", "x" * 100_000) for n in range(12)))
    one.client.peer.stop_reading()
    one.client.say("subscribe", resource="agent")
    await quiet()  # the first page fills the socket
    one.lose()
    one.client.peer.go_on_reading()
    assert await one.gists() == [
        "connect",
        "active",
        ("snapshot", 12, [f"e-{n}" for n in range(5)]),
        "denied",
    ]
