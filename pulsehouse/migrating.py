"""`pulsehouse migrate`: status, evidence, and the decisions about a job.

Here: from what was typed to the migration room, and its answer as JSON. Not here: how it is shown
(migrate_text.py), or the rules (orchestration/migration).
"""

import getpass
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lakehouse.errors import LakeDamagedError
from lakehouse.lake import MARKER, Lake
from orchestration.migration import deciding, reporting
from orchestration.migration.ledger import Entry
from orchestration.migration.reporting import JobEvidence, as_json
from pulsehouse import migrate_text, terminal
from pulsehouse.deployment import open_lake, settings
from pulsehouse.failure import OK

DECISIONS: Mapping[str, Callable[..., Entry]] = {
    "promote": deciding.promote,
    "rollback": deciding.rollback,
    "hold": deciding.hold,
    "resume": deciding.resume,
}


def status(place: Path | None, *, as_json: bool) -> int:
    """Show every job that there is."""
    found = reporting.status(open_lake(place), settings())
    if as_json:
        terminal.emit_json({"jobs": [reporting.as_json(one) for one in found]})
    else:
        migrate_text.show_status(found)
    return OK


def evidence(job: str, place: Path | None, *, as_json: bool) -> int:
    """Show what is known of one job."""
    found = reporting.evidence(open_lake(place), settings(), job)
    if as_json:
        terminal.emit_json(_evidence_json(found))
    else:
        migrate_text.show_evidence(found)
    return OK


def decide(
    what: str,
    job: str,
    reason: str,
    by: str | None,
    place: Path | None,
    *,
    as_json: bool,
    dry_run: bool,
) -> int:
    """Take a decision about a job, and say what it came to."""
    lake = lake_to_decide_in(place, dry_run=dry_run, anyhow=what == "rollback")
    decided = DECISIONS.get(what) or _rehearse()
    entry = decided(lake, settings(), job, by or getpass.getuser(), reason, dry_run=dry_run)
    return told(entry, as_json=as_json, dry_run=dry_run)


def attested(
    gate: str,
    job: str,
    reason: str,
    by: str | None,
    place: Path | None,
    *,
    as_json: bool,
    dry_run: bool,
) -> int:
    """Write down that somebody answers for a gate."""
    lake = lake_to_decide_in(place, dry_run=dry_run)
    who = by or getpass.getuser()
    entry = deciding.attest(lake, settings(), job, gate, who, reason, dry_run=dry_run)
    return told(entry, as_json=as_json, dry_run=dry_run)


def lake_to_decide_in(place: Path | None, *, dry_run: bool, anyhow: bool = False) -> Lake:
    """A lake that is there, open for writing.

    Args:
        place: What was named.
        dry_run: Nothing will be written.
        anyhow: Take a lake with a damaged table, too: the way back must not depend on it.
    """
    root = place or settings().lake
    try:
        # Opening for writing would make a lake where a name was typed wrong.
        return open_lake(root, create=not dry_run and (root / MARKER).exists())
    except LakeDamagedError as error:
        if not anyhow or error.table == MARKER:
            raise
        terminal.say(f"warning: {error}")
        return Lake(root.absolute())


def told(entry: Entry, *, as_json: bool, dry_run: bool) -> int:
    """Show an entry that was written, or would be."""
    if as_json:
        terminal.emit_json(entry_json(entry) | {"dry_run": dry_run})
    else:
        migrate_text.show_entry(entry, dry_run=dry_run)
    return OK


def entry_json(entry: Entry) -> dict[str, Any]:
    """The stable form of an entry of a ledger."""
    return {name: getattr(entry, name) for name in Entry.__slots__}


def _rehearse() -> Callable[..., Entry]:
    # Only here: the rows of jobs bring Dagster with them, and a rollback must not wait for it.
    from orchestration.migration.rehearsal import rehearse  # noqa: PLC0415

    return rehearse


def _evidence_json(found: JobEvidence) -> dict[str, Any]:
    return {
        **as_json(found.status),
        "cut": found.cut,
        "per_night": [{name: getattr(one, name) for name in one.__slots__} for one in found.nights],
        "entries": [entry_json(entry) for entry in found.entries],
    }
