"""Evidence for the migration's tests, written as its contracts say: a small lake, nights, replays.

Here: factories. Not here: what the gates make of it (test_*.py).
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import duckdb
import pyarrow as pa

from clinical.detection.version import rules_version
from lakehouse.appends import append
from lakehouse.batch.legacy import LEGACY_CENSUS
from lakehouse.batch.reconciliation import CLASSES, NIGHTS, UNEXPLAINED, differences_of
from lakehouse.batch.replays import REPLAY_RUNS
from lakehouse.lake import Lake
from lakehouse.ledgers import append_entry
from lakehouse.publishing import replace_rows
from lakehouse.settings import Settings
from lakehouse.tables import ENCOUNTER_EVENTS, RAW_MESSAGES, Table

FIRST = date(2026, 1, 5)
FEED = "adt"
DAYS = 8


def settings_of(root: Path, **changes) -> Settings:
    few = {"matching_nights": 3, "clean_nights": 2, "first_night": FIRST}
    return Settings(lake=root, extracts=root.parent / "extracts", **(few | changes))


def night(place: int) -> date:
    """The n-th night of the tests, from 0."""
    return FIRST + timedelta(days=place)


def small_lake(root: Path, days: int = DAYS) -> Lake:
    """One admission a day at noon, each its own message, patient and stay; nobody leaves."""
    lake = Lake.open(root, create=True)
    for table in (ENCOUNTER_EVENTS, RAW_MESSAGES):
        rows = pa.Table.from_pylist([_message(table, day) for day in range(days)], table.schema)
        append(lake, table, FEED, 0, rows, days - 1)
    return lake


def land_census(lake: Lake, nights: range = range(1, DAYS)) -> None:
    """The nightly census of these nights: everyone who was admitted the day before or earlier."""
    rows = [
        {
            "night": night(place),
            "source": f"{night(place)}/census.csv",
            "source_sha256": "0" * 64,
            "zone": "UTC",
            "line": day + 1,
            "census_at": f"{night(place)} 00:00:00",
            "patient_id": f"p{day}",
            "encounter_id": f"e{day}",
            "unit": "ICU",
        }
        for place in nights
        for day in range(place)
    ]
    replace(lake, LEGACY_CENSUS, rows)


def compared(lake: Lake, place: int, job: str = "census", **changes) -> str:
    """One comparison of the n-th night, in which everything matches unless changed."""
    counts = dict.fromkeys(CLASSES, 0) | {"matched": 100}
    counts |= {name: changes.pop(name) for name in CLASSES if name in changes}
    keys = sum(counts.values())
    unexplained = sum(counts[name] for name in UNEXPLAINED)
    at = datetime.combine(night(place), datetime.min.time(), UTC)
    row = {
        "evidence_id": uuid4().hex,
        "job": job,
        "night": night(place),
        "compared_at": datetime.now(UTC),
        "cutoff_at": at,
        "cut": "[]",
        "rules_version": rules_version(),
        "legacy_rows": keys,
        "stream_rows": keys,
        "legacy_repeated": 0,
        "stream_repeated": 0,
        "unexplained": unexplained,
        "wrong_patients": 0,
        "match_share": (keys - unexplained) / keys if keys else None,
        "seconds": 0.1,
        **counts,
        **changes,
    }
    rows = pa.Table.from_pylist([row], NIGHTS.schema)
    append_entry(lake, NIGHTS, row["evidence_id"], 1, rows)
    return row["evidence_id"]


def differing(lake: Lake, place: int, evidence_id: str, lines: list[int], job="census") -> None:
    """Rows of the n-th night that the stream does not have."""
    table = differences_of(job)
    rows = [
        dict.fromkeys(table.schema.names)
        | {
            "night": night(place),
            "number": number,
            "evidence_id": evidence_id,
            "class": "missing_in_stream",
            "is_explained": False,
            "legacy_line": line,
        }
        for number, line in enumerate(lines, start=1)
    ]
    replace(lake, table, rows)


def replayed(lake: Lake, days: int = 14, **changes) -> str:
    """One arrival-order replay that found every row equal, unless changed."""
    now, first = datetime.now(UTC), datetime(2026, 1, 5, tzinfo=UTC)
    row = {
        "replay_id": uuid4().hex,
        "replay_order": "arrival",
        "began_at": now,
        "ended_at": now,
        "cut": "[]",
        "rules_version": rules_version(),
        "first_received_at": first,
        "last_received_at": first + timedelta(days=days - 1),
        "messages": 8,
        "rows": 8,
        "differing": 0,
        "is_equal": True,
        "tables": "{}",
        "other_rules": "{}",
        "verdict": "every row is equal",
        **changes,
    }
    rows = pa.Table.from_pylist([row], REPLAY_RUNS.schema)
    append_entry(lake, REPLAY_RUNS, row["replay_id"], 1, rows)
    return row["replay_id"]


def replace(lake: Lake, table: Table, rows: list[dict]) -> None:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.register("rows", pa.Table.from_pylist(rows, table.schema))
        replace_rows(connection, lake, table, "rows", run="test")


def _message(table: Table, day: int) -> dict:
    received = datetime(2026, 1, 5, 12, tzinfo=UTC) + timedelta(days=day)
    row = dict.fromkeys(table.schema.names) | {
        "feed": FEED,
        "partition": 0,
        "offset": day,
        "row": 0,
        "received_at": received,
        "received_date": received.date(),
    }
    if table is RAW_MESSAGES:
        return row | {"raw": b"MSH|", "disposition": "parsed", "message_type": "ADT^A01"}
    return row | {
        "facility": "H",
        "patient_id": f"p{day}",
        "encounter_id": f"e{day}",
        "event": "admit",
        "event_at": received,
        "admitted_at": received,
        "documented_at": received - timedelta(minutes=1),
        "unit": "ICU",
    }
