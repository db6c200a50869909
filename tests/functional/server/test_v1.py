"""v1 over real sockets: snapshot, live, replay, acks, positions."""

from tests.support.frames import log, status
from tests.support.peer import peer


async def test_snapshot_then_live_then_resume(url: str) -> None:
    async with peer(url, v1=True) as publisher:
        [connect] = await publisher.hear_until("connect")
        assert connect["data"]["protocol"] == 1
        assert connect["data"]["limits"]["maxMessageBytes"] == 262144
        await publisher.send(b"[" + status("e-1", "a") + b"," + status("e-2", "b") + b"]")
        assert (await publisher.hear())["data"] == {"ids": ["e-1", "e-2"]}
        async with peer(url, v1=True) as reader:
            await reader.say("subscribe", "m-1", subscriptionId="s", resource="agent")
            _, active, snapshot = [await reader.hear() for _ in range(3)]
            assert active["data"]["status"] == "active"
            assert [one["id"] for one in snapshot["data"]["state"]] == ["e-1", "e-2"]
            assert (snapshot["data"]["offset"], snapshot["data"]["more"]) == (2, False)
            await publisher.send(log("e-3"))
            event = await reader.hear()
            assert (event["id"], event["metadata"]["offset"]) == ("e-3", 3)
            await reader.say("ping")
            cursor = (await reader.hear())["data"]["positions"]
        assert cursor["agent"]["offset"] == 3
        await publisher.send(log("e-4"))
        await publisher.hear_until("publish_ack")
        async with peer(url, v1=True) as reader:
            await reader.say("subscribe", subscriptionId="s", resource="agent", resume=cursor)
            _, active, event = [await reader.hear() for _ in range(3)]
            assert active["data"]["recovered"] is True
            assert (event["id"], event["metadata"]) == ("e-4", {"offset": 4, "replayed": True})


async def test_a_snapshot_larger_than_any_queue_arrives_whole(url: str) -> None:
    async with peer(url, v1=True) as publisher, peer(url, v1=True) as reader:
        for n in range(40):
            await publisher.send(status(f"e-{n}", f"agent-{n}", "x" * 60_000))
        await publisher.say("ping")
        await publisher.hear_until("pong")
        await reader.say("subscribe", subscriptionId="s", resource="agent")
        pages = [(await reader.hear_until("subscription_update"))[-1]["data"]]
        assert pages.pop()["status"] == "active"
        while not pages or pages[-1]["more"]:
            pages.append((await reader.hear_until("subscription_update"))[-1]["data"])
        await publisher.send(log("live"))
        assert [one["id"] for one in await reader.hear_until("agent_log")] == ["live"]
        assert [one["id"] for page in pages for one in page["state"]] == [
            f"e-{n}" for n in range(40)
        ]
        assert [page["more"] for page in pages] == [True] * (len(pages) - 1) + [False]


async def test_an_event_sent_twice_is_acknowledged_twice_and_stored_once(url: str) -> None:
    async with peer(url, v1=True) as client:
        await client.say("subscribe", resource="agent", snapshot="never")
        for _ in range(2):
            await client.send(log("e-1"))
        await client.say("ping")
        told = (await client.hear_until("pong"))[2:]
        assert [one["id"] for one in told if one["type"] == "agent_log"] == ["e-1"]
        acks = [one["data"]["ids"] for one in told if one["type"] == "publish_ack"]
        assert [id_ for ids in acks for id_ in ids] == ["e-1", "e-1"]
        assert told[-1]["data"]["positions"]["agent"]["offset"] == 1
