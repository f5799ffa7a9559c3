"""The lake: a directory with a marker file and one Delta table per contract.

Here: opening and creating it, its version, whether it takes files, and where each table lies.
Not here: rows (appends.py, catalogue.py), or keeping a second dataflow out (lock.py).
"""

import errno
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

from deltalake import DeltaTable

from lakehouse import damage, durable, upgrades
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
# Delta's engines take a path for a URL: with these they fail, or write into another directory.
UNUSABLE = re.compile(r"[\[\]%\\\x00-\x1f\x7f]")
PERMISSION_REMEDY = "give this user permission to write there, or name another directory"


def _untold(_table: str) -> None:
    """Nobody counts the races that appends lose."""


@dataclass(frozen=True, slots=True)
class Lake:
    """An open lake.

    `version` is that of its files: less than `LAKE_VERSION` where an older lake was opened for
    reading alone. `writers` caches the handles that appends commit with, so that a commit does not
    read the whole log. `on_retry` is told the table whenever an append lost a race and tries again.
    """

    root: Path
    version: int = LAKE_VERSION
    writers: dict[str, DeltaTable] = field(default_factory=dict, repr=False, compare=False)
    on_retry: Callable[[str], None] = field(default=_untold, repr=False, compare=False)

    @classmethod
    def open(cls, root: Path, *, create: bool) -> Self:
        """Open a lake; with `create` for writing, and made where there is none.

        Opening for writing sets this process's umask to 077: what it writes is for its user alone.
        It also brings a lake of an older version up to this one.

        Raises:
            LakeNotFoundError: No lake there, and it may not be created.
            LakeNotWritableError: It should be written, and takes no files.
            LakeVersionError: A newer version of Pulsehouse wrote it.
            LakeDamagedError: A table's newest commit, or the marker, is torn.
        """
        place = root.absolute()
        if create:
            _prepare(place)
        version = check_marker(place)
        damage.check(place)
        if create and version < LAKE_VERSION:
            upgrades.upgrade(place, version)
            # Last: until the marker says otherwise, whoever opens it begins the upgrade anew.
            mark(place)
            version = LAKE_VERSION
        return cls(place, version)

    def path(self, table: Table) -> Path:
        """Where a table lies, whether or not it exists; a batch table in its zone's folder."""
        if table.name in TABLES:
            return self.root / table.name
        return self.root / table.zone / table.name

    def has(self, table: Table) -> bool:
        """Whether a table exists: tables are created by their first row."""
        return (self.path(table) / LOG).is_dir() and DeltaTable.is_deltatable(str(self.path(table)))


def _refuse_unusable(root: Path) -> None:
    if found := UNUSABLE.search(str(root)):
        msg = (
            f"cannot keep a lake at {str(root)!a}: the table engines do not take"
            f" {found.group()!a} in a path; name another directory"
        )
        raise LakeNotWritableError(msg)


def _prepare(root: Path) -> None:
    os.umask(0o077)
    _refuse_unusable(root)
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        _probe(root)
        if not (root / MARKER).exists():
            _refuse_unmarked_tables(root)
            mark(root)
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
        msg = f"{root} holds tables but no {MARKER}, so their version is unknown. {damage.REMEDY}"
        raise LakeDamagedError(msg, table=MARKER)


def mark(root: Path, version: int = LAKE_VERSION) -> None:
    """Write the marker: a lake of this version."""
    content = {"lake_version": version, "created_by": f"pulsehouse {_release()}"}
    durable.replace(root / MARKER, (json.dumps(content) + "\n").encode())


def _release() -> str:
    try:
        return version("pulsehouse")
    except PackageNotFoundError:
        return "(not installed)"


def check_marker(root: Path) -> int:
    """The version of the lake in a directory.

    Raises:
        LakeNotFoundError, LakeVersionError, LakeDamagedError: As `Lake.open`.
    """
    try:
        content = (root / MARKER).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        msg = f"no lake at {root}: it has no {MARKER}; name another directory, or fill one first"
        raise LakeNotFoundError(msg) from error
    except OSError as error:
        msg = f"cannot read {root / MARKER}: {os.strerror(error.errno or 0)}; check its permissions"
        raise LakeNotFoundError(msg) from error
    found = _parse_marker(root, content)
    version = found.get("lake_version")
    if not isinstance(version, int) or not upgrades.OLDEST <= version <= LAKE_VERSION:
        msg = (
            f"the lake at {root} has version {version!r}, created by"
            f" {found.get('created_by', 'unknown')}; this release reads versions"
            f" {upgrades.OLDEST} to {LAKE_VERSION}: use the release that wrote it, or replay its"
            " feeds into a new lake"
        )
        raise LakeVersionError(msg)
    return version


def _parse_marker(root: Path, content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        msg = f"{root / MARKER} is empty or torn. {damage.REMEDY}"
        raise LakeDamagedError(msg, table=MARKER)
    return found
