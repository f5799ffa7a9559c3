"""Stays in hospital as scoring folds them.

Here: admission and discharge, arrival in intensive care and from an operation, from the events of
encounters. Not here: where a patient is now (clinical/detection/location.py).

An admission is told by every event of an inpatient stay that says when it began, so that a lost or
corrected A01 does no harm; A11 withdraws it, A13 a discharge.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clinical.normalise.distinct import distinct, flat, valid
from clinical.normalise.signal_rows import (
    as_signals,
    identity,
    of_concept,
    ones,
    only,
    texts_of,
    time_text,
)

READ = (
    *("event", "event_at", "documented_at", "patient_class", "unit"),
    *("admitted_at", "discharged_at"),
)
# HL7 table 0004.
INPATIENT = frozenset({"I"})
# The name of a unit tells what it is, for want of a list of units per hospital. [P]
# MIMIC-III: MICU, SICU, CCU, CSRU, TSICU; eICU: CTICU, CSICU, `Med-Surg ICU`, `Neuro ICU`.
INTENSIVE_CARE = re.compile(r"\b([a-z]*icu|ccu|csru|itu|cvru)\b|intensive care|critical care", re.I)
OPERATION = re.compile(r"\bOR\b|(?i:\b(pacu|operating|theatres?|recovery)\b)")
_ARRIVALS = frozenset({"admit", "transfer"})
_UNITS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {"icu_admission": INTENSIVE_CARE, "surgery": OPERATION}
)


def stay_signals(rows: pa.Table) -> list[pa.Table]:
    """The signals of a table of encounter events."""
    if not len(rows):
        return []
    event = distinct(flat(rows["event"]))
    inpatient = distinct(flat(rows["patient_class"])).are(INPATIENT)
    admitted = valid(flat(rows["admitted_at"])) & inpatient & ~event.are(_cancelled("admit"))
    admitted |= event.are(frozenset({"admit"})) | event.are(_cancelled("admit"))
    discharged = event.are(frozenset({"discharge"}) | _cancelled("discharge"))
    parts = [
        _stay(only(rows, admitted, READ), "admission", "admitted_at", "admit"),
        _stay(only(rows, discharged, READ), "discharge", "discharged_at", "discharge"),
    ]
    arrived = event.are(_ARRIVALS)
    parts += [_arrivals(rows, arrived, concept) for concept in _UNITS]
    return [part for part in parts if len(part)]


def _cancelled(event: str) -> frozenset[str]:
    return frozenset({f"cancel_{event}"})


def _stay(rows: pa.Table, concept: str, at: str, event: str) -> pa.Table:
    void = pa.array(distinct(flat(rows["event"])).are(_cancelled(event)))
    told = pc.coalesce(flat(rows[at]), flat(rows["event_at"]), flat(rows["documented_at"]))
    rows = of_concept(rows, concept).set_column(rows.schema.get_field_index(at), at, told)
    whose = identity(f"{concept}:", *texts_of(rows, "facility", "patient_id", "encounter_id"))
    return as_signals(rows, at, ones(rows), void, whose)


def _arrivals(rows: pa.Table, arrived: NDArray[np.bool_], concept: str) -> pa.Table:
    """Arrivals in units of a kind."""
    units = distinct(flat(rows["unit"]))
    of_kind = units.decide(lambda unit: bool(_UNITS[concept].search(unit or "")))
    rows = only(rows, arrived & np.array(of_kind or [False])[units.which], READ)
    rows = of_concept(rows, concept)
    who = texts_of(rows, "facility", "patient_id", "encounter_id", "unit")
    whose = identity(f"{concept}:", *who, time_text(rows["event_at"]))
    void = pa.array(np.zeros(len(rows), np.bool_))
    return as_signals(rows, "event_at", ones(rows), void, whose)
