"""The scores that an alert quotes, with the parts its evidence names.

Here: the stored row of the alert's own message, else the score worked out again as known then. Not
here: working it out (explained_recount.py), or the points and their bands (explained_points.py).

A score over a stretch of time also changes as values leave the stretch; no row is stored of that,
so that the newest stored row may be older than the alert's values, and say others.
"""

from collections.abc import Sequence
from datetime import timedelta

from clinical.detection.sepsis import SOFA_BEFORE
from clinical.scores import BY_VARIANT
from clinical.scores.sofa import SOFA
from pulsehouse.contents import Contents, Row
from pulsehouse.explained_recount import Recount
from pulsehouse.explained_rows import place_of

STORED = "as stored with the alert's message"
EARLIER = "as stored before the alert's message, of the same values"
AGAIN = "worked out again by what was known when the alert was raised"
DIFFERS = (
    "worked out again, and other than the alert quotes: other rules, or facts in another order"
)
_BEFORE = {f"sofa_24_h_before ({SOFA.variant})": timedelta(microseconds=SOFA_BEFORE)}
# So far apart are two floats that were summed in another order.
_DIGITS = 9


def scores_of(contents: Contents, alert: Row, recount: Recount) -> list[Row]:
    """The scores that the evidence totals, of now and of 24 h before; `told_by` says from where."""
    named = [item["name"] for item in alert["evidence"] if item["offset"] is None]
    stored = {f"{row['score']} ({row['variant']})": row for row in _stored(contents, alert)}
    found = []
    for name in sorted(set(named)):
        score, _, variant = name.removesuffix(")").partition(" (")
        if (score, variant) in BY_VARIANT:
            found.append(_score(alert, stored.get(name), recount, (score, variant)))
        elif name in _BEFORE:
            found.append(_told(recount.score(SOFA, score, _BEFORE[name]), alert))
    return found


def _score(alert: Row, stored: Row | None, recount: Recount, named: tuple[str, str]) -> Row:
    if stored and place_of({**stored, "row": 0}) == place_of({**alert, "row": 0}):
        return {**stored, "told_by": STORED}
    again = _told(recount.score(BY_VARIANT[named], named[0]), alert)
    if again["told_by"] == DIFFERS and stored and agrees(stored, alert["evidence"]):
        return {**stored, "told_by": EARLIER}
    return again


def _told(again: Row, alert: Row) -> Row:
    return {**again, "told_by": AGAIN if agrees(again, alert["evidence"]) else DIFFERS}


def before_of(row: Row) -> timedelta:
    """How long before the alert a score's own time is."""
    return _BEFORE.get(f"{row['score']} ({row['variant']})", timedelta(0))


def agrees(row: Row, evidence: Sequence[Row]) -> bool:
    """Whether a score has the total, the values and the rows that an alert's evidence names."""
    quoted = {(item["name"], _rounded(item["value"]), place_of(item)) for item in evidence}
    totals = {item["name"]: item["value"] for item in evidence if item["offset"] is None}
    of = "" if (row["score"], row["variant"]) in BY_VARIANT else f", {row['score']}"
    return row["observed"] == totals.get(f"{row['score']} ({row['variant']})") and all(
        (f"{part['parameter']}{of}", _rounded(part["value"]), place_of(part)) in quoted
        for part in row["components"]
    )


def _rounded(value: float) -> float:
    return round(value, _DIGITS)


def _stored(contents: Contents, alert: Row) -> list[Row]:
    """The newest row of each score that was known when the alert was raised."""
    return contents.ask(
        _SCORES,
        facility=alert["facility"],
        patient=alert["patient_id"],
        raised_at=alert["raised_at"],
        feed=alert["feed"],
        part=alert["partition"],
        place=alert["offset"],
    )


_SCORES = """
select *
from scores
where
    facility = $facility
    and patient_id = $patient
    and received_at <= $raised_at
    and (feed != $feed or "partition" != $part or "offset" <= $place)
qualify row_number() over (
    partition by score, variant order by received_at desc, "offset" desc, "row" desc
) = 1
order by score, variant
"""
