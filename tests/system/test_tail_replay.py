"""`autosdlc-tui tail --replay`: a recording printed as it happened."""

import asyncio
import gzip
import json
import os
from pathlib import Path

import pytest

from tests.support.command import Done, command, done, ended
from tests.support.dashboard import TOKEN, server
from tui.recording import read

Environment = dict[str, str]
DEMO = Path(__file__).parents[1] / "recordings" / "demo.jsonl.gz"
FAST = ("--replay", str(DEMO), "--speed", "1000000")


async def test_a_recording_is_printed_whole_and_in_its_order(environment: Environment) -> None:
    finished = await done(environment, "tail", *FAST, "--json")
    assert (finished.code, finished.errors) == (0, "")
    ids = [json.loads(line)["id"] for line in finished.output.splitlines()]
    assert ids == [json.loads(raw)["id"] for raw in read(DEMO)]


async def test_filters_and_a_count_hold_for_recordings_too(environment: Environment) -> None:
    finished = await done(environment, "tail", *FAST, "--json", "-n", "3", "tdd")
    lines = [json.loads(line)["type"] for line in finished.output.splitlines()]
    assert len(lines) == 3
    assert set(lines) <= {"tdd_phase_change", "test_result", "coverage_update"}


async def test_what_is_broken_in_it_is_said_and_the_rest_printed(
    environment: Environment, tmp_path: Path
) -> None:
    path = tmp_path / "cut.jsonl.gz"
    path.write_bytes(DEMO.read_bytes()[:-500])
    finished = await done(environment, "tail", "--replay", str(path), "--speed", "1000000")
    assert finished.code == 0
    assert "its end is cut off" in finished.errors
    assert len(finished.output.splitlines()) > 50


async def test_a_pipe_that_is_closed_ends_it_before_the_next_event(
    environment: Environment, tmp_path: Path
) -> None:
    path = tmp_path / "slow.jsonl"
    path.write_bytes(b"\n".join(b'{"type":"x","timestamp":%d}' % n for n in (0, 100_000)))
    reading, writing = os.pipe()
    options = ("tail", "--json", "--replay", str(path), "--speed", "0.01")
    async with command(environment, *options, stdout=writing) as process:
        os.close(writing)
        assert await asyncio.to_thread(os.read, reading, 100)
        os.close(reading)
        assert await ended(process) == Done(0, "", "")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--replay", "nothing.jsonl"), "nothing.jsonl: no such file"),
        ((*FAST, "--url", "ws://x/ws"), "leave out --url"),
        ((*FAST, "--since", "1m"), "leave out --url, --since"),
    ],
)
async def test_what_cannot_be_replayed_is_said_in_one_line(
    environment: Environment, options: tuple[str, ...], said: str
) -> None:
    finished = await done(environment, "tail", *options)
    assert finished.code == 2
    assert said in finished.errors
    assert finished.errors.count("\n") == 1


async def test_a_compressed_recording_is_sent_again_with_fresh_ids(
    environment: Environment, tmp_path: Path
) -> None:
    path = tmp_path / "some.jsonl.gz"
    lines = [raw for raw in read(DEMO) if b'"agent_log"' in raw][:20]
    path.write_bytes(gzip.compress(b"\n".join([*lines, b"not json", b""])))
    with server() as record:
        there = environment | {"AUTOSDLC_TOKEN": TOKEN, "AUTOSDLC_URL": record.url}
        sent = await done(there, "emit", "--file", str(path))
        assert sent.code == 1
        assert f"{path}:21: not JSON: " in sent.errors
        options = ("--since", "1h", "--json", "-n", "20", "agent:*:log")
        printed = [json.loads(x) for x in (await done(there, "tail", *options)).output.splitlines()]
    before = [json.loads(raw) for raw in lines]
    assert [e["data"]["message"] for e in printed] == [e["data"]["message"] for e in before]
    assert not {e["id"] for e in printed} & {e["id"] for e in before}
