"""The chain behind an alert: from the rule down to the message each input came in.

Here: what an explanation holds, and reading it from a lake. Not here: the points and their bands
(explained_points.py), stored rows (explained_rows.py), what the nightly job knew
(explained_nights.py), the rule (explained_rule.py), or how it is shown (explain_report.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from clinical.concepts import CONCEPTS
from clinical.detection.batch_clock import BatchClock
from clinical.scores import SCORES
from lakehouse.catalogue import connect
from lakehouse.lake import Lake
from pulsehouse.contents import Contents, Row
from pulsehouse.explained_lookups import lookups
from pulsehouse.explained_nights import nights
from pulsehouse.explained_points import (
    concept_of,
    derived,
    is_newest,
    parts,
    sums,
    unit_of,
    worked_from,
)
from pulsehouse.explained_recount import Recount
from pulsehouse.explained_rows import Rows, place_of
from pulsehouse.explained_rule import contexts, rule
from pulsehouse.explained_scores import scores_of
from pulsehouse.explained_since import later_versions, since
from pulsehouse.failure import USAGE, CommandError

IDENTIFYING = ("patient_id", "encounter_id", "facility")


@dataclass(frozen=True, slots=True)
class Explanation:
    """An alert with everything it rests on, as plain values."""

    alert: Row
    rule: Row
    totals: Sequence[Row]
    inputs: Sequence[Row]
    scores: Sequence[Row]
    parts: Sequence[Row]
    sums: Sequence[Row]
    looked_up: Sequence[Row]
    contexts: Sequence[Row]
    nights: Row

    @property
    def earlier_unknown(self) -> list[str]:
        """Scores of an earlier time of which nothing was known: held to be 0."""
        names = {score.name for score in SCORES}
        return [
            one
            for one in self.alert["missing"] or ()
            if ", " not in one and any(one.startswith(f"{name}_") for name in names)
        ]

    def to_json(self) -> Row:
        """The stable form of `explain --json`."""
        scored = ("scores", "parts", "sums", "looked_up")
        names = ("alert", "rule", "totals", "inputs", *scored, "contexts")
        told: Row = {name: getattr(self, name) for name in names}
        missing = {"missing": self.alert["missing"], "taken_for_0": self.earlier_unknown}
        return {**told, "nightly": self.nights, **missing}


def explanation(lake: Lake, alert_id: str, clock: BatchClock, *, identified: bool) -> Explanation:
    """The chain behind one alert; `clock` says when the nightly job runs.

    Raises:
        CommandError: The lake has no such alert; the message offers the nearest.
    """
    with connect(lake) as connection:
        contents = Contents(connection)
        alert = _alert(contents, alert_id, lake)
        evidence = [item for item in alert["evidence"] if item["offset"] is not None]
        applied = alert["contexts"] or []
        rows = Rows.of(contents, [*evidence, *applied], identified=identified)
        recount = Recount.of(contents, alert)
        scores = scores_of(contents, alert, recount)
        told = {item["name"]: rows.concept(item) for item in evidence}
        assessed = [*scores, *derived(alert, scores, told)]
        scored = parts(alert, assessed)
        later = later_versions(contents, evidence, identified=identified)
        inputs = [
            {**_input(alert, item, scored, rows), "since": since(item, later)} for item in evidence
        ]
        known = nights(contents, alert, inputs, rows.patients, clock)
    hidden = {"evidence", "contexts", *(() if identified else IDENTIFYING)}
    return Explanation(
        alert={name: value for name, value in alert.items() if name not in hidden},
        rule=rule(alert, scores),
        totals=_totals(alert),
        inputs=inputs,
        scores=_without_identity(scores),
        parts=scored,
        sums=sums(assessed),
        looked_up=lookups(recount, scores),
        contexts=contexts(applied, rows, alert["raised_at"]),
        nights=known,
    )


def _totals(alert: Row) -> list[Row]:
    names = ("name", "value", "effective_at")
    totals = (item for item in alert["evidence"] if item["offset"] is None)
    return [{name: item[name] for name in names} for item in totals]


def _without_identity(rows: Iterable[Row]) -> list[Row]:
    hidden = {*IDENTIFYING, "received_date"}
    return [{key: value for key, value in row.items() if key not in hidden} for row in rows]


def _alert(contents: Contents, alert_id: str, lake: Lake) -> Row:
    found = contents.ask("select * from alerts where alert_id = $id", id=alert_id)
    if found:
        return found[0]
    known = [row["alert_id"] for row in contents.ask(_RECENT)]
    near = get_close_matches(alert_id, known, n=3, cutoff=0.5) or known[:3]
    hint = f"nearest: {', '.join(near)}" if near else "it has no alerts at all"
    msg = (
        f"no alert {alert_id!r} in the lake at {lake.root}; {hint}; list them with:"
        f' pulsehouse sql "{_LIST}" --lake {lake.root}'
    )
    raise CommandError(msg, USAGE)


def _input(alert: Row, item: Row, scored: Sequence[Row], rows: Rows) -> Row:
    """An input with its times, its points, the row it stands in and the message that brought it."""
    mine = [
        part
        for part in scored
        if place_of(part) == place_of(item)
        and item["name"] in (part["parameter"], f"{part['parameter']}, {part['score']}")
    ]
    concept = concept_of(item["name"] if item["name"] in CONCEPTS else rows.concept(item), mine)
    table, stored = rows.stored(item, concept)
    message = rows.message(item)
    names = ("score", "variant", "parameter", "points", "band")
    return {
        **item,
        "unit": item["unit"] or unit_of(concept),
        "concept": concept,
        "is_newest": is_newest(item["name"], mine) and ", " not in item["name"],
        "worked_from": worked_from(concept, item["value"], stored),
        "known_at": (message or stored or {}).get("received_at"),
        "age_minutes": _minutes_before(alert, item),
        "points": [{name: part[name] for name in names} for part in mine],
        "table": table,
        "stored": stored,
        "message": message,
    }


def _minutes_before(alert: Row, item: Row) -> float | None:
    at: Any = item["effective_at"]
    return None if at is None else round((alert["raised_at"] - at).total_seconds() / 60, 1)


# What a person is told to type.
_LIST = "select alert_id, title from alerts"

_RECENT = "select alert_id from alerts order by raised_at desc, alert_id limit 2000"
