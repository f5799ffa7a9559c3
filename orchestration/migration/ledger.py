"""The two ledgers: what was decided about a job, and about an alert rule in a unit.

Here: an entry as a value, reading a ledger's lines, and appending the next entry to one. A line's
last entry is its state; there is no other record of it, so whoever is killed leaves either the
entry or none. Not here: what may be decided (states.py, deciding.py, alerts.py).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from lakehouse.batch.migration import ALERT_LEDGER, ENTRY, JOB_LEDGER
from lakehouse.batch_reading import read_batch
from lakehouse.lake import Lake
from lakehouse.ledgers import append_entry
from lakehouse.tables import Table

Line = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision: who, when, why, on which evidence.

    `line` is what it is about: a job, or a rule and a unit. `evidence`, `cut` and `delta_versions`
    are kept as JSON; `cut` is None where it could not be read.
    """

    line: Line
    number: int
    event: str
    from_state: str | None
    to_state: str
    at: datetime
    by: str
    reason: str | None
    rules_version: str
    gate: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    cut: list[dict[str, str | int]] | None = None
    delta_versions: Mapping[str, int] = field(default_factory=dict)


def job_entries(lake: Lake) -> dict[str, list[Entry]]:
    """Every line of the job ledger, oldest entry first."""
    return {line[0]: found for line, found in _lines(lake, JOB_LEDGER).items()}


def alert_entries(lake: Lake) -> dict[Line, list[Entry]]:
    """Every line of the alert ledger, oldest entry first."""
    return _lines(lake, ALERT_LEDGER)


def append_job(lake: Lake, entry: Entry) -> None:
    """Append to the job ledger.

    Raises:
        LedgerMovedError: Somebody else has decided about this job since it was read.
        AppendError: It could not be stored; nothing was.
    """
    append_entry(lake, JOB_LEDGER, entry.line[0], entry.number, _row(JOB_LEDGER, entry))


def append_alert(lake: Lake, entry: Entry) -> None:
    """Append to the alert ledger; errors as `append_job`."""
    # As JSON, because a unit may hold whatever sign would part it from the rule.
    line = json.dumps(entry.line)
    append_entry(lake, ALERT_LEDGER, line, entry.number, _row(ALERT_LEDGER, entry))


def last_with(entries: Iterable[Entry], *events: str, gate: str | None = None) -> Entry | None:
    """The newest entry of one of these events, of a gate where one is named."""
    found = [e for e in entries if e.event in events and (gate is None or e.gate == gate)]
    return found[-1] if found else None


def _lines(lake: Lake, table: Table) -> dict[Line, list[Entry]]:
    lines: dict[Line, list[Entry]] = {}
    for row in read_batch(lake, table).to_pylist():
        entry = _entry(table, row)
        lines.setdefault(entry.line, []).append(entry)
    return lines


def _line_columns(table: Table) -> list[str]:
    return [name for name in table.key if name != "number"]


def _entry(table: Table, row: dict[str, Any]) -> Entry:
    line = tuple(row.pop(name) for name in _line_columns(table))
    told = {name: json.loads(row.pop(name)) for name in ("evidence", "cut", "delta_versions")}
    return Entry(line=line, **row, **told)


def _row(table: Table, entry: Entry) -> pa.Table:
    values: dict[str, Any] = {column.name: getattr(entry, column.name) for column in ENTRY}
    for name in ("evidence", "cut", "delta_versions"):
        values[name] = json.dumps(values[name], sort_keys=True, ensure_ascii=False)
    values |= dict(zip(_line_columns(table), entry.line, strict=True))
    return pa.Table.from_pylist([values], table.schema)
