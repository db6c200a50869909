"""A server on a journal, and what becomes of its clients when it starts again."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.functional.server.conftest import LOCAL, running
from tests.support.frames import log, status
from tests.support.peer import peer
from tui.server.brokers.journal import JournalBroker
from tui.server.brokers.journal import log as journal_log
from tui.server.config import ServerError


async def test_clients_resume_over_a_restart(tmp_path: Path) -> None:
    config = replace(LOCAL, journal=tmp_path / "journal.db")
    async with running(config) as server, peer(server.url, v1=True) as client:
        await client.say("subscribe", subscriptionId="s", resource="agent", snapshot="never")
        await client.send(b"[" + status("e-1", "a") + b"," + log("e-2") + b"]")
        await client.hear_until("publish_ack")
        await client.say("ping")
        cursor = (await client.hear_until("pong"))[-1]["data"]["positions"]
        assert cursor["agent"]["offset"] == 2
    async with running(config) as server, peer(server.url, v1=True) as client:
        await client.send(b"[" + log("e-2") + b"," + log("e-3") + b"]")
        assert (await client.hear_until("publish_ack"))[-1]["data"]["ids"] == ["e-2", "e-3"]
        await client.say("subscribe", subscriptionId="s", resource="agent", resume=cursor)
        active = (await client.hear_until("subscription_update"))[-1]["data"]
        assert active["recovered"] is True
        event = await client.hear()
        assert (event["id"], event["metadata"]) == ("e-3", {"offset": 3, "replayed": True})
        await client.say("subscribe", subscriptionId="t", resource="agent", snapshot="always")
        told = await client.hear_until("subscription_update")
        told += await client.hear_until("subscription_update")
        assert [one["id"] for one in told[-1]["data"]["state"]] == ["e-1"]


async def test_a_journal_that_could_keep_nothing_is_refused(tmp_path: Path) -> None:
    config = replace(LOCAL, journal=tmp_path / "journal.db", retain_bytes=16 * 1024**2)
    async with running(config) as server, peer(server.url, v1=True) as client:
        await client.send(log("e-1"))
        await client.hear_until("publish_ack")
    async with JournalBroker(tmp_path / "journal.db") as broker:
        assert len((await broker.read("agent", 0, 1000)).events) == 1
    with pytest.raises(ServerError, match=r"^--journal-size 1000: too small .* say 16MiB or more"):
        await running(replace(config, retain_bytes=1000)).__aenter__()


@pytest.mark.parametrize("kind", ["serve", "embedded"])
async def test_only_a_dashboard_does_without_the_journal_it_was_given(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(journal_log, "PATIENCE_SECONDS", 0.1)
    path = tmp_path / "journal.db"
    async with JournalBroker(path):
        server = running(replace(LOCAL, journal=path, kind=kind))
        if kind == "serve":
            with pytest.raises(ServerError, match=f"{path} is in use"):
                await server.__aenter__()
        else:
            async with server as one, peer(one.url, v1=True) as client:
                await client.send(log("e-1"))
                assert (await client.hear_until("publish_ack"))[-1]["data"]["ids"] == ["e-1"]
            assert f"in memory only: the journal {path} is in use" in caplog.text
