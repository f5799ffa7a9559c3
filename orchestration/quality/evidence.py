"""What checks found, kept in the lake.

Here: how far a suite has been found clean, and storing one check with the keys of the rows that
failed. Not here: the check itself (checking.py).
"""

import json
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from lakehouse.batch.quality import FAILED_ROWS, QUALITY_CHECKS
from lakehouse.catalogue import cursor, quoted_text
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.ledgers import append_entry
from lakehouse.publishing import replace_rows
from lakehouse.tables import Table
from orchestration.quality.checking import Checked
from orchestration.quality.rules import Suite


@dataclass(frozen=True, slots=True)
class History:
    """The checks of one suite so far: their number, and the cut of the newest clean one."""

    checks: int
    clean_at: Cut


def history(lake: Lake, suite: Suite) -> History:
    """How often a suite was checked, and up to where its rows are known to be clean.

    Rows that failed are looked at again until they are mended, and all rows when a rule changes:
    only a clean check with the rules of today moves the line.
    """
    if not lake.has(QUALITY_CHECKS):
        return History(0, Cut({}))
    mine = f"from {_scan(lake, QUALITY_CHECKS)} where suite = ?"
    with cursor() as connection:
        number = connection.execute(f"select max(check_number) {mine}", [suite.name]).fetchall()
        clean = connection.execute(
            f"select cut {mine} and failed = 0 and rules_version = ?"
            " order by check_number desc limit 1",
            [suite.name, suite.rules_version],
        ).fetchall()
    cut = Cut.from_json(json.loads(clean[0][0])) if clean else Cut({})
    return History(number[0][0] or 0, cut)


def keep(lake: Lake, checked: Checked, number: int, now: datetime) -> None:
    """Store a check, and the keys of the rows that failed in place of those of the one before.

    Args:
        lake: The lake, open for writing.
        checked: What was found.
        number: The place of the check among its suite's, from 1.
        now: When.

    Raises:
        LedgerMovedError: Another check of the suite has this number; check again.
        AppendError: It could not be stored.
    """
    append_entry(lake, QUALITY_CHECKS, checked.suite.name, number, _entry(checked, number, now))
    with cursor() as connection:
        connection.register("failed_rows_found", _failed(checked, number))
        try:
            replace_rows(
                connection,
                lake,
                FAILED_ROWS,
                "failed_rows_found",
                run=f"{checked.suite.name}-{number}",
                partitions=(checked.suite.name,),
            )
        finally:
            connection.unregister("failed_rows_found")


def failed_rows(lake: Lake) -> int:
    """How many failed rows are kept of all suites."""
    if not lake.has(FAILED_ROWS):
        return 0
    with cursor() as connection:
        found = connection.execute(f"select count(*) from {_scan(lake, FAILED_ROWS)}")  # noqa: S608
        return int(found.fetchall()[0][0])


def _scan(lake: Lake, table: Table) -> str:
    return f"delta_scan({quoted_text(str(lake.path(table)))})"


def _entry(checked: Checked, number: int, now: datetime) -> pa.Table:
    entry = {
        "suite": checked.suite.name,
        "check_number": number,
        "checked_at": now,
        "since": json.dumps(checked.since.to_json()),
        "cut": json.dumps(checked.at.to_json()),
        "rules_version": checked.suite.rules_version,
        "rows": checked.rows,
        "failed": sum(checked.failed.values()),
        "failed_by_rule": json.dumps(dict(checked.failed)) if checked.failed else None,
    }
    return pa.Table.from_pylist([entry], QUALITY_CHECKS.schema)


def _failed(checked: Checked, number: int) -> pa.Table:
    places = checked.places
    same = {
        "suite": pa.repeat(pa.scalar(checked.suite.name), len(places)),
        "check_number": pa.repeat(pa.scalar(number, pa.int64()), len(places)),
        "table_name": pa.repeat(pa.scalar(checked.suite.table), len(places)),
    }
    columns = [same[name] if name in same else places[name] for name in FAILED_ROWS.schema.names]
    return pa.table(columns, FAILED_ROWS.schema)
