"""`pulsehouse status`: what a lake holds, and whether its counts balance.

Here: how it is shown. Not here: the counting (contents.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from clinical.wire.elements import kind_shown
from lakehouse.alarms import open_alarms
from lakehouse.catalogue import connect
from lakehouse.columns import DISPOSITIONS
from lakehouse.cuts import Cut, cut
from lakehouse.feed_elements import news
from lakehouse.lake import Lake
from lakehouse.losses import losses, lost, unused
from lakehouse.tables import LAKE_VERSION
from pulsehouse import terminal
from pulsehouse.contents import Contents, Row, balance
from pulsehouse.deployment import open_lake, settings
from pulsehouse.failure import FOUND_PROBLEMS, OK
from pulsehouse.waiting import waiting
from streaming.inbox.arrival import JOURNAL_PARTITION
from streaming.inbox.journal_reading import JournalReader
from streaming.inbox.opening import journal_directory

_DRIFT = ("feed", "kind", "element", "first_seen_at")
_DRIFT_LINES = 10
_LOSS = ("feed", "partition", "first_offset", "last_offset", "reason", "noticed_at")


def run(place: Path | None, *, as_json: bool) -> int:
    """Show a lake; a ledger that does not balance is a problem found."""
    found = status(place)
    if as_json:
        terminal.emit_json(found)
    else:
        _show(found)
    return OK if found["balances"] else FOUND_PROBLEMS


def status(place: Path | None) -> dict[str, Any]:
    """The stable form of `status --json`."""
    lake = open_lake(place)
    at = cut(lake)
    with connect(lake, at=at) as connection:
        contents = Contents(connection)
        ledger = balance(contents.dispositions(), at, lost(lake, at), unused(lake, at))
        return {
            "lake": str(lake.root),
            "lake_version": LAKE_VERSION,
            "cut": at.to_json(),
            "ledger": ledger,
            "balances": all(row["balances"] for row in ledger),
            "losses": losses(lake).to_pylist(),
            "pending": _pending(lake, at),
            "alarms": [asdict(alarm) for alarm in open_alarms(lake)],
            "drift": news(lake),
            "waiting": waiting(lake, at),
            "tables": contents.tables(),
            "alerts": contents.alerts(),
            "quarantine": contents.quarantine(),
            "unmapped_codes": contents.unmapped(),
        }


def _pending(lake: Lake, at: Cut) -> list[Row]:
    """Messages of each feed in the journal beyond the cut; Kafka's are told by its own tools."""
    told = settings()
    reader = JournalReader(journal_directory(told, lake))
    try:
        known = reader.feeds() if told.inbox == "journal" else {}
    finally:
        reader.close()
    return [
        {"feed": feed, "pending": max(0, following - at.next_offset(feed, JOURNAL_PARTITION))}
        for feed, following in sorted(known.items())
    ]


def _show(found: dict[str, Any]) -> None:
    terminal.heading(f"Lake {found['lake']} (version {found['lake_version']})")
    if found["alarms"]:
        _table("Open alarms", ("kind", "subject", "since", "detail"), found["alarms"])
    _table("Cut: every table is complete up to", ("feed", "partition", "offset"), found["cut"])
    booked = ("feed", "journaled", *DISPOSITIONS, "lost", "balances")
    _table("Messages by disposition", booked, found["ledger"])
    if found["losses"]:
        _table("Offsets that no inbox can give any more", _LOSS, found["losses"])
    if found["pending"]:
        _table("In the journal, not in the tables yet", ("feed", "pending"), found["pending"])
    if found["drift"]:
        newest = [
            {**row, "kind": kind_shown(row["kind"], row["element"])}
            for row in found["drift"][:_DRIFT_LINES]
        ]
        _table("New in what feeds send (`feed drift`), newest first", _DRIFT, newest)
    if found["waiting"]:
        waits = ("waits_for", "orders", "since")
        _table("Orders that wait for their other half", waits, found["waiting"])
    _table("Tables", ("table", "rows", "newest"), found["tables"])
    _table("Alerts", ("rule", "severity", "status", "alerts"), found["alerts"])
    _table("Quarantined", ("feed", "stage", "reason", "messages"), found["quarantine"])
    columns = ("feed", "code_system", "code", "code_text", "observations")
    _table("Codes without a concept, most frequent first", columns, found["unmapped_codes"])
    if not found["balances"]:
        terminal.say(
            "warning: messages and dispositions do not balance; a message was lost or counted twice"
        )


def _table(title: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    terminal.show_table(title, columns, [[row[name] for name in columns] for row in rows])
