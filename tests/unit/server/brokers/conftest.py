"""Each test of `kind` runs once for every broker; of `durable`, for those that remember."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.server.brokers.kinds import Journal, Kind, Memory, Times

KINDS: dict[str, Callable[[Path, Times], Kind]] = {"memory": Memory, "journal": Journal}
DURABLE = ("journal",)


@pytest.fixture
def times() -> Times:
    return Times()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path, times: Times) -> Kind:
    return KINDS[request.param](tmp_path, times)


@pytest.fixture(params=DURABLE)
def durable(request: pytest.FixtureRequest, tmp_path: Path, times: Times) -> Kind:
    return KINDS[request.param](tmp_path, times)
