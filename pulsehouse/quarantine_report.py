"""`pulsehouse quarantine list` and `show`: what was not understood, and one message of it.

Here: how it is shown. Not here: what is in quarantine (streaming/quarantine.py), or where a message
stopped being readable (where_it_stops.py).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from lakehouse import audit
from lakehouse.cuts import cut
from lakehouse.tables import RAW_MESSAGES
from pulsehouse import terminal
from pulsehouse.contents import Row
from pulsehouse.deployment import open_lake, settings
from pulsehouse.failure import OK
from pulsehouse.quarantine_bytes import lines_of, stops_at, visible
from streaming.quarantine import STATES, Wanted, entries, message, waiting_in

# More places than this are for a narrower question: the newest are shown.
SCREEN_PLACES: Final = 40
JSON_PLACES: Final = 10_000
_COUNTED: Final = ("feed", "stage", "reason", "messages", *STATES, "newest")
_PLACED: Final = ("place", "received_at", "message_type", "control id", "reason", "state", "replay")


def listed(feed: str | None, reason: str | None, place: Path | None, *, as_json: bool) -> int:
    """Show counts by reason, and the newest messages by their places."""
    lake = open_lake(place)
    at = cut(lake)
    found = entries(lake, at, Wanted(feed, reason), waiting_in(settings(), lake))
    counts = _counts(found)
    newest = found.slice(max(0, len(found) - (JSON_PLACES if as_json else SCREEN_PLACES)))
    places = [_place(row) for row in reversed(newest.to_pylist())]
    if as_json:
        left_out = len(found) - len(places)
        terminal.emit_json({"reasons": counts, "messages": places, "left_out": left_out})
    else:
        _show_list(counts, places, len(found))
    return OK


def _counts(found: pa.Table) -> list[Row]:
    groups = found.group_by(["feed", "stage", "reason", "state"]).aggregate(
        [([], "count_all"), ("received_at", "max")]
    )
    counts: dict[tuple[str, str, str], Row] = {}
    for row in groups.to_pylist():
        group = (row["feed"], row["stage"], row["reason"])
        named = dict(zip(("feed", "stage", "reason"), group, strict=True))
        told = counts.setdefault(
            group, {**named, "messages": 0, **dict.fromkeys(STATES, 0), "newest": None}
        )
        told["messages"] += row["count_all"]
        told[row["state"]] += row["count_all"]
        told["newest"] = max(told["newest"] or row["received_at_max"], row["received_at_max"])
    return sorted(counts.values(), key=lambda row: (row["feed"], -row["messages"], row["reason"]))


def _place(row: Mapping[str, Any]) -> Row:
    replayed_by = None
    if row["replay_offset"] is not None:
        replayed_by = {
            "place": f"{row['feed']}/{row['replay_partition']}/{row['replay_offset']}",
            "disposition": row["replay_disposition"],
            "reason": row["replay_reason"],
        }
    original = None
    if row["original_offset"] is not None:
        original = f"{row['feed']}/{row['original_partition']}/{row['original_offset']}"
    kept = ("feed", "received_at", "stage", "reason", "message_type", "message_control_id", "state")
    return {
        "place": f"{row['feed']}/{row['partition']}/{row['offset']}",
        **{name: row[name] for name in kept},
        "replays": original,
        "replayed_by": replayed_by,
    }


def _show_list(counts: list[Row], places: list[Row], messages: int) -> None:
    rows = [[row[name] for name in _COUNTED] for row in counts]
    terminal.show_table("In quarantine", [name.replace("_", " ") for name in _COUNTED], rows)
    if not places:
        return
    terminal.show_table("The newest first", _PLACED, [_line(row) for row in places])
    if messages > len(places):
        terminal.note(f"{len(places)} of {messages:,}: narrow it with --feed or --reason")


def _line(row: Row) -> list[object]:
    by = row["replayed_by"]
    outcome = f"{by['place']} {by['disposition']} {by['reason'] or ''}".strip() if by else None
    return [
        row["place"],
        row["received_at"],
        visible(row["message_type"] or ""),
        visible(row["message_control_id"] or ""),
        row["reason"],
        row["state"].replace("_", " "),
        outcome,
    ]


def show(place_of_message: str, place: Path | None, *, as_json: bool) -> int:
    """Show one message as it was received; written down before it is read."""
    lake = open_lake(place)
    at = cut(lake)
    audit.record(lake, audit.Read("quarantine", (RAW_MESSAGES.name,), place_of_message))
    row = message(lake, at, place_of_message)
    found = {
        "place": place_of_message,
        "received_at": row["received_at"],
        "stage": row["stage"],
        "reason": row["reason"],
        "stops_at": stops_at(row["raw"] or b"", row["reason"]),
        "sender": row["sender"],
        "message_type": row["message_type"],
        "message_control_id": row["message_control_id"],
        "replays": _original(row),
        "bytes": len(row["raw"] or b""),
        "raw": row["raw"] or b"",
    }
    if as_json:
        terminal.emit_json(found)
    else:
        _show_message(found)
    return OK


def _original(row: Mapping[str, Any]) -> str | None:
    if row["original_offset"] is None:
        return None
    return f"{row['feed']}/{row['original_partition']}/{row['original_offset']}"


def _show_message(found: Row) -> None:
    terminal.heading(f"Message {found['place']}")
    stops = found["stops_at"]
    at = "" if stops is None else f", at byte {stops['byte']:,} in line {stops['line']}"
    told = {
        "received": terminal.stamp(found["received_at"]),
        "stopped": f"{found['stage']}: {found['reason']}{at}",
        "sender": visible(found["sender"] or ""),
        "type": visible(found["message_type"] or ""),
        "control id": visible(found["message_control_id"] or ""),
        "replays": found["replays"] or "",
        "bytes": f"{found['bytes']:,}",
    }
    for name, text in told.items():
        if text:
            terminal.write(f"  {name:11} {text}")
    terminal.write("")
    for line in lines_of(found["raw"]):
        terminal.write(line)
