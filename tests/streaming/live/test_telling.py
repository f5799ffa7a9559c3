"""What the stream says of itself: lag, health, and several processes as one."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection

import numpy as np
import pyarrow as pa
import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from streaming.admin import AdminServer, Health
from streaming.batches import Messages
from streaming.live.gathering import Gathered, asked
from streaming.live.health import Condition
from streaming.live.patience import Patience
from streaming.live.progress import Progress
from streaming.live.stopping import Stopping
from streaming.writer import Writer
from tests.streaming.live.ward import Ward

PLACE = ("f", 1000)


def batch(first: int, *ages: float) -> Messages:
    """Messages that arrived so many seconds ago."""
    now = datetime.now(UTC)
    arrived = pa.array([now - timedelta(seconds=age) for age in ages], pa.timestamp("us", tz="UTC"))
    raw = pa.array([b"m"] * len(ages), pa.binary())
    return Messages(*PLACE, first, arrived, raw, arrived_at=arrived)


def ages(found: np.ndarray) -> list[float]:
    now = datetime.now(UTC).timestamp()
    return [round(now - at / 1e6) for at in found.tolist()]


def test_what_is_committed_is_in_flight_no_more() -> None:
    progress = Progress()
    progress.released(batch(0, 9, 8, 7))
    progress.released(batch(3, 6, 5))
    assert progress.in_flight() == "f/1000 offsets 0 to 4"
    assert ages(progress.committed(PLACE, 2)) == [9, 8, 7]
    assert ages(progress.arrived(PLACE, np.array([1, 4]))) == [5]
    assert progress.in_flight() == "f/1000 offsets 3 to 4"


def test_a_stream_is_ready_unless_something_holds_it_up(ward: Ward) -> None:
    progress = Progress()
    condition = Condition(Patience(Stopping()), progress)
    assert condition.health().reason.startswith("starting")
    with Writer(ward.lake) as condition.writer:
        assert condition.health() == Health(ready=True)
        progress.released(batch(0, 59))
        assert condition.health().ready
        progress.released(batch(1, 61))
        assert condition.health().ready
        progress.committed(PLACE, 0)
        assert "61 s ago" in condition.health().reason


@pytest.fixture
def ports() -> Iterator[list[object]]:
    """Two processes' admin ports, and one that has none yet."""
    servers = []
    for number in (1, 2):
        registry = CollectorRegistry()
        Counter("pulsehouse_messages", "c", ["feed"], registry=registry).labels("f").inc(number)
        Gauge("pulsehouse_feed_silent", "g", ["feed"], registry=registry).labels("f").set(1)
        Histogram("pulsehouse_lag_seconds", "h", registry=registry, buckets=(1,)).observe(number)
        health = Health(ready=number == 1, reason="" if number == 1 else "late")
        servers.append(AdminServer(0, lambda health=health: health, registry))
    yield [*(server.port for server in servers), None]
    for server in servers:
        server.close()


def test_the_metrics_of_several_processes_add_up(ports: list[object]) -> None:
    registry = CollectorRegistry()
    registry.register(Gathered(lambda: ports))
    with closing(AdminServer(0, lambda: Health(ready=True), registry)) as server:
        connection = HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
        connection.close()
    assert 'pulsehouse_messages_total{feed="f"} 3.0' in lines
    assert 'pulsehouse_feed_silent{feed="f"} 1.0' in lines
    assert 'pulsehouse_lag_seconds_bucket{le="1.0"} 1.0' in lines
    assert "pulsehouse_lag_seconds_count 2.0" in lines
    assert lines.count("# TYPE pulsehouse_messages_total counter") == 1


def test_each_process_is_asked_for_its_health(ports: list[object]) -> None:
    assert [asked(port) for port in ports] == [
        Health(ready=True),
        Health(ready=False, reason="late"),
        Health(ready=False, reason="a process of the stream does not answer"),
    ]
