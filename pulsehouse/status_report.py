"""`pulsehouse status`: what a lake holds, and whether its counts balance.

Here: how it is shown. Not here: the counting (contents.py).
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from lakehouse.catalogue import connect
from lakehouse.columns import DISPOSITIONS
from lakehouse.cuts import cut
from lakehouse.tables import LAKE_VERSION
from pulsehouse import terminal
from pulsehouse.contents import Contents, Row, balance
from pulsehouse.deployment import open_lake
from pulsehouse.failure import FOUND_PROBLEMS, OK


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
        ledger = balance(contents.dispositions(), at)
        return {
            "lake": str(lake.root),
            "lake_version": LAKE_VERSION,
            "cut": at.to_json(),
            "ledger": ledger,
            "balances": all(row["balances"] for row in ledger),
            "tables": contents.tables(),
            "alerts": contents.alerts(),
            "quarantine": contents.quarantine(),
            "unmapped_codes": contents.unmapped(),
        }


def _show(found: dict[str, Any]) -> None:
    terminal.heading(f"Lake {found['lake']} (version {found['lake_version']})")
    _table("Cut: every table is complete up to", ("feed", "partition", "offset"), found["cut"])
    _table(
        "Messages by disposition", ("feed", "journaled", *DISPOSITIONS, "balances"), found["ledger"]
    )
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
