"""The client of the event protocol: the dashboard's, every source's, and the Python SDK.

    import asyncio
    from tui.client import Client

    async def main(url: str, token: str) -> None:
        finished = asyncio.Event()

        def on_status(event):
            print(event.data.agent_id, "is", event.data.status)
            if event.data.status == "idle":
                finished.set()

        async with Client(url, token, source="my-agent") as client:
            client.on("agent:status", on_status)
            await client.subscribe_to_agent("coder-001")
            for status in ("busy", "idle"):
                agent = {"agentId": "coder-001", "agentType": "coder", "status": status}
                await client.publish("agent_status", agent)
            await finished.wait()

    asyncio.run(main("ws://127.0.0.1:8765/ws", "the token"))

A client reconnects by itself, restores its subscriptions, and sends what was published meanwhile.
`Client.start` begins without waiting for the server; `Client.on_status` tells how it stands.

Importing this costs websockets and pydantic: a program with a screen paints first.
"""

from tui.client.client import Client
from tui.client.options import Authentication, ClientOptions, Heartbeat, Reconnect, Token
from tui.client.outbox import OutboxError
from tui.client.status import ConnectionStatus, ConnectionStopped, Denied, Gap
from tui.client.subscriptions import Subscription

__all__ = [
    "Authentication",
    "Client",
    "ClientOptions",
    "ConnectionStatus",
    "ConnectionStopped",
    "Denied",
    "Gap",
    "Heartbeat",
    "OutboxError",
    "Reconnect",
    "Subscription",
    "Token",
]
