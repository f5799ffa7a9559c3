"""Rows and lakes for the tests of this room.

Here: factories, also imported by the scripts that tests start as processes of their own.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, QueryBuilder

from lakehouse.lake import Lake
from lakehouse.tables import OBSERVATIONS, Table

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
START = datetime(2025, 1, 5, tzinfo=UTC)


def build_rows(
    table: Table,
    offsets: Iterable[int],
    feed: str = "icu",
    partition: int = 0,
    days: int = 1,
    **columns: object,
) -> pa.Table:
    """One row per offset; columns not named are null, or the least that the contract takes."""
    learnt = list(offsets)
    times = [START + timedelta(days=offset % days) for offset in learnt]
    fixed = {
        "feed": feed,
        "partition": partition,
        "row": 0,
        "disposition": "parsed",
    } | columns
    given = {"offset": learnt, "received_at": times, "received_date": [t.date() for t in times]}
    return pa.table(
        [
            pa.array(given.get(f.name, [fixed.get(f.name)] * len(learnt)), f.type)
            for f in table.schema
        ],
        table.schema,
    )


def stored_offsets(lake: Lake, table: Table = OBSERVATIONS, feed: str = "icu") -> list[int]:
    """The offsets in the table itself, cut or not, in order and with repeats."""
    handle = DeltaTable(str(lake.path(table)))
    rows = pa.table(
        QueryBuilder()
        .register("t", handle)
        .execute(f"select feed, \"offset\" from t where feed = '{feed}'")  # noqa: S608
    )
    return sorted(rows["offset"].to_pylist())


def start_script(name: str, *arguments: object, failpoint: str = "") -> subprocess.Popen[str]:
    """Run a script of this folder as a process of its own, which may die at a failpoint."""
    environ = os.environ | {"PYTHONPATH": str(REPOSITORY), "PULSEHOUSE_FAILPOINT": failpoint}
    command = [sys.executable, str(HERE / name), *map(str, arguments)]
    return subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.open(tmp_path / "lake", create=True)


@pytest.fixture
def rows() -> Callable[..., pa.Table]:
    return build_rows


@pytest.fixture
def offsets() -> Callable[..., list[int]]:
    return stored_offsets


@pytest.fixture
def start() -> Callable[..., subprocess.Popen[str]]:
    return start_script
