"""What is random is the same in every run, and by `--chaos` another: schedules and examples."""

import os
import random
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

SEEDS = 200


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--chaos",
        metavar="N[@SEED]",
        help="run N random schedules instead of the fixed ones, @SEED says which is the first; "
        "and Hypothesis's tests with random examples",
    )


def pytest_configure(config: pytest.Config) -> None:
    # Who runs this in the background may have all children ignore Ctrl-C, of which some tests are.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    asked = config.option.chaos
    # How long an example takes says more of the machine than of the code.
    settings.register_profile(
        "unhurried",
        deadline=None,
        derandomize=asked is None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("unhurried")
    if asked is None:
        return
    number, _, first = asked.partition("@")
    if not number.isdecimal() or (first and not first.isdecimal()):
        raise pytest.UsageError(f"--chaos {asked}: write N, or N@SEED, in digits")
    said = getattr(config, "workerinput", {}).get("chaos")
    config.option.chaos = said or f"{number}@{first or random.randrange(2**32)}"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """All workers of a distributed run take the same seeds."""
    node.workerinput["chaos"] = node.config.option.chaos


def pytest_report_header(config: pytest.Config) -> str | None:
    return f"chaos: {config.option.chaos}" if config.option.chaos else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "schedule" not in metafunc.fixturenames:
        return
    seeds = range(SEEDS)
    if asked := metafunc.config.option.chaos:
        number, first = map(int, asked.split("@"))
        seeds = range(first, first + number)
    metafunc.parametrize("schedule", seeds, ids=lambda seed: f"seed-{seed}")


@pytest.fixture
def utc() -> Iterator[None]:
    """The same time of day is shown wherever this runs."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()
