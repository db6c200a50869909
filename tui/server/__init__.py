"""The gateway: accept, authenticate, fan out, remember.

From the outside inwards, each file one idea:

- `process`, `command`  a process that is a server alone, until it is told to stop
- `run`, `embedded`     a server from start to graceful stop, in this loop or in a thread of its
                        own; `deadline` is by when the stop is over
- `config`, `ports`     what it is told, and where it listens
- `listener`, `wire`    the asyncio shell around `websockets`; `farewell` at its end
- `http`                beside it: events from those without a WebSocket, health, metrics, clients
- `auth`, `limits`      who may come in, what they may do there, how often, and how much at once
- `gateway`             publish -> broker -> each matching connection once
- `layers`, `framing`   the forms in which an event leaves, each made once
- `flush`               when what waits is written
- `connection`          one client: its session, its outbox, its streams; `peer` is its socket
- `session`             what a client says, judged: bytes in, `effects` out; `wishes` is what for
- `intake`              what it publishes, over HTTP too
- `replies`             what the server says
- `outbox`, `backlog`   what waits for a client, bounded
- `streams`, `catchup`  replay and `snapshot`, on demand, until a stream is live
- `subscriptions`       the index from a topic to those who asked for it
- `brokers`             offsets, history and newest state: in memory, or in a journal
- `metrics`, `trace`, `logs`  what can be seen of all this; `lines`, `rotation` and `redaction`
                        for the last two

From the gateway on, all of it but the journal is free of sockets and files, and runs on an injected
clock.
"""
