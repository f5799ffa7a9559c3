"""Encounters: what an ADT message says of a stay, from its PV1 and EVN.

Here: one event per PV1. Not here: the meaning of triggers (message_types.py), or stays.
"""

import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.hl7.batch import Batch
from clinical.wire.hl7.header import times
from clinical.wire.hl7.message_types import ENCOUNTERS, EVENTS
from clinical.wire.hl7.subjects import PID_ACCOUNT
from clinical.wire.hl7.text import Cells
from clinical.wire.time import UTC

PV1_CLASS, PV1_LOCATION, PV1_PRIOR, PV1_DISPOSITION, PV1_ADMITTED, PV1_DISCHARGED = (
    2,
    3,
    6,
    36,
    44,
    45,
)
ARRIVALS, DEPARTURES = ("admit", "register"), ("discharge",)


def encounter_events(batch: Batch) -> pa.Table:
    """One row per PV1 of an ADT message."""
    known = batch.header
    pv1 = batch.rows("PV1", known.of_kind(ENCOUNTERS))
    message = pa.array(pv1.message)
    patient = batch.subjects.of_segment.take(pa.array(pv1.at))
    trigger = known.trigger.take(message)
    event = Cells.of(trigger).read(lambda sent: EVENTS.get(sent, sent))
    admitted_at = times(pv1, PV1_ADMITTED, batch.zone)
    discharged_at = times(pv1, PV1_DISCHARGED, batch.zone)
    columns = {
        **batch.subjects.columns(pv1),
        "encounter_id": batch.subjects.visits(pv1),
        "event": event,
        "trigger": trigger,
        "event_at": pc.coalesce(
            known.occurred_at.take(message),
            _where(event, ARRIVALS, admitted_at),
            _where(event, DEPARTURES, discharged_at),
            known.recorded_at.take(message),
        ),
        "documented_at": known.recorded_at.take(message),
        "patient_class": pv1.common(PV1_CLASS),
        "unit": pv1.common(PV1_LOCATION),
        "room": pv1.common(PV1_LOCATION, 2),
        "bed": pv1.common(PV1_LOCATION, 3),
        "prior_unit": pv1.common(PV1_PRIOR),
        "prior_room": pv1.common(PV1_PRIOR, 2),
        "prior_bed": pv1.common(PV1_PRIOR, 3),
        "admitted_at": admitted_at,
        "discharged_at": discharged_at,
        "discharge_disposition": pv1.common(PV1_DISPOSITION),
        "account_id": batch.subjects.pid.text(PID_ACCOUNT).take(patient),
    }
    return batch.table("encounter_events", columns)


def _where(event: pa.Array, events: tuple[str, ...], at: pa.Array) -> pa.Array:
    chosen = pc.is_in(event, pa.array(events))
    return pc.if_else(chosen, at, pa.scalar(None, UTC))
