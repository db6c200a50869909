"""A real server with an ear on it, and projects to run pytest in."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.functional.sources.pytest_project import Ear, Project
from tui.client import Client
from tui.discovery import ServerRecord
from tui.server.config import ServerConfig
from tui.server.embedded import EmbeddedServer

TOKEN = "a-token"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerRecord]:
    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    server = EmbeddedServer(ServerConfig(port=0, http_port="off", token=TOKEN))
    record = server.start()
    yield record
    server.stop()


@pytest.fixture
async def ear(server: ServerRecord) -> AsyncIterator[Ear]:
    async with Client(server.url, TOKEN) as client:
        ear = Ear(client)
        await client.subscribe()
        yield ear


@pytest.fixture
def project(tmp_path: Path, server: ServerRecord) -> Project:
    return Project(tmp_path, AUTOSDLC_URL=server.url, AUTOSDLC_TOKEN=TOKEN)


@pytest.fixture
def lonely(tmp_path: Path) -> Project:
    """A project on a machine without a server."""
    return Project(tmp_path)
