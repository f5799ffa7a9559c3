"""What the files of a Delta log say.

Here: commits, the data files each added, and the transactions of a table, read from the log's own
files as the Delta protocol lays them down; deltalake offers none of the three. Not here: writing
(appends.py), forcing files to disk (durable.py), judging damage (damage.py).
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow.parquet as pq

LOG = "_delta_log"
LAST_CHECKPOINT = "_last_checkpoint"
_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint.*\.parquet")


@dataclass(frozen=True, slots=True)
class DataFile:
    """A data file as a commit names it: path within the table, and size in bytes."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint, such as the one that the log's hint names."""

    version: int
    files: tuple[Path, ...]


def commit_path(table: Path, version: int) -> Path:
    """Where a commit lies."""
    return table / LOG / f"{version:020}.json"


def versions(table: Path) -> list[int]:
    """Versions of the commits that have a file, oldest first."""
    return sorted(_versions_of(table, _COMMIT))


def newest_version(table: Path) -> int:
    """The newest version that the log's files tell of; -1 where they tell of none."""
    return max((*_versions_of(table, _COMMIT), *_versions_of(table, _CHECKPOINT)), default=-1)


def checkpoints(table: Path) -> list[Checkpoint]:
    """Every checkpoint that has files, oldest first, whether or not a hint names it."""
    files: dict[int, list[Path]] = {}
    for name in _names(table):
        if found := _CHECKPOINT.fullmatch(name):
            files.setdefault(int(found[1]), []).append(table / LOG / name)
    return [Checkpoint(version, tuple(sorted(files[version]))) for version in sorted(files)]


def _versions_of(table: Path, kind: re.Pattern[str]) -> Iterator[int]:
    return (int(found[1]) for name in _names(table) if (found := kind.fullmatch(name)))


def _names(table: Path) -> list[str]:
    # A log keeps a file for every commit, 86,400 on a day of one a second: no Path for each.
    try:
        return os.listdir(table / LOG)  # noqa: PTH208
    except FileNotFoundError:
        return []


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
        return next(reversed(checkpoints(table)), None)
    content = json.loads(hint.read_bytes())
    version = content.get("version") if isinstance(content, dict) else None
    if version is None:
        msg = "the checkpoint hint names no version"
        raise ValueError(msg)
    # One file: only that is what this engine writes, and looking for parts would list the log.
    file = checkpoint_path(table, version)
    return Checkpoint(version, (file,) if file.exists() else ())


def checkpoint_path(table: Path, version: int) -> Path:
    """Where the checkpoint of a version lies."""
    return table / LOG / f"{version:020}.checkpoint.parquet"


def transactions(table: Path) -> Mapping[str, int]:
    """The newest version of every application id; empty where the table does not exist."""
    newest = checkpoint(table)
    seen = checkpointed_transactions(newest) if newest else {}
    for version in _following(table, newest):
        for action in actions(table, version, "txn"):
            seen[action["appId"]] = int(action["version"])
    return seen


def _following(table: Path, newest: Checkpoint | None) -> Iterator[int]:
    """The commits after a checkpoint, looked for one by one: listing a long log takes longer."""
    if newest is None:
        yield from versions(table)
        return
    following = newest.version + 1
    while commit_path(table, following).exists():
        yield following
        following += 1


def checkpointed_transactions(found: Checkpoint) -> dict[str, int]:
    """The newest version of every application id by a checkpoint."""
    return {
        row["appId"]: row["version"]
        for row in _rows(found, ["txn"], "txn")
        if row and row["appId"] is not None
    }


def checkpointed_files(found: Checkpoint) -> list[DataFile]:
    """The data files of a table by a checkpoint."""
    return [
        DataFile(unquote(row["path"]), int(row["size"]))
        for row in _rows(found, ["add.path", "add.size"], "add")
        if row and row["path"] is not None
    ]


def _rows(found: Checkpoint, columns: list[str], kind: str) -> Iterator[dict[str, Any]]:
    for file in found.files:
        yield from pq.ParquetFile(file).read(columns=columns)[kind].to_pylist()
