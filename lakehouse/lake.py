"""The lake: a directory with a marker file and one Delta table per contract.

Here: opening and creating it, its version, whether it takes files, and where each table lies.
Not here: rows (appends.py, catalogue.py), or keeping a second dataflow out (lock.py).
"""

import errno
import json
import os
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

from deltalake import DeltaTable

from lakehouse import damage, durable
from lakehouse.delta_log import LOG
from lakehouse.errors import (
    LakeDamagedError,
    LakeNotFoundError,
    LakeNotWritableError,
    LakeVersionError,
)
from lakehouse.tables import LAKE_VERSION, TABLES, Table

MARKER = "pulsehouse.json"
PROBE_BYTES = 4096
REMEDIES = {
    errno.ENOSPC: "free space on that disk",
    errno.EDQUOT: "free space within your quota",
    errno.EROFS: "mount it read-write, or name another directory",
    errno.ENOTDIR: "part of the path is a file; name another directory",
    errno.EEXIST: "the path is a file; name another directory",
}
PERMISSION_REMEDY = "give this user permission to write there, or name another directory"


@dataclass(frozen=True, slots=True)
class Lake:
    """An open lake.

    `writers` caches the handles that appends commit with, so that a commit does not read the whole
    log.
    """

    root: Path
    writers: dict[str, DeltaTable] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def open(cls, root: Path, *, create: bool) -> Self:
        """Open a lake; with `create` for writing, and made where there is none.

        Opening for writing sets this process's umask to 077: what it writes is for its user alone.

        Raises:
            LakeNotFoundError: No lake there, and it may not be created.
            LakeNotWritableError: It should be written, and takes no files.
            LakeVersionError: Another version of Pulsehouse wrote it.
            LakeDamagedError: A table's newest commit, or the marker, is torn.
        """
        place = root.absolute()
        if create:
            _prepare(place)
        _check_marker(place)
        damage.check(place)
        return cls(place)

    def path(self, table: Table) -> Path:
        """Where a table lies, whether or not it exists; a batch table in its zone's folder."""
        if table.name in TABLES:
            return self.root / table.name
        return self.root / table.zone / table.name

    def has(self, table: Table) -> bool:
        """Whether a table exists: tables are created by their first row."""
        return (self.path(table) / LOG).is_dir() and DeltaTable.is_deltatable(str(self.path(table)))


def _prepare(root: Path) -> None:
    os.umask(0o077)
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        _probe(root)
        if not (root / MARKER).exists():
            _refuse_unmarked_tables(root)
            durable.replace(root / MARKER, _marker())
            durable.sync(root.parent)
    except OSError as error:
        remedy = REMEDIES.get(error.errno or 0, PERMISSION_REMEDY)
        reason = os.strerror(error.errno or 0)
        msg = f"cannot write to the lake directory {root}: {reason}; {remedy}"
        raise LakeNotWritableError(msg) from error


def _probe(root: Path) -> None:
    # Mode bits say nothing to root, and nothing of a full disk: only a write tells.
    durable.replace(root / ".probe", bytes(PROBE_BYTES))
    (root / ".probe").unlink(missing_ok=True)


def _refuse_unmarked_tables(root: Path) -> None:
    if any((root / name / LOG).is_dir() for name in TABLES):
        msg = f"{root} holds tables but no {MARKER}, so their version is unknown; restore that file"
        raise LakeDamagedError(msg, table=MARKER)


def _marker() -> bytes:
    content = {"lake_version": LAKE_VERSION, "created_by": f"pulsehouse {_release()}"}
    return (json.dumps(content) + "\n").encode()


def _release() -> str:
    try:
        return version("pulsehouse")
    except PackageNotFoundError:
        return "(not installed)"


def _check_marker(root: Path) -> None:
    try:
        content = (root / MARKER).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        msg = f"no lake at {root}: it has no {MARKER}; name another directory, or fill one first"
        raise LakeNotFoundError(msg) from error
    except OSError as error:
        msg = f"cannot read {root / MARKER}: {os.strerror(error.errno or 0)}; check its permissions"
        raise LakeNotFoundError(msg) from error
    found = _parse_marker(root, content)
    if found.get("lake_version") != LAKE_VERSION:
        msg = (
            f"the lake at {root} has version {found.get('lake_version')!r}, created by"
            f" {found.get('created_by', 'unknown')}; this release reads version {LAKE_VERSION}:"
            " use the release that wrote it, or replay its feeds into a new lake"
        )
        raise LakeVersionError(msg)


def _parse_marker(root: Path, content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        msg = f"{root / MARKER} is empty or torn; restore it before the lake is used"
        raise LakeDamagedError(msg, table=MARKER)
    return found
