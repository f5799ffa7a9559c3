"""Test vectors of manifests, told to a ward: small timelines, and what followed from them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from clinical.concepts import CONCEPTS
from clinical.detection.manifest import TestVector, manifest_of
from tests.clinical.detection.ward import START, Ward

_ORDERED = {"culture": Ward.culture, "antibiotic": Ward.antibiotic}


def told(vector: TestVector) -> Ward:
    """A ward that has been through a vector's timeline."""
    ward = Ward()
    for step in vector.timeline:
        for kind, content in step.items():
            if kind != "hours":
                _tell(ward, step["hours"], kind, content)
    return ward


def _tell(ward: Ward, hours: float, kind: str, content: Any) -> None:
    if kind == "chart":
        ward.chart(hours, **{name: _number(name, value) for name, value in content.items()})
    elif kind in _ORDERED:
        _ORDERED[kind](ward, hours, **content)
    elif kind == "infusion":
        infuse(ward, hours, **content)
    else:
        at = START + timedelta(hours=hours)
        ward.tell(at, **{kind: [{"patient_id": "p1", **_dated(row)} for row in content]})


def infuse(
    ward: Ward,
    hours: float,
    until: float | None = None,
    concept: str = "vasopressor",
    **rates: float,
) -> None:
    """Drugs running at rates in ug/kg/min, until an hour that is told with them."""
    at = START + timedelta(hours=hours)
    ended = None if until is None else START + timedelta(hours=until)
    given = {"patient_id": "p1", "concept": concept, "event": "administered"}
    rows = [
        {**given, "ingredient": name, "order_id": name, "rate": rate, "rate_unit": "ug/kg/min"}
        for name, rate in rates.items()
    ]
    told = [{**row, "started_at": at, "ended_at": ended} for row in rows]
    ward.tell(ended or at, medication_events=told)


def _number(concept: str, value: float | str) -> float:
    return CONCEPTS[concept].answers[value] if isinstance(value, str) else value


def _dated(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row in which `<column>_hours` is a time of the ward's clock."""
    return {
        name.removesuffix("_hours"): START + timedelta(hours=value)
        if name.endswith("_hours")
        else value
        for name, value in row.items()
    }


def alerts(ward: Ward, family: str) -> list[dict[str, Any]]:
    """What a family said, in order."""
    return [row for row in ward.alerts if manifest_of(row["rule_family"]).family == family]


def named(
    rows: Sequence[Mapping[str, Any]], expects: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Of each row the columns that its expectation names; of rows beyond those, all."""
    wanted = [list(one) for one in expects]
    return [
        {name: row[name] for name in (wanted[place] if place < len(wanted) else row)}
        for place, row in enumerate(rows)
    ]


def newest_score(ward: Ward, name: str, variant: str) -> dict[str, Any]:
    """The newest row of a score."""
    rows = [row for row in ward.scores if (row["score"], row["variant"]) == (name, variant)]
    return rows[-1]
