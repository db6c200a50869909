"""The gateway: accept, authenticate, fan out, remember.

From the outside inwards, each file one idea:

- `run`, `embedded`   a server from start to graceful stop, in this loop or in a thread of its own
- `config`, `ports`   what it is told, and where it listens
- `listener`, `wire`  the asyncio shell around `websockets`; `http` beside it
- `auth`              who may come in, and what they may read and publish
- `gateway`           publish -> broker -> each matching connection once
- `connection`        one client: its session, its outbox, its streams that are catching up
- `session`           what a client says, judged: bytes in, effects out
- `replies`           what the server says
- `outbox`, `catchup` what waits for a client: live events, bounded; snapshot and replay, on demand
- `subscriptions`     the index from a topic to those who asked for it
- `brokers`           offsets, history and newest state

All of it but the first three lines is free of sockets and runs on an injected clock.
"""
