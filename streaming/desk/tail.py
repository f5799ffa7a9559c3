"""What came to a Delta table since one last looked.

Here: following the log of any table by its commits, with a cursor that a caller may keep; and
reading what came. Compaction brings nothing, for it adds no row. Where the log no longer tells what
came since (shortened, taken back, rewritten, or never looked at), all rows that stand now are given
anew: whoever knows a row already leaves it. A commit that is only half on the disk is not read, nor
one after it. Not here: when one looks, or what is done with the rows.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse import delta_log
from lakehouse.damage import checkpoint_fault, commit_fault
from lakehouse.errors import LakehouseError

# One look takes so many commits, so that what it brings has an end, however far one is behind.
MOST_COMMITS: Final = 500
Why = Literal["first look", "shortened", "taken back", "rewritten"]


class TailError(LakehouseError):
    """A table can be followed no further; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far one has looked: a commit, and what its file held, as another may take its place."""

    version: int
    digest: str


BEGINNING: Final = Cursor(-1, "")


@dataclass(frozen=True, slots=True)
class Added:
    """A data file, with the values of the columns that its folder names."""

    path: Path
    size: int
    partition: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Growth:
    """What one look found.

    `anew` says why the files are all that stand, and not only those that came. `torn` is the commit
    before which the look had to end; `more` says that the next look has something to read.
    """

    cursor: Cursor
    files: tuple[Added, ...]
    anew: Why | None = None
    torn: int | None = None
    more: bool = False


def grown(table: Path, since: Cursor = BEGINNING, *, most: int = MOST_COMMITS) -> Growth:
    """What came to a table after a cursor; the same cursor and no files where nothing did.

    Raises:
        TailError: A commit is missing that no checkpoint stands for.
    """
    try:
        why = _why_anew(table, since)
        if why is None:
            return _added_since(table, since, most)
        return _all_that_stands(table, why)
    except FileNotFoundError:
        # The log was shortened or cleaned under our eyes.
        return _all_that_stands(table, "shortened")


def read(growth: Growth, schema: pa.Schema) -> Iterator[pa.Table]:
    """The rows of a growth, a file at a time, with these columns; what a file lacks is null.

    Raises:
        FileNotFoundError: A file was deleted since; look again from the beginning.
    """
    for file in growth.files:
        yield _rows(file, schema)


def _why_anew(table: Path, since: Cursor) -> Why | None:
    """Why the log cannot tell what came after a cursor; None where it can."""
    if since == BEGINNING:
        return "first look" if (table / delta_log.LOG).is_dir() else None
    if (digest := _digest(table, since.version)) is not None:
        return None if digest == since.digest else "taken back"
    newest = delta_log.newest_version(table)
    if newest == since.version:
        return None
    return "shortened" if newest > since.version else "taken back"


def _added_since(table: Path, since: Cursor, most: int) -> Growth:
    cursor, files = since, list[Added]()
    for version in range(since.version + 1, since.version + 1 + most):
        content = _content(table, version)
        if content is None:
            return Growth(cursor, tuple(files), torn=_hole(table, version))
        if commit_fault(content, version) is not None:
            return Growth(cursor, tuple(files), torn=version)
        actions = [json.loads(line) for line in content.splitlines()]
        if _rewrites(actions):
            return _all_that_stands(table, "rewritten")
        files += _added(table, actions, changed_only=True)
        cursor = Cursor(version, sha256(content).hexdigest())
    return Growth(cursor, tuple(files), more=True)


def _hole(table: Path, missing: int) -> int | None:
    """A commit without a file that others follow."""
    # Looked for one by one: a look that finds nothing must not list the log.
    if not delta_log.commit_path(table, missing + 1).exists():
        return None
    return None if delta_log.commit_path(table, missing).exists() else missing


def _rewrites(actions: list[dict[str, Any]]) -> bool:
    """Whether a commit takes rows out, and not only moves them into other files."""
    removed = (action["remove"] for action in actions if "remove" in action)
    return any(action.get("dataChange", True) for action in removed)


def _all_that_stands(table: Path, why: Why) -> Growth:
    """The files of the newest version that can be read, and its cursor."""
    version, live = _base(table)
    cursor = Cursor(version, _digest(table, version) or "")
    while (content := _content(table, version + 1)) is not None:
        version += 1
        if commit_fault(content, version) is not None:
            return Growth(cursor, tuple(live.values()), why, torn=version)
        actions = [json.loads(line) for line in content.splitlines()]
        for action in actions:
            if "remove" in action:
                live.pop(table / unquote(action["remove"]["path"]), None)
        live |= {file.path: file for file in _added(table, actions, changed_only=False)}
        cursor = Cursor(version, sha256(content).hexdigest())
    return Growth(cursor, tuple(live.values()), why, torn=_hole(table, version + 1))


def _base(table: Path) -> tuple[int, dict[Path, Added]]:
    """The newest whole checkpoint: its version and files; -1 where the log begins with 0."""
    for found in reversed(delta_log.checkpoints(table)):
        if checkpoint_fault(found) is None:
            return found.version, {file.path: file for file in _checkpointed(table, found)}
    if (first := next(iter(delta_log.versions(table)), 0)) > 0:
        msg = (
            f"table `{table.name}` in {table.parent} cannot be followed: its log begins with commit"
            f" {first} and no checkpoint stands for those before; `pulsehouse doctor` says what to"
            " do"
        )
        raise TailError(msg)
    return -1, {}


def _checkpointed(table: Path, found: delta_log.Checkpoint) -> Iterator[Added]:
    for file in found.files:
        for row in pq.ParquetFile(file).read(columns=["add"])["add"].to_pylist():
            if row and row["path"] is not None:
                yield _file(table, row)


def _added(table: Path, actions: list[dict[str, Any]], *, changed_only: bool) -> list[Added]:
    adds = (action["add"] for action in actions if "add" in action)
    return [_file(table, add) for add in adds if not changed_only or add.get("dataChange", True)]


def _file(table: Path, add: Mapping[str, Any]) -> Added:
    # In a commit the values are a JSON object, in a checkpoint a list of pairs.
    partition = dict(add.get("partitionValues") or {})
    return Added(table / unquote(add["path"]), int(add["size"]), partition)


def _content(table: Path, version: int) -> bytes | None:
    try:
        return delta_log.commit_path(table, version).read_bytes()
    except FileNotFoundError:
        return None


def _digest(table: Path, version: int) -> str | None:
    path = delta_log.commit_path(table, version)
    try:
        found = None if version < 0 else path.stat()
        stamp = None if found is None else (found.st_ino, found.st_mtime_ns, found.st_size)
        return None if stamp is None else _digest_of(path, stamp)
    except FileNotFoundError:
        return None


@lru_cache(maxsize=64)
def _digest_of(path: Path, _stamp: tuple[int, int, int]) -> str:
    """Of a file that is still the one that was read: most looks find nothing, and read nothing."""
    return sha256(path.read_bytes()).hexdigest()


def _rows(file: Added, schema: pa.Schema) -> pa.Table:
    stored = pq.ParquetFile(file.path)
    there = set(stored.schema_arrow.names)
    rows = stored.read(columns=[name for name in schema.names if name in there])
    return pa.table([_column(rows, file, field) for field in schema], schema)


def _column(rows: pa.Table, file: Added, field: pa.Field) -> pa.ChunkedArray:
    if field.name in rows.column_names:
        return rows[field.name].cast(field.type)
    told = file.partition.get(field.name)
    value = pa.scalar(told, pa.string()).cast(field.type)
    return pa.chunked_array([pa.repeat(value, rows.num_rows)])
