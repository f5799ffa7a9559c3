"""The chain behind an alert: from the rule down to the message each input came in.

Here: reading the chain from a lake. Not here: how it is shown (explain_report.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import ModuleType
from typing import Any

import pyarrow as pa

from clinical.detection import critical, news2, respiratory, sepsis
from clinical.detection.version import rules_version
from clinical.scores import BY_VARIANT
from lakehouse.catalogue import connect
from lakehouse.lake import Lake
from pulsehouse.contents import Contents, Row
from pulsehouse.failure import USAGE, CommandError

PLACE = ("feed", "partition", "offset", "row")
IDENTIFYING = ("patient_id", "encounter_id", "facility")
# Where an input's stored row lies, where that is not `observations`.
STORED_IN: Mapping[str, str] = {
    "culture": "order_events",
    "antibiotic": "medication_events",
    "vasopressor": "medication_events",
    "birth_date": "patient_demographics",
}
# What a person needs to judge a stored row; never a name or an identifier.
_TOLD: Mapping[str, Sequence[str]] = {
    "observations": (
        *("code", "code_system", "code_text", "value_text", "comparator", "unit_as_sent", "status"),
        *("concept", "value", "ucum_unit", "effective_at", "documented_at", "received_at"),
    ),
    "order_events": (
        *("code", "code_system", "code_text", "specimen", "order_control", "order_status"),
        *("concept", "effective_at", "documented_at", "received_at"),
    ),
    "medication_events": (
        *("code", "code_system", "code_text", "event", "ingredient", "route", "dose", "dose_unit"),
        *("concept", "started_at", "documented_at", "received_at"),
    ),
    "patient_demographics": ("received_at",),
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """An alert with everything it rests on, as plain values."""

    alert: Row
    rule: Row
    totals: Sequence[Row]
    inputs: Sequence[Row]
    scores: Sequence[Row]

    def to_json(self) -> Row:
        """The stable form of `explain --json`."""
        return {
            "alert": self.alert,
            "rule": self.rule,
            "totals": self.totals,
            "inputs": self.inputs,
            "scores": self.scores,
            "missing": self.alert["missing"],
        }


def explanation(lake: Lake, alert_id: str, *, identified: bool) -> Explanation:
    """The chain behind one alert.

    Raises:
        CommandError: The lake has no such alert; the message offers the nearest.
    """
    with connect(lake) as connection:
        contents = Contents(connection)
        alert = _alert(contents, alert_id, lake)
        scores = _scores(contents, alert)
        inputs = _inputs(contents, alert, scores, identified=identified)
    told = {
        k: v for k, v in alert.items() if k != "evidence" and (identified or k not in IDENTIFYING)
    }
    totals = [
        {"name": item["name"], "value": item["value"], "effective_at": item["effective_at"]}
        for item in alert["evidence"]
        if item["offset"] is None
    ]
    return Explanation(told, _rule(alert, scores), totals, inputs, _without_identity(scores))


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


def _scores(contents: Contents, alert: Row) -> list[Row]:
    """The score rows that the evidence names, as they stood when the alert was raised."""
    named = {item["name"] for item in alert["evidence"] if item["offset"] is None}
    rows = contents.ask(
        _SCORES,
        facility=alert["facility"],
        patient=alert["patient_id"],
        raised_at=alert["raised_at"],
        feed=alert["feed"],
        part=alert["partition"],
        place=alert["offset"],
    )
    return [row for row in rows if f"{row['score']} ({row['variant']})" in named]


def _inputs(
    contents: Contents, alert: Row, scores: Sequence[Row], *, identified: bool
) -> list[Row]:
    evidence = [item for item in alert["evidence"] if item["offset"] is not None]
    stored = _stored(contents, evidence)
    messages = _messages(contents, evidence, identified=identified)
    return [
        {
            **item,
            "age_minutes": _minutes_before(alert, item),
            "points": _points(item, scores),
            "table": _table_of(item),
            "stored": stored.get((_table_of(item), *_key(item))),
            "message": messages.get(_key(item)[:3]),
        }
        for item in evidence
    ]


def _minutes_before(alert: Row, item: Row) -> float | None:
    if item["effective_at"] is None:
        return None
    minutes: float = (alert["raised_at"] - item["effective_at"]).total_seconds() / 60
    return round(minutes, 1)


def _points(item: Row, scores: Sequence[Row]) -> list[Row]:
    return [
        {
            "score": row["score"],
            "variant": row["variant"],
            "parameter": part["parameter"],
            "points": part["points"],
        }
        for row in scores
        for part in row["components"]
        if _key(part) == _key(item) and part["parameter"] == item["name"]
    ]


def _table_of(item: Row) -> str:
    return STORED_IN.get(item["name"], "observations")


def _key(item: Row) -> tuple[Any, ...]:
    return tuple(item[name] for name in PLACE)


def _stored(contents: Contents, evidence: Sequence[Row]) -> dict[tuple[Any, ...], Row]:
    found: dict[tuple[Any, ...], Row] = {}
    for table in {_table_of(item) for item in evidence}:
        wanted = _wanted([item for item in evidence if _table_of(item) == table])
        contents.connection.register("wanted", wanted)
        for row in contents.ask(_ROWS.format(table=table)):
            found[(table, *_key(row))] = {name: row[name] for name in _TOLD[table]}
        contents.connection.unregister("wanted")
    return found


def _messages(
    contents: Contents, evidence: Sequence[Row], *, identified: bool
) -> dict[tuple[Any, ...], Row]:
    contents.connection.register("wanted", _wanted(evidence))
    rows = contents.ask(_MESSAGES)
    contents.connection.unregister("wanted")
    told = (
        "feed",
        "partition",
        "offset",
        "message_control_id",
        "message_type",
        "sender",
        "received_at",
    )
    names = (*told, "raw") if identified else told
    return {
        tuple(row[name] for name in PLACE[:3]): {name: row[name] for name in names} for row in rows
    }


def _wanted(items: Sequence[Row]) -> pa.Table:
    kinds = (pa.string(), pa.int32(), pa.int64(), pa.int32())
    return pa.table(
        {
            name: pa.array([item[name] for item in items], kind)
            for name, kind in zip(PLACE, kinds, strict=True)
        }
    )


def _rule(alert: Row, scores: Sequence[Row]) -> Row:
    sources = [BY_VARIANT[row["score"], row["variant"]].source for row in scores]
    return {
        "rule": alert["rule"],
        "family": alert["rule_family"],
        "rules_version": alert["rules_version"],
        "is_current": alert["rules_version"] == rules_version(),
        "meaning": (_family(alert["rule_family"]).__doc__ or "").strip(),
        "score_sources": list(dict.fromkeys(sources)),
    }


def _family(name: str) -> ModuleType:
    """The module of a rule family; its docstring says what it means, its evidence and limits."""
    modules = {"news2": news2, "sepsis": sepsis, "respiratory_failure": respiratory}
    return modules.get(name, critical)


# What a person is told to type.
_LIST = "select alert_id, title from alerts"

_RECENT = "select alert_id from alerts order by raised_at desc, alert_id limit 2000"

# The newest row of each score that was known when the alert was raised: one is only written when an
# input of the score changed, which may have been before the message that raised the alert.
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

_ROWS = """
select t.*
from {table} as t
semi join wanted as w
    on t.feed = w.feed and t."partition" = w."partition"
    and t."offset" = w."offset" and t."row" = w."row"
"""

_MESSAGES = """
select m.*
from raw_messages as m
semi join wanted as w
    on m.feed = w.feed and m."partition" = w."partition" and m."offset" = w."offset"
"""
