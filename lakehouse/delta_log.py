"""What the files of a Delta log say.

Here: commits, the data files each added, and the transactions of a table, read from the log's own
files as the Delta protocol lays them down; deltalake offers none of the three. Not here: writing
(appends.py), forcing files to disk (durable.py), judging damage (damage.py).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow.parquet as pq

LOG = "_delta_log"
LAST_CHECKPOINT = "_last_checkpoint"


@dataclass(frozen=True, slots=True)
class DataFile:
    """A data file as a commit names it: path within the table, and size in bytes."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The checkpoint that the log's hint names."""

    version: int
    files: tuple[Path, ...]


def commit_path(table: Path, version: int) -> Path:
    """Where a commit lies."""
    return table / LOG / f"{version:020}.json"


def versions(table: Path) -> list[int]:
    """Versions of the commits that have a file, oldest first."""
    names = (path.stem for path in (table / LOG).glob("*.json"))
    return sorted(int(name) for name in names if name.isdecimal())


def actions(table: Path, version: int, kind: str) -> Iterator[dict[str, Any]]:
    """The actions of one kind in a commit: add, remove, txn, commitInfo ...

    Raises:
        ValueError: A line of the commit is not JSON.
    """
    mark = f'"{kind}"'.encode()
    for line in commit_path(table, version).read_bytes().splitlines():
        if mark in line and isinstance(action := json.loads(line).get(kind), dict):
            yield action


def added(table: Path, version: int) -> list[DataFile]:
    """The data files that a commit added."""
    return [
        DataFile(unquote(action["path"]), int(action["size"]))
        for action in actions(table, version, "add")
    ]


def removed(table: Path, version: int) -> set[str]:
    """The paths of the data files that a commit took out of the table."""
    return {unquote(action["path"]) for action in actions(table, version, "remove")}


def checkpoint(table: Path) -> Checkpoint | None:
    """The newest checkpoint, or None where the table has none.

    Raises:
        ValueError: The hint is not JSON, or names no version.
    """
    hint = table / LOG / LAST_CHECKPOINT
    if not hint.exists():
        return None
    content = json.loads(hint.read_bytes())
    version = content.get("version") if isinstance(content, dict) else None
    if version is None:
        msg = "the checkpoint hint names no version"
        raise ValueError(msg)
    return Checkpoint(version, tuple(sorted((table / LOG).glob(f"{version:020}.checkpoint*"))))


def transactions(table: Path) -> Mapping[str, int]:
    """The newest version of every application id; empty where the table does not exist."""
    newest = checkpoint(table)
    seen = _checkpointed(newest) if newest else {}
    for version in versions(table):
        if newest is None or version > newest.version:
            for action in actions(table, version, "txn"):
                seen[action["appId"]] = int(action["version"])
    return seen


def _checkpointed(newest: Checkpoint) -> dict[str, int]:
    rows = (
        row
        for file in newest.files
        for row in pq.ParquetFile(file).read(columns=["txn"])["txn"].to_pylist()
    )
    return {row["appId"]: row["version"] for row in rows if row and row["appId"] is not None}
