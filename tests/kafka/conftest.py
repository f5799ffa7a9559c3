"""Brokers for the tests of this folder: real ones, or a skip that says why there are none.

PULSEHOUSE_REQUIRE_BROKER=1 turns that skip into a failure, as in CI.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kafka.broker import Cluster, required
from tests.kafka.jars import NoBrokerError, jars


@pytest.fixture(scope="session")
def kafka_jars() -> Path:
    try:
        return jars()
    except NoBrokerError as error:
        if required():
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def cluster(kafka_jars: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One broker, shared: a test that kills it starts it again."""
    yield from _running(tmp_path_factory.mktemp("kafka-1"), 1)


@pytest.fixture
def three(kafka_jars: Path, tmp_path: Path) -> Iterator[Cluster]:
    """Three brokers of a test's own, which may kill them."""
    yield from _running(tmp_path / "kafka-3", 3)


def _running(folder: Path, size: int) -> Iterator[Cluster]:
    started = Cluster.start(folder, size)
    try:
        yield started
    finally:
        started.stop()
