"""Results of adjudication as rows of tables.

Here: the columns of each table, and a result as a row. Not here: how a result came about, or the
contracts (lakehouse/batch/sepsis.py), which say what every column means.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from clinical.adjudication.adult_sepsis_event import AdultSepsisEvent
from clinical.adjudication.late_knowledge import compared
from clinical.adjudication.sepsis3 import Onset
from clinical.adjudication.septic_shock import Shock
from clinical.adjudication.standing import Source
from clinical.adjudication.suspicion import Suspicion

Row = dict[str, Any]
UTC = pa.timestamp("us", tz="UTC")
SOURCES = pa.list_(
    pa.struct(
        [
            ("table", pa.string()),
            ("feed", pa.string()),
            ("partition", pa.int32()),
            ("offset", pa.int64()),
            ("row", pa.int32()),
        ]
    )
)
_WHO = [("facility", pa.string()), ("patient_id", pa.string()), ("encounter_id", pa.string())]
SUSPECTED = pa.schema(
    [
        *_WHO,
        ("variant", pa.string()),
        ("number", pa.int32()),
        ("suspected_at", UTC),
        ("culture_at", UTC),
        ("antibiotic_at", UTC),
        ("is_culture_first", pa.bool_()),
        ("is_blood_culture", pa.bool_()),
        ("ingredient", pa.string()),
        ("known_at", UTC),
        ("sources", SOURCES),
    ]
)
ONSETS = pa.schema(
    [
        *_WHO,
        ("variant", pa.string()),
        ("is_met", pa.bool_()),
        ("reason", pa.string()),
        ("suspected_at", UTC),
        ("culture_at", UTC),
        ("antibiotic_at", UTC),
        ("dysfunction_at", UTC),
        ("onset_at", UTC),
        ("known_at", UTC),
        ("baseline", pa.int16()),
        ("total", pa.int16()),
        ("provisional_at", UTC),
        ("knowledge", pa.string()),
        ("sources", SOURCES),
    ]
)
SHOCKS = pa.schema(
    [
        *_WHO,
        ("variant", pa.string()),
        ("is_met", pa.bool_()),
        ("reason", pa.string()),
        ("shock_at", UTC),
        ("vasopressor_at", UTC),
        ("lactate_at", UTC),
        ("lactate", pa.float64()),
        ("known_at", UTC),
        ("sources", SOURCES),
    ]
)
EVENTS = pa.schema(
    [
        *_WHO,
        ("variant", pa.string()),
        ("is_met", pa.bool_()),
        ("reason", pa.string()),
        ("culture_on", pa.date32()),
        ("antimicrobial_on", pa.date32()),
        ("antimicrobial_days", pa.int16()),
        ("onset_on", pa.date32()),
        ("dysfunctions", pa.list_(pa.string())),
        ("known_at", UTC),
        ("sources", SOURCES),
    ]
)


def suspicion_row(one: Suspicion, number: int) -> Row:
    """One suspicion, and its place among those of the patient in its reading."""
    return {
        "number": number,
        "encounter_id": one.encounter,
        "variant": one.variant,
        "suspected_at": one.at,
        "culture_at": one.culture.at,
        "antibiotic_at": one.antibiotic.at,
        "is_culture_first": one.culture.at <= one.antibiotic.at,
        "is_blood_culture": one.culture.is_blood,
        "ingredient": one.antibiotic.ingredient or None,
        "known_at": one.known_at,
        "sources": _sources(one.sources),
    }


def onset_row(one: Onset, raised: Sequence[int]) -> Row:
    """What one reading says of one visit, beside what the stream raised in it."""
    suspicion = one.suspicion
    provisional_at, knowledge = compared(one, raised)
    return {
        "encounter_id": one.encounter,
        "variant": one.variant,
        "is_met": one.is_met,
        "reason": one.reason,
        "suspected_at": suspicion and suspicion.at,
        "culture_at": suspicion and suspicion.culture.at,
        "antibiotic_at": suspicion and suspicion.antibiotic.at,
        "dysfunction_at": one.dysfunction_at,
        "onset_at": one.onset_at,
        "known_at": one.known_at,
        "baseline": one.baseline,
        "total": one.total,
        "provisional_at": provisional_at,
        "knowledge": knowledge,
        "sources": _sources(one.sources),
    }


def shock_row(one: Shock) -> Row:
    """Septic shock by one reading of sepsis."""
    names = ("reason", "shock_at", "vasopressor_at", "lactate_at", "lactate", "known_at")
    return {
        "encounter_id": one.onset.encounter,
        "variant": one.onset.variant,
        "is_met": one.reason is None,
        **{name: getattr(one, name) for name in names},
        "sources": _sources(one.sources),
    }


def event_row(one: AdultSepsisEvent) -> Row:
    """The Adult Sepsis Event of one visit."""
    told = {name: getattr(one, name) for name in EVENTS.names if hasattr(one, name)}
    return told | {
        "encounter_id": one.encounter,
        "is_met": one.reason is None,
        "dysfunctions": list(one.dysfunctions),
        "sources": _sources(one.sources),
    }


def _sources(sources: Iterable[Source]) -> list[dict[str, Any]]:
    return [asdict(source) for source in dict.fromkeys(sources)]
