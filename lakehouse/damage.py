"""Damage that a power loss leaves at the tail of a table.

Here: finding it, read-only, in the newest commits of every table. A commit of 0 bytes is the
dangerous one: the table still opens, reports too few rows, and takes new commits on top of the
hole.
Not here: mending it.
"""

import json
from pathlib import Path

from lakehouse import delta_log
from lakehouse.delta_log import Checkpoint
from lakehouse.errors import LakeDamagedError
from lakehouse.tables import TABLES

# Every commit is on disk before the next is begun: a power loss tears only the newest one or two.
TAIL = 3
REMEDY = (
    "The lake was left as it is: keep it for whoever looks into it, and replay its feeds into a"
    " new directory"
)
PARQUET_MARK = b"PAR1"


def check(root: Path) -> None:
    """Look at the newest commits of every table of a lake.

    Raises:
        LakeDamagedError: A commit, a data file it names, or a checkpoint is missing, empty or torn.
    """
    for name in TABLES:
        if (root / name / delta_log.LOG).is_dir():
            check_table(root / name)


def check_table(table: Path) -> None:
    """Look at the newest commits of one table.

    Raises:
        LakeDamagedError: As `check`.
    """
    _check_checkpoint(table)
    newest = delta_log.versions(table)[-TAIL:]
    for version in newest:
        _check_commit(table, version)
    if newest and newest != list(range(newest[0], newest[-1] + 1)):
        raise _damaged(table, newest[-1], "the commit before it is missing")
    gone: set[str] = set()
    for version in reversed(newest):
        gone |= delta_log.removed(table, version)
        _check_files(table, version, gone)


def _check_commit(table: Path, version: int) -> None:
    content = delta_log.commit_path(table, version).read_bytes()
    if not content.strip(b"\0\n"):
        raise _damaged(table, version, f"its file is empty ({len(content)} bytes without text)")
    try:
        for line in content.splitlines():
            json.loads(line)
    except ValueError:
        raise _damaged(table, version, "its file is torn (not whole JSON lines)") from None


def _check_files(table: Path, version: int, gone: set[str]) -> None:
    for file in delta_log.added(table, version):
        path = table / file.path
        if file.path not in gone and (not path.exists() or path.stat().st_size != file.size):
            raise _damaged(table, version, "a data file that it names is missing or too short")


def _check_checkpoint(table: Path) -> None:
    try:
        newest = delta_log.checkpoint(table)
    except ValueError:
        raise _damaged(table, None, "the hint to its checkpoint is torn") from None
    if newest is not None and not _is_whole(newest):
        raise _damaged(table, newest.version, "the checkpoint of this version is missing or torn")


def _is_whole(checkpoint: Checkpoint) -> bool:
    return bool(checkpoint.files) and all(
        file.read_bytes()[-len(PARQUET_MARK) :] == PARQUET_MARK for file in checkpoint.files
    )


def _damaged(table: Path, version: int | None, why: str) -> LakeDamagedError:
    place = "" if version is None else f", version {version}"
    msg = (
        f"table `{table.name}` in {table.parent} is damaged{place}: {why}, as after a power loss."
        f" {REMEDY}"
    )
    return LakeDamagedError(msg, table=table.name, version=version)
