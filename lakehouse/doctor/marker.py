"""The lake's marker, where it is missing or torn.

Here: what is wrong with it, and writing it anew from what the tables tell. Not here: what it says
(lakehouse/lake.py).
"""

from datetime import datetime
from pathlib import Path

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from lakehouse import delta_log
from lakehouse.doctor.findings import REPAIR, Finding
from lakehouse.doctor.moving import make_folder, move
from lakehouse.doctor.places import stored_tables
from lakehouse.errors import LakeDamagedError, LakeNotFoundError, LakeVersionError
from lakehouse.lake import MARKER, check_marker, mark
from lakehouse.tables import LAKE_VERSION, TABLES
from lakehouse.upgrades import OLDEST, lacking


def marker_findings(root: Path) -> list[Finding]:
    """What is wrong with the marker.

    Raises:
        LakeNotFoundError: There is no lake at all.
    """
    try:
        version = check_marker(root)
    except LakeVersionError as error:
        return [Finding("lake_version", MARKER, str(error), "use the release that wrote it")]
    except LakeDamagedError:
        return [Finding("marker_torn", MARKER, "it is empty or torn", REPAIR)]
    except LakeNotFoundError:
        if not stored_tables(root):
            raise
        return [Finding("marker_missing", MARKER, "there are tables and no marker", REPAIR)]
    if version < LAKE_VERSION:
        cause = f"the lake has version {version}, this release writes {LAKE_VERSION}"
        remedy = "open it for writing once, as every command that writes does: it is brought up"
        return [Finding("lake_version", MARKER, cause, remedy)]
    return []


def refuse_other_version(root: Path) -> None:
    """Keep off what is no lake, or not of a version that this release knows.

    Raises:
        LakeNotFoundError, LakeVersionError: As `Lake.open`.
    """
    if not {"marker_torn", "marker_missing"} & {one.code for one in marker_findings(root)}:
        check_marker(root)


def mend_marker(root: Path, now: datetime) -> str | None:
    """Write a missing or torn marker anew; says what was done, None where nothing was."""
    codes = {finding.code for finding in marker_findings(root)}
    if not codes & {"marker_torn", "marker_missing"}:
        return None
    if "marker_torn" in codes:
        move(root, make_folder(root, now), [root / MARKER])
    version = _version(root)
    mark(root, version)
    return f"{MARKER} was written anew: lake version {version}"


def _version(root: Path) -> int:
    """The version whose columns the tables have; the oldest where that cannot be read.

    Too old a version does no harm: an upgrade adds only what is missing.
    """
    steps = range(LAKE_VERSION, OLDEST - 1, -1)
    return min((_version_of(root / name, name, steps) for name in TABLES), default=LAKE_VERSION)


def _version_of(path: Path, name: str, steps: range) -> int:
    """The newest version whose columns one table has."""
    try:
        if not (path / delta_log.LOG).is_dir():
            return LAKE_VERSION
        names = {field.name for field in DeltaTable(str(path)).schema().fields}
    except (DeltaError, OSError):
        return OLDEST
    table = TABLES[name]
    wanted = set(table.schema.names)
    return next((v for v in steps if wanted - {c.name for c in lacking(v, table)} <= names), OLDEST)
