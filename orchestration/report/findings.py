"""What each answer of the report says, in one sentence that is computed from its rows.

Here: the sentence of every section, and what an empty one says. Not here: rows (questions.py).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lakehouse.batch.reconciliation import EXPLAINED, MATCHED, UNEXPLAINED
from orchestration.report import questions as asked
from orchestration.report.section import Question, Row

Rows = Sequence[Row]
# A unit's hour with fewer observations is not called the slowest.
FEWEST: Final = 20


def finding(question: Question, rows: Rows) -> str:
    """The sentence; where there are no rows, what would bring some."""
    if not rows:
        return f"Nothing is stored yet; rows come of: {question.fills}."
    return _FINDINGS[question.name](rows)


def _lag(rows: Rows) -> str:
    total = sum(row["observations"] for row in rows)
    often = [row for row in rows if row["observations"] >= FEWEST] or list(rows)
    slowest = max(often, key=lambda row: row["median_minutes"])
    quickest = min(often, key=lambda row: row["median_minutes"])
    return (
        f"{total:,} observations; the slowest hour is {slowest['hour']:02}:00 on"
        f" {slowest['unit']}, where half are documented later than"
        f" {_number(slowest['median_minutes'])} min after the fact; the quickest is"
        f" {quickest['hour']:02}:00 on {quickest['unit']}, at"
        f" {_number(quickest['median_minutes'])} min."
    )


def _reconciliation(rows: Rows) -> str:
    jobs, nights = {row["job"] for row in rows}, {row["night"] for row in rows}
    counts = _sums(rows, "class", "keys")
    total = sum(counts.values())
    agreed = sum(counts.get(name, 0) for name in (MATCHED, *EXPLAINED))
    open_ones = [row for row in rows if row["class"] in UNEXPLAINED and row["keys"]]
    said = f"{len(jobs)} jobs over {len(nights)} nights: {_share(agreed, total)} of {total:,} keys"
    said += " match or are explained; "
    if not open_ones:
        return said + "none is unexplained."
    worst = _most(_sums(open_ones, "job", "keys"))
    return said + f"{total - agreed:,} are unexplained, most of them in {worst}."


def _migration(rows: Rows) -> str:
    served = [row["job"] for row in rows if row["served_by"] == "stream"]
    ready = [row["job"] for row in rows if "migrate promote" in row["next_step"]]
    kept = [row["job"] for row in rows if row["served_by"] == "batch"]
    return (
        f"Of {len(rows)} jobs {len(served)} {_are(served)} served by the stream{_named(served)},"
        f" {len(ready)} can take the next step today{_named(ready)}, and {len(kept)}"
        f" {_stay(kept)} in batch by decision{_named(kept)}."
    )


def _load(rows: Rows) -> str:
    total = sum(row["alerts"] for row in rows)
    sent = sum(row["alerts"] for row in rows if row["status"] == "raised")
    families = _sums([row for row in rows if row["status"] == "raised"], "rule_family", "alerts")
    days = len({row["day"] for row in rows})
    said = f"{total:,} alerts on {days} days, of which {sent:,} were raised and"
    said += f" {total - sent:,} were not, each with its reason"
    if not families:
        return said + "."
    most = _most(families)
    return said + f"; {most} raised {_share(families[most], sent)} of them."


def _answers(rows: Rows) -> str:
    total = sum(row["alerts"] for row in rows)
    seen = sum(row["acknowledged"] for row in rows)
    said = f"{seen:,} of {total:,} alerts were acknowledged ({_share(seen, total)})"
    timed = [row for row in rows if row["median_minutes"] is not None]
    if not timed:
        return said + "."
    slow = max(timed, key=lambda row: row["median_minutes"])
    minutes = _number(slow["median_minutes"])
    return said + f"; {slow['rule_family']} waits longest, {minutes} min at the median."


def _performance(rows: Rows) -> str:
    known = [row for row in rows if row["sensitivity"] is not None and row["ppv"] is not None]
    if not known:
        return f"{len(rows)} rule families; no outcome is stored to hold them against."
    best = max(known, key=lambda row: row["ppv"])
    widest = max(known, key=lambda row: row["sensitivity"])
    return (
        f"{best['rule_family']} is right most often (PPV {best['ppv']:.0%});"
        f" {widest['rule_family']} announces most of what happens"
        f" (sensitivity {widest['sensitivity']:.0%})."
    )


def _readmissions(rows: Rows) -> str:
    whole = [row for row in rows if row["is_complete"] and row["index_discharges"]]
    if not whole:
        return "No quarter is complete yet: 30 days have to pass after its last discharge."
    last = max(whole, key=lambda row: row["quarter"])
    return (
        f"In {last['quarter']}, the newest complete quarter, {last['readmissions']:,} of"
        f" {last['index_discharges']:,} discharges came back within 30 days"
        f" ({_share(last['readmissions'], last['index_discharges'])})."
    )


def _census(rows: Rows) -> str:
    by_hour = _sums(rows, "hour_at", "patients")
    newest, fullest = max(by_hour), max(by_hour, key=lambda hour: (by_hour[hour], hour))
    return (
        f"{_counted(by_hour[newest], 'patient')} at {newest:%Y-%m-%d %H:%M} UTC; most were"
        f" {by_hour[fullest]:,}, at {fullest:%Y-%m-%d %H:%M} UTC."
    )


def _feeds(rows: Rows) -> str:
    counts = _sums(rows, "disposition", "messages")
    total, put_away = sum(counts.values()), counts.get("quarantined", 0)
    feeds = {row["feed"] for row in rows}
    last = max(row["last_received_at"] for row in rows)
    return (
        f"{total:,} messages on {_counted(len(feeds), 'feed')}, of which {put_away:,} are"
        f" quarantined ({_share(put_away, total)}); the last came at {last:%Y-%m-%d %H:%M} UTC."
    )


def _population(rows: Rows) -> str:
    total = sum(row["patients"] for row in rows)
    ages = _sums(rows, "ages", "patients")
    most = _most(ages)
    return f"{_counted(total, 'patient')}; the largest group is aged {most} ({ages[most]:,})."


def _stays(rows: Rows) -> str:
    total = sum(row["stays"] for row in rows)
    longest = max(rows, key=lambda row: row["median_hours"])
    return (
        f"{total:,} stays have ended; the longest at the median are those on {longest['unit']},"
        f" {_number(longest['median_hours'])} h."
    )


_FINDINGS: Final[Mapping[str, Callable[[Rows], str]]] = {
    asked.LAG.name: _lag,
    asked.RECONCILIATION.name: _reconciliation,
    asked.MIGRATION.name: _migration,
    asked.LOAD.name: _load,
    asked.ANSWERS.name: _answers,
    asked.PERFORMANCE.name: _performance,
    asked.READMISSIONS.name: _readmissions,
    asked.CENSUS.name: _census,
    asked.FEEDS.name: _feeds,
    asked.POPULATION.name: _population,
    asked.STAYS.name: _stays,
}


def _sums(rows: Rows, key: str, value: str) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for row in rows:
        found[row[key]] = found.get(row[key], 0) + row[value]
    return found


def _most(sums: Mapping[object, int]) -> object:
    return max(sums, key=lambda name: (sums[name], str(name)))


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "none"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.1f}"  # noqa: PLR2004 decimals


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _named(names: Sequence[str]) -> str:
    return f" ({', '.join(names)})" if names else ""


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _stay(names: Sequence[str]) -> str:
    return "stays" if len(names) == 1 else "stay"
