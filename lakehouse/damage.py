"""Damage that a power loss leaves at the tail of a table.

Here: what is wrong with a commit, a data file or a checkpoint, and finding it, read-only, in the
newest commits of every table whenever a lake is opened. A commit of 0 bytes is the dangerous one:
the table still opens, reports too few rows, and takes new commits on top of the hole.
Not here: looking at all of a lake, and mending it (doctor/).
"""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from lakehouse import delta_log
from lakehouse.delta_log import Checkpoint, DataFile
from lakehouse.errors import LakeDamagedError
from lakehouse.standing import stands_on
from lakehouse.tables import RAW_MESSAGES, TABLES

# Every commit is on disk before the next is begun: a power loss tears only the newest one or two.
TAIL = 3
REMEDY = (
    "`pulsehouse doctor --repair` moves aside what is damaged and says what to replay; nothing is"
    " deleted"
)
PARQUET_MARK = b"PAR1"
# How many actions of a kind a commit announces in its own metrics.
ANNOUNCED = {"add": ("num_added_files", "numFilesAdded"), "remove": ("numFilesRemoved",)}


def check(root: Path) -> None:
    """Look at the newest commits of every table of a lake.

    Raises:
        LakeDamagedError: A commit, a data file it names, or a checkpoint is missing, empty or torn.
    """
    for name in TABLES:
        if (root / name / delta_log.LOG).is_dir():
            check_table(root / name)
    _check_standing(root)


def check_table(table: Path) -> None:
    """Look at the newest commits of one table.

    Raises:
        LakeDamagedError: As `check`.
    """
    _check_checkpoint(table)
    newest = delta_log.versions(table)[-TAIL:]
    for version in newest:
        if fault := commit_fault(delta_log.commit_path(table, version).read_bytes(), version):
            raise _damaged(table, version, f"its file is {fault}")
    if newest and newest != list(range(newest[0], newest[-1] + 1)):
        raise _damaged(table, newest[-1], "the commit before it is missing")
    gone: set[str] = set()
    for version in reversed(newest):
        gone |= delta_log.removed(table, version)
        _check_files(table, version, gone)


def commit_fault(content: bytes, version: int) -> str | None:
    """What is wrong with a commit's file; None where it is whole."""
    if not content.strip(b"\0\n"):
        return f"empty ({len(content)} bytes without text)"
    try:
        actions = [json.loads(line) for line in content.splitlines()]
    except ValueError:
        return "torn (not whole JSON lines)"
    if not all(isinstance(action, dict) for action in actions):
        return "torn (no actions)"
    return "torn (actions are missing)" if _lacks_actions(actions, version) else None


def _lacks_actions(actions: list[dict[str, Any]], version: int) -> bool:
    """Whether a file that breaks off between two lines lacks what it announces."""
    told: dict[str, Any] = next((a["commitInfo"] for a in actions if "commitInfo" in a), {})
    metrics = told.get("operationMetrics") or {}
    for kind, names in ANNOUNCED.items():
        announced = max((int(metrics.get(name) or 0) for name in names), default=0)
        if sum(kind in action for action in actions) < announced:
            return True
    kinds = {kind for action in actions for kind in action}
    if version == 0:
        return not {"metaData", "protocol"} <= kinds
    mode = (told.get("operationParameters") or {}).get("mode")
    # Every append of ours is numbered, and its number is the last line.
    return told.get("operation") == "WRITE" and mode == "Append" and "txn" not in kinds


def file_fault(table: Path, file: DataFile) -> str | None:
    """What is wrong with a data file; None where it has its length."""
    try:
        size = (table / file.path).stat().st_size
    except FileNotFoundError:
        return "missing"
    return None if size == file.size else f"{size} bytes long instead of {file.size}"


def checkpoint_fault(found: Checkpoint) -> str | None:
    """What is wrong with a checkpoint; None where it can be read."""
    if not found.files:
        return "missing"
    for file in found.files:
        if file.read_bytes()[-len(PARQUET_MARK) :] != PARQUET_MARK:
            return "torn"
    try:
        delta_log.checkpointed_transactions(found)
    except (pa.ArrowException, OSError):
        return "torn"
    return None


def _check_files(table: Path, version: int, gone: set[str]) -> None:
    for file in delta_log.added(table, version):
        if file.path not in gone and file_fault(table, file):
            raise _damaged(table, version, "a data file that it names is missing or too short")


def _check_checkpoint(table: Path) -> None:
    try:
        newest = delta_log.checkpoint(table)
    except ValueError:
        raise _damaged(table, None, "the hint to its checkpoint is torn") from None
    if newest is not None and (fault := checkpoint_fault(newest)):
        raise _damaged(table, newest.version, f"the checkpoint of this version is {fault}")


def _check_standing(root: Path) -> None:
    """A commit that vanished from a log is missed by `raw_messages`, which stands on it."""
    raw = root / RAW_MESSAGES.name
    for version in delta_log.versions(raw)[-TAIL:]:
        for name, needed in (stands_on(raw, version) or {}).items():
            if delta_log.newest_version(root / name) < needed:
                why = f"its newest commits, up to version {needed}, are missing"
                raise _damaged(root / name, needed, why)


def _damaged(table: Path, version: int | None, why: str) -> LakeDamagedError:
    place = "" if version is None else f", version {version}"
    msg = (
        f"table `{table.name}` in {table.parent} is damaged{place}: {why}, as after a power loss."
        f" {REMEDY}"
    )
    return LakeDamagedError(msg, table=table.name, version=version)
