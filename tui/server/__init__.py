"""The gateway: accept, authenticate, fan out, remember.

From the wire inwards, each file one idea:

- `run`, `embedded`   a server from start to graceful stop, in this loop or in a thread of its own
- `listener`, `wire`  the asyncio shell around `websockets`; `http` beside it
- `auth`              who may come in, and what they may read and publish
- `connection`        one client: its session, its outbox, its streams that are catching up
- `session`           what a client says, judged: bytes in, effects out. No I/O, no clock of its own
- `replies`           what the server says
- `gateway`           publish -> broker -> each matching connection once
- `subscriptions`     the index from a topic to those who asked for it
- `brokers`           offsets, history and newest state
"""
