"""Stays in hospital as scoring folds them.

Here: admission and discharge, arrival in intensive care and from an operation, from the events of
encounters. Not here: where a patient is now (clinical/detection/location.py).

An admission is told by every event of an inpatient stay that says when it began, so that a lost or
corrected A01 does no harm; A11 withdraws it, A13 a discharge. A cancelled transfer (A12) or
admission also withdraws the arrival of its very time in the unit that it names: the place where the
patient never was (PV1-6), or its own.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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
from clinical.normalise.written import with_written

READ = (
    *("event", "event_at", "documented_at", "patient_class", "unit", "prior_unit"),
    *("admitted_at", "discharged_at"),
)
# HL7 table 0004.
INPATIENT = frozenset({"I"})
# The name of a unit tells what it is, for want of a list of units per hospital. [P]
# MIMIC-III: MICU, SICU, CCU, CSRU, TSICU; eICU: CTICU, CSICU, `Med-Surg ICU`, `Neuro ICU`.
INTENSIVE_CARE = re.compile(r"\b([a-z]*icu|ccu|csru|itu|cvru)\b|intensive care|critical care", re.I)
OPERATION = re.compile(r"\bOR\b|(?i:\b(pacu|operating|theatres?|recovery)\b)")
_ARRIVALS = frozenset({"admit", "transfer"})
_TAKEN_BACK = frozenset({"cancel_admit", "cancel_transfer"})
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
    arrived, gone = event.are(_ARRIVALS), event.are(_TAKEN_BACK)
    parts += [_arrivals(only(rows, arrived, READ), concept, void=False) for concept in _UNITS]
    if gone.any():
        never = only(rows, gone, READ)
        named = (never, _elsewhere(never))
        parts += [_arrivals(one, concept, void=True) for concept in _UNITS for one in named]
    return [part for part in parts if len(part)]


def _cancelled(event: str) -> frozenset[str]:
    return frozenset({f"cancel_{event}"})


def _stay(rows: pa.Table, concept: str, at: str, event: str) -> pa.Table:
    is_void = distinct(flat(rows["event"])).are(_cancelled(event))
    rows, void = with_written(rows, is_void.astype(np.int64)), pa.array(is_void)
    told = pc.coalesce(flat(rows[at]), flat(rows["event_at"]), flat(rows["documented_at"]))
    rows = of_concept(rows, concept).set_column(rows.schema.get_field_index(at), at, told)
    whose = identity(f"{concept}:", *texts_of(rows, "facility", "patient_id", "encounter_id"))
    return as_signals(rows, at, ones(rows), void, whose)


def _elsewhere(rows: pa.Table) -> pa.Table:
    """Events of the place that they name beside their own, where they name one."""
    at = rows.schema.get_field_index("unit")
    return rows.set_column(at, "unit", rows["prior_unit"])


def _arrivals(rows: pa.Table, concept: str, *, void: bool) -> pa.Table:
    """Arrivals in units of a kind, or that they never were."""
    units = distinct(flat(rows["unit"]))
    of_kind = units.decide(lambda unit: bool(_UNITS[concept].search(unit or "")))
    rows = only(rows, np.array(of_kind or [False])[units.which], READ)
    rows = of_concept(with_written(rows, np.full(len(rows), int(void))), concept)
    who = texts_of(rows, "facility", "patient_id", "encounter_id", "unit")
    whose = identity(f"{concept}:", *who, time_text(rows["event_at"]))
    gone = pa.array(np.full(len(rows), void))
    return as_signals(rows, "event_at", ones(rows), gone, whose)
