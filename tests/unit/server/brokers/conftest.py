"""Each test of `kind` runs once for every broker; of `durable`, for those that remember."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.server.brokers import kinds
from tests.unit.server.brokers.journals import Journal
from tests.unit.server.brokers.kinds import Kind, Times

KINDS: dict[str, Callable[[Path, Times], Kind]] = {
    "memory": kinds.Memory,
    "journal": kinds.Journal,
}
DURABLE = ("journal",)


@pytest.fixture
def times() -> Times:
    return Times()


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path, times: Times) -> Kind:
    return KINDS[request.param](tmp_path, times)


@pytest.fixture(params=DURABLE)
def durable(request: pytest.FixtureRequest, tmp_path: Path, times: Times) -> Kind:
    return KINDS[request.param](tmp_path, times)
