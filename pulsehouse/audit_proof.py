"""`pulsehouse audit verify | export`: whether both audits hold, and the desk's for others.

Here: verifying and showing. Not here: the chains (lakehouse/audit.py, streaming/desk/auditing).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson
from sqlalchemy import Engine

from lakehouse import audit
from lakehouse.lake import Lake
from pulsehouse import terminal
from pulsehouse.deployment import open_lake, settings
from pulsehouse.failure import FOUND_PROBLEMS, OK
from streaming.desk.auditing import records
from streaming.desk.auditing.anchors import Anchors
from streaming.desk.auditing.chain import first_fault
from streaming.desk.auditing.fhir_events import audit_event
from streaming.desk.store.opening import FILE, open_store

_MEND: Final = "compare with a backup, and find out who could write there"


@dataclass(frozen=True, slots=True)
class _Proof:
    """What became of verifying one audit; `broken` is the number of its first wrong entry."""

    audit: str
    entries: int
    head: str | None
    broken: int | None = None
    why: str | None = None


def verify(place: Path | None, anchors: Path | None, *, as_json: bool) -> int:
    """Verify both audits; leave with 3 where one was touched."""
    lake = open_lake(place)
    proofs = [_of_the_lake(lake)]
    if (store := _store(lake)) is not None:
        proofs.append(_of_the_desk(store, Anchors(lake.root, anchors)))
    if as_json:
        names = ("audit", "entries", "head", "broken", "why")
        terminal.emit_json([{name: getattr(one, name) for name in names} for one in proofs])
    else:
        for proof in proofs:
            terminal.write(_line(proof))
    return OK if all(proof.broken is None for proof in proofs) else FOUND_PROBLEMS


def export(place: Path | None, since: datetime | None) -> int:
    """Print the desk's audit, one AuditEvent in a line."""
    lake = open_lake(place)
    if (store := _store(lake)) is None:
        terminal.say("there is no desk in this lake: nothing was written down")
        return OK
    from_then = since.replace(tzinfo=UTC) if since is not None else None
    for entry in records.entries(store, since=from_then):
        terminal.write(orjson.dumps(audit_event(entry)).decode())
    return OK


def _of_the_lake(lake: Lake) -> _Proof:
    found = audit.entries(lake)
    broken = audit.verify(found)
    head = found[-1]["sha256"] if found else None
    why = "it was changed, or one before it was taken out" if broken is not None else None
    return _Proof("restricted reads", len(found), head, broken, why)


def _of_the_desk(store: Engine, anchors: Anchors) -> _Proof:
    head = records.head(store)
    fault = first_fault(records.entries(store), head, anchors.kept())
    if fault is not None:
        return _Proof("desk", head.number, head.sha256, fault.number, fault.told)
    anchors.keep_now(head)
    return _Proof("desk", head.number, head.sha256)


def _store(lake: Lake) -> Engine | None:
    own = settings()
    if own.desk_database is None and not (lake.root / FILE).exists():
        return None
    return open_store(own, lake.root)


def _line(proof: _Proof) -> str:
    if proof.broken is not None:
        return f"{proof.audit}: broken at entry {proof.broken}: {proof.why}; {_MEND}"
    newest = f"; the newest is {proof.head}" if proof.head else ""
    return f"{proof.audit}: {proof.entries} entries, unbroken{newest}"
