"""What a check shows in Dagster: counts, keys of rows, and queries to paste.

Here: metadata of check results. Not here: the checks (assets.py). No value of a patient gets here:
a row is named by its place in the feed alone.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import dagster as dg

from lakehouse.catalogue import quoted_text
from lakehouse.columns import DISPOSITIONS
from lakehouse.lake import Lake
from lakehouse.tables import TABLES
from orchestration.quality.checking import Checked
from orchestration.quality.ledger_equation import Imbalance, counts
from orchestration.quality.rules import PLACE
from orchestration.quality.volume import Usual

Shown = dict[str, dg.MetadataValue]

# So many rows or imbalances are shown; all that are kept are in the lake.
SHOWN = 20


def shown_check(checked: Checked, number: int) -> Shown:
    """What one check of a suite found."""
    shown: Shown = {
        "rows looked at": dg.IntMetadataValue(checked.rows),
        "failed": dg.IntMetadataValue(sum(checked.failed.values())),
        "check": dg.TextMetadataValue(f"{checked.suite.name} number {number}"),
        "since cut": dg.JsonMetadataValue(checked.since.to_json()),
        "cut": dg.JsonMetadataValue(checked.at.to_json()),
        "rules_version": dg.TextMetadataValue(checked.suite.rules_version),
    }
    if checked.failed:
        shown["failed by rule"] = dg.JsonMetadataValue(dict(checked.failed))
    if checked.columns:
        shown["columns"] = dg.TextMetadataValue(", ".join(checked.columns))
    if checked.places.num_rows:
        shown |= _places(checked)
    return shown


def told_check(checked: Checked) -> str:
    """One check in one line."""
    if checked.is_clean:
        return f"{checked.rows:,} looked at, none failed."
    rules = ", ".join(f"{rule} ({count:,})" for rule, count in checked.failed.items())
    return f"{checked.rows:,} looked at, failed: {rules}. See quality.failed_rows."


def _places(checked: Checked) -> Shown:
    columns = ("rule", *PLACE)
    first = checked.places.slice(0, SHOWN).to_pylist()
    suite = quoted_text(checked.suite.name)
    table = f'"{checked.suite.table}"'
    return {
        "first failed rows": dg.MarkdownMetadataValue(
            _markdown(columns, ([row[name] for name in columns] for row in first))
        ),
        "all failed rows": _pasted(f"from quality.failed_rows where suite = {suite}"),
        "the rows themselves": _pasted(
            f"select f.rule, t.* from {table} t join quality.failed_rows f"  # noqa: S608 our names
            f' using (feed, "partition", "offset", "row") where f.suite = {suite}'
        ),
    }


def shown_history(usual: Usual) -> Shown:
    """What holding a table against history found."""
    shown: Shown = {
        "hours looked at": dg.IntMetadataValue(usual.hours),
        "days looked at": dg.IntMetadataValue(usual.days),
    }
    if usual.unusual:
        rows = ([one.rule, one.feed, one.at, round(one.found)] for one in usual.unusual)
        shown["unusual"] = dg.MarkdownMetadataValue(
            _markdown(("rule", "feed", "hour or day (UTC)", "rows or minutes"), rows)
        )
    return shown


def told_history(usual: Usual) -> str:
    """Holding against history in one line."""
    if not usual.has_history:
        return "Not enough history to say what is usual."
    if not usual.unusual:
        return f"{usual.hours} hours and {usual.days} days look like those before."
    rules = Counter(one.rule for one in usual.unusual)
    return "Unusual: " + ", ".join(f"{rule} ({count})" for rule, count in rules.items()) + "."


def shown_imbalances(found: Sequence[Imbalance]) -> Shown:
    """Where the books of messages do not balance, with a query for each."""
    columns = ("feed", "partition", "hour", "what", "table", "count", "to look")
    rows = (
        [
            *(one.feed, one.partition, one.hour.isoformat() if one.hour else "", one.what),
            *(one.table, one.count, f"`{_command(one.look)}`"),
        ]
        for one in found[:SHOWN]
    )
    shown: Shown = {"imbalances": dg.IntMetadataValue(len(found))}
    if found:
        shown["first imbalances"] = dg.MarkdownMetadataValue(_markdown(columns, rows))
    return shown


def shown_counts(lake: Lake) -> Shown:
    """What became of all messages."""
    booked = counts(lake)
    return {
        name: dg.IntMetadataValue(sum(booked[name].to_pylist()))
        for name in ("journaled", *DISPOSITIONS, "pending", "lost")
    }


def _pasted(sql: str) -> dg.MarkdownMetadataValue:
    return dg.MarkdownMetadataValue(f"```sh\n{_command(sql)}\n```")


def _command(sql: str) -> str:
    """The command that an analyst pastes; names in SQL are quoted by what a shell would eat."""
    escaped = sql.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("`", "\\`")
    restricted = (table.name for table in TABLES.values() if table.phi == "identified")
    identified = "--identified " if any(name in sql for name in restricted) else ""
    return f'pulsehouse sql {identified}"{escaped}"'


def _markdown(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)
