"""What rests on a lake that is there: a restart, a replay of scores from tables, a query.

Here: a lake in whose look-back all facts lie, written once for the three cases, and each of them.
Not here: the path that fills a lake (whole.py).
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb

from benchmarks import ward
from benchmarks.measuring import Place, Run, Watch
from clinical.detection.batch_clock import BatchClock
from lakehouse.compaction import compact
from lakehouse.cuts import cut
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import OBSERVATIONS, TABLES
from orchestration.replays.effective import replay_in_effective_order
from pulsehouse.connection import connect
from streaming.recollection import Recollection
from streaming.replay import replay as replay_files

PROFILE = load_profile(ward.FEED)
PATIENTS, HOURS = 5_000, 10
ONE_PATIENT = "17"
_LAST_DAY = """
select effective_at, concept, value, ucum_unit from observations
where patient_id = ? and effective_at >= ? order by effective_at
"""
_ALL = "select count(*), max(effective_at) from read_parquet(?, union_by_name=true)"


def restart(size: int, place: Place) -> Iterator[Run]:
    """Seconds until scoring goes on where it was, and facts per second, beside reading them."""
    lake, profile = _lake(place.shared, size), PROFILE
    while True:
        with (watch := Watch()):
            known = Recollection(lake, cut(lake), BatchClock())
            known.admission(profile)
            known.shard(profile.facility)
        yield watch.run(
            restart_seconds=watch.seconds,
            restart_observations_per_second=size * ward.OBSERVATIONS / watch.seconds,
            restart_seconds_against_reading=watch.seconds / _read(lake),
        )


def replay(size: int, place: Place) -> Iterator[Run]:
    """Observations per second and core from the tables to the scores and alerts of record."""
    lake = _lake(place.shared, size)
    while True:
        with (watch := Watch()):
            replay_in_effective_order(lake, Settings())
        yield watch.run(replay_observations_per_second=size * ward.OBSERVATIONS / watch.cpu_seconds)


def query(size: int, place: Place) -> Iterator[Run]:
    """Milliseconds for one patient's last 24 hours, and to open the lake for it."""
    lake = _lake(place.shared, size)
    since = ward.BEGINS + timedelta(hours=HOURS - 24)
    while True:
        with (opening := Watch()):
            house = connect(lake.root)
        with house, (asking := Watch()):
            house.sql(_LAST_DAY, [ONE_PATIENT, since]).arrow()
        reading = _read(lake)
        yield asking.run(
            query_patient_day_ms=asking.seconds * 1_000,
            query_open_ms=opening.seconds * 1_000,
            query_against_reading_all=asking.seconds / reading,
        )


def _lake(shared: Path, size: int) -> Lake:
    """The lake, with its small files joined, as a night leaves it."""
    place = shared / f"lake-{size}"
    made = place.with_suffix(".made")
    lake = Lake.open(place, create=True)
    if not made.exists():
        kept = ward.Ward(PATIENTS, timedelta(hours=HOURS) / size)
        file = ward.write(shared / f"look-back-{size}.hl7", size, kept)
        replay_files(lake, PROFILE, [file])
        for table in TABLES.values():
            compact(lake, table)
        file.unlink()
        made.touch()
    return lake


def _read(lake: Lake) -> float:
    """Seconds to read two columns of all observations: what asking anything costs at least."""
    files = str(lake.path(OBSERVATIONS) / "**" / "*.parquet")
    with (watch := Watch()), duckdb.connect() as engine:
        engine.execute(_ALL, [files]).fetchall()
    return watch.seconds
