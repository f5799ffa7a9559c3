"""What the laws answer: the views and macros that tell what stands now, with their columns.

Here: the name of each, what one row of it is, and the meaning of every column, for the data
dictionary and the page docs/current.md. Not here: how it is found (the laws of catalogue.py, to
whose columns a test holds these equal).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from lakehouse import encounters, identities, medications, observations, orders
from lakehouse.columns import PROVENANCE, STRING, UTC, Column
from lakehouse.laws import Law
from lakehouse.tables import IDENTITY_EVENTS, MEDICATION_EVENTS, OBSERVATIONS, ORDER_EVENTS, Table

COUNT, FLAG = pa.int64(), pa.bool_()
FACILITY = Column("facility", STRING, "Assigning authority of the identifiers.")
PATIENT = Column("patient_id", STRING, "Patient identifier that lives on after every merge.")
VISIT = Column("encounter_id", STRING, "Visit number as received last.")
SENT = Column("sent_patient_id", STRING, "Patient identifier as received.")
WRITTEN = Column("written_at", UTC, "When it was written, never after it was received.")


@dataclass(frozen=True, slots=True)
class Answer:
    """A view, or a macro with its arguments, that a law gives."""

    name: str
    grain: str
    key: tuple[str, ...]
    law: Law
    columns: tuple[Column, ...]

    @property
    def schema(self) -> str:
        """Where it is found; both need no schema before the name."""
        return "main" if self.name in self.law.views else "lake"


def _of(table: Table, *own: Column, without: tuple[str, ...] = ()) -> tuple[Column, ...]:
    """The columns of the rows of a table that stand, and after them those of the answer itself."""
    told = {column.name for column in own}.union(without)
    return (*(column for column in table.columns if column.name not in told), *own)


def _like(table: Table, *names: str) -> Iterator[Column]:
    """Columns that mean what they mean in a table."""
    named = {column.name: column for column in table.columns}
    yield from (named[name] for name in names)


STAYS = Answer(
    "location_stays",
    "one visit at one place, from when until when",
    ("facility", "patient_id", "encounter_id", "stay_number"),
    encounters.LAW,
    (
        FACILITY,
        PATIENT,
        Column("encounter_id", STRING, "Visit number that lives on."),
        Column("stay_number", COUNT, "Place in the line of the visit's stays, from 1."),
        Column("unit", STRING, "Unit as sent."),
        Column("room", STRING, "Room as sent."),
        Column("bed", STRING, "Bed as sent."),
        Column("patient_class", STRING, "Class of the visit as known last in the stay (PV1-2)."),
        Column(
            "status", STRING, "occupied, leave (the bed is kept) or inferred (no move was heard)."
        ),
        Column("started_at", UTC, "When it began."),
        Column("ended_at", UTC, "When it ended; null while it lasts."),
        Column("ended_by", STRING, "Event that ended it, such as transfer; null while it lasts."),
        *(column for column in PROVENANCE if column.name != "received_date"),
        SENT,
    ),
)
VISITS = Answer(
    "visits",
    "one visit: whose it is, from when until when, and how it stands",
    ("facility", "patient_id", "encounter_id"),
    encounters.LAW,
    (
        FACILITY,
        PATIENT,
        Column("encounter_id", STRING, "Visit number; a retired one has the status merged."),
        Column("patient_class", STRING, "Class as known last (PV1-2)."),
        Column("admitted_at", UTC, "When it began."),
        Column("discharged_at", UTC, "When it ended (PV1-45); null while it lasts."),
        Column(
            "status", STRING, "planned, current, leave, discharged, cancelled, merged or unknown."
        ),
        Column("merged_into", STRING, "Visit that a retired number stands for."),
    ),
)
IDENTITIES = Answer(
    "current_identities",
    "one retired patient identifier, and whom it stands for",
    ("facility", "retired_id"),
    identities.LAW,
    (
        FACILITY,
        Column("retired_id", STRING, "Identifier that is retired."),
        Column("surviving_id", STRING, "Identifier that it stands for today."),
    ),
)
OUTCOMES = Answer(
    "identity_outcomes",
    "one event of identity_events, and where it ended",
    IDENTITY_EVENTS.key,
    identities.LAW,
    (
        *IDENTITY_EVENTS.columns,
        Column("learnt_as", COUNT, "Place in the order in which events were learnt, from 1."),
        Column(
            "outcome",
            STRING,
            "applied, or why it changes nothing: itself, repeated, reversed, circle, taken back "
            "and others.",
        ),
    ),
)
CURRENT = Answer(
    "current_observations",
    "one observation of a patient, in the version that stands",
    ("facility", "patient_id", "observation_id"),
    observations.LAW,
    _of(
        OBSERVATIONS,
        PATIENT,
        SENT,
        WRITTEN,
        Column("versions", COUNT, "How many versions were told that say something."),
        Column("promoted_at", UTC, "When what had been preliminary was made final as it stood."),
        Column("is_verified", FLAG, "Whether somebody has verified it."),
    ),
)
RETRACTED = Answer(
    "retracted_observations",
    "one observation that was taken back",
    ("facility", "patient_id", "observation_id"),
    observations.LAW,
    _of(
        OBSERVATIONS,
        PATIENT,
        SENT,
        WRITTEN,
        Column("versions", COUNT, "How many versions were told that say something."),
        Column("told_value_text", STRING, "What had been told before, as sent."),
        Column(
            "asks_whose_it_was", FLAG, "Whether it was another patient's (OBX-11 W): ask whose."
        ),
    ),
)
ORDERS = Answer(
    "current_orders",
    "one order, or results without one, as it stands",
    ("facility", "patient_id", "order_id", "code"),
    orders.LAW,
    (
        FACILITY,
        PATIENT,
        VISIT,
        *_like(
            ORDER_EVENTS,
            *("filler_id", "parent_id", "code", "code_system", "code_text", "concept", "specimen"),
            *("order_status", "result_status"),
        ),
        Column("is_ordered", FLAG, "Whether anybody ordered it, and not only reported on it."),
        Column("ordered_at", UTC, "When it was first ordered."),
        *_like(ORDER_EVENTS, "effective_at"),
        Column("written_at", UTC, "When the latest word on it was written."),
        Column("first_known_at", UTC, "When we first heard of it."),
        Column("known_at", UTC, "When we last heard of it."),
        Column("events", COUNT, "How many rows of order_events speak of it."),
        Column("results", COUNT, "How many results stand that answer it."),
        Column("resulted_at", UTC, "When the first of them was written."),
        Column(
            "state",
            STRING,
            "ordered, held, in_progress, resulted, corrected, completed, discontinued or "
            "cancelled.",
        ),
        *_like(ORDER_EVENTS, "order_id"),
        Column("has_answered_children", FLAG, "Whether an order that is part of it has results."),
        Column(
            "waits_for",
            STRING,
            "result (ordered, none yet) or order (results that nobody ordered); null if neither.",
        ),
        Column("waits_for_parent", FLAG, "Whether the order that it is part of is not known yet."),
    ),
)
WAITING = Answer(
    "waiting_orders",
    "one thing that orders wait for, with their number",
    ("waits_for",),
    orders.LAW,
    (
        Column("waits_for", STRING, "result, order or parent."),
        Column("orders", COUNT, "How many wait for it."),
        Column("since", UTC, "When we first heard of the one that waits longest."),
    ),
)
# Of what described an order last.
DESCRIBED = (SENT, PATIENT, Column("written_at", UTC, "When this was written of it."))
STATE = Column(
    "state",
    STRING,
    "active, held, completed, discontinued, cancelled or replaced (by another order).",
)
SINCE = (
    Column("state_since", UTC, "Since when it has been so."),
    Column("ends_at", UTC, "When it ends, as far as was known; null if nothing says so."),
)
NO_EVENT = ("event", "order_control")
DRUGS = _of(MEDICATION_EVENTS, *DESCRIBED, *SINCE, without=NO_EVENT)
ACTIVE = Answer(
    "active_medications",
    "one drug of an order that is in force, as of the newest row of the cut",
    MEDICATION_EVENTS.key,
    medications.LAW,
    DRUGS,
)
ACTIVE_AT = Answer(
    "active_medications_at(t)",
    "one drug of an order that was in force at the moment t",
    MEDICATION_EVENTS.key,
    medications.LAW,
    DRUGS,
)
ORDERS_AT = Answer(
    "medication_orders_at(t, known_at)",
    "one drug of an order as it stood at t, of what had come by known_at (all of it where null)",
    MEDICATION_EVENTS.key,
    medications.LAW,
    _of(MEDICATION_EVENTS, *DESCRIBED, STATE, *SINCE, without=NO_EVENT),
)

ANSWERS = (
    *(STAYS, VISITS, IDENTITIES, OUTCOMES, CURRENT, RETRACTED, ORDERS, WAITING),
    *(ACTIVE, ACTIVE_AT, ORDERS_AT),
)
