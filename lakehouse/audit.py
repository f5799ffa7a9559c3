"""The audit of restricted reads: who opened what identifies patients.

Here: recording a read before it happens, and verifying that no entry was changed or taken out. Each
entry carries the hash of the one before. Not here: who may read (the file
system's permissions decide: accounts are the alert desk's), and the reading itself.
"""

import getpass
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from lakehouse.batch.audit import RESTRICTED_READS
from lakehouse.batch_reading import read_batch
from lakehouse.errors import AuditError, LedgerMovedError
from lakehouse.lake import Lake
from lakehouse.ledgers import append_entry

LINE = "restricted_reads"
HASHED = tuple(name for name in RESTRICTED_READS.schema.names if name != "sha256")
ATTEMPTS = 50
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """One read that is about to happen: through which surface, of which tables, with which text."""

    surface: str
    tables: tuple[str, ...]
    query: str | None = None


def record(lake: Lake, read: Read, *, now: datetime | None = None, by: str | None = None) -> int:
    """Write a read down, on the disk, before it happens; return its number.

    Args:
        lake: The lake that is read; its directory must take files.
        read: What will be read. Of the query only a hash is kept: its text may name a patient.
        now: When; this machine's clock where None.
        by: Who; the operating system's account where None.

    Raises:
        AppendError: It could not be written; the read must not happen.
    """
    for _ in range(ATTEMPTS):
        previous = _last(lake)
        number = previous["number"] + 1 if previous else 1
        entry: Entry = {
            "number": number,
            "at": now or datetime.now(UTC),
            "by": by or getpass.getuser(),
            "surface": read.surface,
            "tables": sorted(read.tables),
            "query_sha256": _sha256(read.query.encode()) if read.query is not None else None,
            "previous_sha256": previous["sha256"] if previous else None,
        }
        entry["sha256"] = _hash(entry)
        try:
            append_entry(lake, RESTRICTED_READS, LINE, number, _rows([entry]))
        except LedgerMovedError:
            continue
        return number
    msg = f"the audit in {lake.root} is busy: {ATTEMPTS} reads came first; try again"
    raise AuditError(msg)


def entries(lake: Lake) -> list[Entry]:
    """Every entry, oldest first."""
    found: list[Entry] = read_batch(lake, RESTRICTED_READS, order=("number",)).to_pylist()
    return found


def verify(entries_found: Iterable[Entry]) -> int | None:
    """The number of the first entry that was changed, or after which one is gone; None if all hold.

    Entries taken off the end cannot be seen from the rest: keep the last number elsewhere.
    """
    previous: Entry | None = None
    for place, entry in enumerate(entries_found, start=1):
        linked = previous["sha256"] if previous else None
        if (entry["number"], entry["previous_sha256"]) != (place, linked):
            return place
        if entry["sha256"] != _hash(entry):
            return place
        previous = entry
    return None


def _last(lake: Lake) -> Entry | None:
    found = entries(lake)
    return found[-1] if found else None


def _rows(found: Sequence[Entry]) -> pa.Table:
    return pa.Table.from_pylist(list(found), RESTRICTED_READS.schema)


def _hash(entry: Entry) -> str:
    told = {name: entry[name] for name in HASHED}
    told["at"] = told["at"].astimezone(UTC).isoformat(timespec="microseconds")
    return _sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
