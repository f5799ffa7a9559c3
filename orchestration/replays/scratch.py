"""Scratch directories of replays: made beside the tables, gone afterwards.

Here: making one, the engine that works in it, and removing those that a killed process left
behind. Not here: what is put there.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from lakehouse import lock
from lakehouse.catalogue import equip, quoted_text
from lakehouse.lake import Lake
from orchestration.replays.errors import ReplayError

PREFIX = "scratch-"
# The lake within it, whose own lock a backfill holds that outlived whoever started it.
LAKE = "lake"
OWNER = "owner.lock"
# What an engine holds before it spills: more is faster.
MEMORY = "700MB"


@contextmanager
def scratch(lake: Lake, name: str) -> Iterator[Path]:
    """A directory in `<lake>/replays` for as long as it is needed; others' leavings go first.

    Raises:
        ReplayError: Another process has just taken the same name.
    """
    sweep(lake)
    place = lake.root / "replays" / f"{PREFIX}{name}"
    place.mkdir(mode=0o700, parents=True)
    try:
        with lock.attempt(place / OWNER) as mine:
            if not mine:
                msg = f"the scratch directory {place.name} was taken by another replay; run again"
                raise ReplayError(msg)
            yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def sweep(lake: Lake) -> int:
    """Remove scratch directories that no living process holds; how many."""
    left = [p for p in sorted((lake.root / "replays").glob(f"{PREFIX}*")) if _is_left(p)]
    for place in left:
        shutil.rmtree(place, ignore_errors=True)
    return len(left)


def _is_left(place: Path) -> bool:
    with lock.attempt(place / OWNER) as owned:
        if not owned or not (place / LAKE).is_dir():
            return owned
        with lock.attempt(place / LAKE / lock.NAME) as idle:
            return idle


def engine(work: Path) -> duckdb.DuckDBPyConnection:
    """An engine of bounded memory: its tables lie in a file, and what it sorts spills beside it."""
    connection = duckdb.connect(str(work / "work.duckdb"))
    equip(connection)
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(f"set memory_limit = {quoted_text(MEMORY)}")
    connection.execute(f"set temp_directory = {quoted_text(str(work / 'spilled'))}")
    connection.execute("set preserve_insertion_order = false")
    return connection
