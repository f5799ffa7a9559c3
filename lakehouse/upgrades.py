"""Bringing the tables of an older lake up to this release's contracts.

Here: which columns each lake version added, and adding them, as often as it takes: an upgrade that
was interrupted is begun anew. Not here: the marker that names a lake's version (lake.py).

Old rows keep their files: what they lack reads as null.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa
from deltalake import DeltaTable, Field, Schema
from deltalake.exceptions import CommitFailedError, DeltaError

from lakehouse import delta_log, durable
from lakehouse.columns import Column
from lakehouse.errors import LakeNotWritableError
from lakehouse.tables import (
    ALERTS,
    DIAGNOSES,
    ENCOUNTER_EVENTS,
    IDENTITY_EVENTS,
    LAKE_VERSION,
    MEDICATION_EVENTS,
    OBSERVATIONS,
    ORDER_EVENTS,
    PATIENT_DEMOGRAPHICS,
    RAW_MESSAGES,
    TABLES,
    Table,
)

OLDEST: Final = 1
# Per lake version, the columns that tables got with it.
ADDED: Final[Mapping[int, Mapping[str, tuple[str, ...]]]] = {
    2: {RAW_MESSAGES.name: ("original_partition", "original_offset")},
    3: {ALERTS.name: ("contexts", "declared_severity", "route")},
    4: {
        OBSERVATIONS.name: ("specimen", "reference_range"),
        ENCOUNTER_EVENTS.name: ("account_id", "prior_room", "prior_bed"),
        PATIENT_DEMOGRAPHICS.name: ("address", "postcode", "phone"),
        IDENTITY_EVENTS.name: (
            *("retired_facility", "surviving_visit", "retired_visit"),
            *("surviving_account", "retired_account"),
        ),
        ORDER_EVENTS.name: ("event", "filler_id", "parent_id", "result_status"),
        MEDICATION_EVENTS.name: ("order_status", "replaces_id", "event_id", "ingredient_code"),
        DIAGNOSES.name: ("diagnosis_id", "status", "onset_at", "ended_at"),
    },
}
_ATTEMPTS: Final = 20


def lacking(version: int, table: Table) -> tuple[Column, ...]:
    """The columns of a contract that a lake of some version does not have yet."""
    later = range(version + 1, LAKE_VERSION + 1)
    names = {name for step in later for name in ADDED.get(step, {}).get(table.name, ())}
    return tuple(column for column in table.columns if column.name in names)


def upgrade(root: Path, version: int) -> None:
    """Give every table of a lake the columns that it lacks; on return they are on the disk.

    Raises:
        LakeNotWritableError: A table does not take them.
    """
    for name, table in TABLES.items():
        columns = lacking(version, table)
        if columns and (root / name / delta_log.LOG).is_dir():
            _add(root / name, columns)


def _add(path: Path, columns: tuple[Column, ...]) -> None:
    for _ in range(_ATTEMPTS):
        try:
            handle = DeltaTable(str(path))
            if new := _new(handle, columns):
                handle.alter.add_columns(new)
        except CommitFailedError:
            # Another process writes to the table, or upgrades it: look again.
            continue
        except (DeltaError, OSError) as error:
            raise _failed(path, type(error).__name__) from None
        # Whoever added them before may have died before they were forced onto the disk.
        durable.sync_commit(path, handle.version())
        return
    raise _failed(path, "others write to it all the time")


def _new(handle: DeltaTable, columns: tuple[Column, ...]) -> list[Field]:
    known = {field.name for field in handle.schema().fields}
    added = pa.schema([column.field for column in columns if column.name not in known])
    return list(Schema.from_arrow(added).fields)


def _failed(path: Path, why: str) -> LakeNotWritableError:
    msg = (
        f"could not bring table `{path.name}` in {path.parent} up to lake version {LAKE_VERSION}:"
        f" {why}; stop what writes to the lake and open it again"
    )
    return LakeNotWritableError(msg)
