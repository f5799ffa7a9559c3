"""`pulsehouse feed drift`: what a feed sends that it did not send before.

Here: how it is shown. Not here: noticing it (streaming/drift.py), or the ledger
(lakehouse/feed_elements.py).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clinical.wire.elements import kind_shown
from lakehouse import feed_elements
from lakehouse.errors import UnknownFeedError
from lakehouse.feeds import feed_names
from pulsehouse import terminal
from pulsehouse.deployment import open_lake, settings
from pulsehouse.failure import OK

COLUMNS = ("kind", "element", "first_seen_at", "partition", "offset")


def run(name: str, place: Path | None, *, everything: bool, as_json: bool) -> int:
    """Show a feed's news, the newest first, or every element that it was seen to send."""
    lake = open_lake(place)
    rows = [row for row in feed_elements.elements(lake).to_pylist() if row["feed"] == name]
    if not rows and name not in (known := feed_names(settings().feeds)):
        msg = (
            f"unknown feed {name!r}: nothing of it is recorded, and no profile has this name; known"
            f" are {', '.join(known)}"
        )
        raise UnknownFeedError(msg)
    news = feed_elements.news(lake, name)
    shown = rows if everything else news
    if as_json:
        told = [_plain(row) for row in shown]
        terminal.emit_json({"feed": name, "seen": len(rows), "new": len(news), "elements": told})
        return OK
    title = "Seen" if everything else "New"
    told = [{**row, "kind": kind_shown(row["kind"], row["element"])} for row in shown]
    terminal.show_table(
        f"{title} in feed {name}", _headings(), [[row[c] for c in COLUMNS] for row in told]
    )
    terminal.note(f"{len(rows):,} elements were seen, {len(news):,} of them new")
    return OK


def _headings() -> list[str]:
    return [name.replace("_", " ") for name in COLUMNS]


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("element", "kind", "is_new", *COLUMNS[2:])}
