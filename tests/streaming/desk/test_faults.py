"""What a desk survives: workers that are killed, clocks that are wrong.

Here: real processes over real stores, with a real receiver (F27, F30). Not here: receivers that
fail (test_workers.py: F28), acts that race (test_stores.py: F29), silent feeds (test_intake.py).
"""

import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which

import pytest

from streaming.desk.claiming import MOST_AT_ONCE
from streaming.desk.clock import Anchored, shared
from streaming.desk.desk import Desk
from streaming.desk.workers import WORKERS
from tests.streaming.desk.desks import desk_at, take_alerts, varied
from tests.streaming.desk.sinks import Sink, routes_to, sinking, until
from tests.streaming.desk.stores import fresh_database

ROOT = Path(__file__).parents[3]
ALERTS = 200
PATIENCE = 120.0


@dataclass(frozen=True)
class House:
    """A desk, its receiver, and worker processes on its store."""

    desk: Desk
    sink: Sink
    settings: dict[str, str]

    @contextmanager
    def workers(self, count):
        started = [self._worker() for _ in range(count)]
        try:
            yield started
        finally:
            for one in started:
                one.terminate()
            assert {one.wait(30) for one in started} <= {0, -signal.SIGKILL}

    def _worker(self):
        environ = {k: v for k, v in os.environ.items() if not k.startswith("PULSEHOUSE_")}
        command = ("desk", f"--lake={self.desk.lake.root}", "--role=worker")
        return subprocess.Popen(
            [sys.executable, "-m", "pulsehouse", *command],
            env={**environ, "PYTHONPATH": str(ROOT), **self.settings},
            stderr=subprocess.DEVNULL,
        )


@contextmanager
def house(root, database):
    with ExitStack() as opened:
        sink, mail = opened.enter_context(sinking()), opened.enter_context(sinking())
        root.mkdir()
        routes = routes_to(root, sink, mail, fallback_after="10m")
        clock = Anchored.system()
        desk = opened.enter_context(
            desk_at(root, clock, desk_routes=routes, desk_database=database)
        )
        settings = {
            "PULSEHOUSE_DESK_ROUTES": str(routes),
            "PULSEHOUSE_DESK_DATABASE": database,
            "PULSEHOUSE_DESK_ADMIN": "0",
        }
        yield House(desk, sink, settings)


@pytest.fixture
def houses(tmp_path, postgresql):
    """One desk over an SQLite, one over a PostgreSQL: what takes long is done in both at once."""
    with (
        house(tmp_path / "one", f"sqlite:///{tmp_path / 'one' / 'desk.sqlite'}") as one,
        house(tmp_path / "two", fresh_database(postgresql)) as two,
    ):
        yield (one, two)


def test_workers_of_which_one_is_killed_send_each_notification_once_but_for_what_was_in_flight(
    houses,
):
    with ExitStack() as opened:
        for one in houses:
            one.sink.seconds = 0.02
            take_alerts(one.desk, *varied(ALERTS, datetime.now(UTC)))
        teams = [opened.enter_context(one.workers(2)) for one in houses]
        until(lambda: all(len(one.sink.taken) > ALERTS // 5 for one in houses), PATIENCE)
        for team in teams:
            team[0].kill()
        until(lambda: all(len(set(one.sink.keys())) == ALERTS for one in houses), PATIENCE)
        until(lambda: all(_unsent(one) == 0 for one in houses), PATIENCE)
    for one in houses:
        times = Counter(one.sink.keys())
        assert len(times) == len(set(one.sink.alerts())) == ALERTS
        assert max(times.values()) <= 2
        assert sum(times.values()) - ALERTS <= MOST_AT_ONCE * WORKERS


def _unsent(one):
    query = "select count(*) from notifications where state in ('waiting', 'sending')"
    with one.desk.engine.connect() as connection:
        return connection.exec_driver_sql(query).scalar_one()


def test_workers_whose_wall_clocks_are_hours_wrong_have_the_time_of_the_store(houses):
    faketime = which("faketime")
    if faketime is None:
        pytest.skip("faketime is not installed: apt-get install faketime")
    code = (
        "import sys; from pathlib import Path; from lakehouse.settings import Settings;"
        "from streaming.desk.store.opening import open_store;"
        "from streaming.desk.clock import shared;"
        "engine = open_store(Settings.load(), Path('.'));"
        "print(shared(engine, leads=False).now().timestamp())"
    )
    for one in houses:
        shared(one.desk.engine, leads=True)
        for skew in ("+2h", "-2h"):
            said = subprocess.run(
                [faketime, "-f", skew, sys.executable, "-c", code],
                env={
                    **os.environ,
                    **one.settings,
                    "PYTHONPATH": str(ROOT),
                    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                },
                capture_output=True,
                text=True,
                check=True,
            )
            found = datetime.fromtimestamp(float(said.stdout), UTC)
            # It was said before we look: a loaded machine makes the difference larger, not smaller.
            assert abs(datetime.now(UTC) - found) < timedelta(minutes=1)


def test_a_clock_is_carried_on_by_the_monotonic_one_whatever_the_wall_clock_does():
    seconds = [100.0]
    clock = Anchored(datetime(2028, 2, 29, 0, 59, tzinfo=UTC), 100.0, monotonic=lambda: seconds[0])
    seconds[0] += 3600
    assert clock.now() == datetime(2028, 2, 29, 1, 59, tzinfo=UTC)


def test_a_rehearsal_begins_at_its_time_and_runs():
    clock = Anchored.rehearsal(datetime(2026, 1, 16, 4, 0, tzinfo=UTC))
    assert clock.rehearses
    assert timedelta(0) <= clock.now() - clock.at < timedelta(minutes=1)
