"""What decoding yields: messages with their disposition, and facts as the sender said them.

Here: the Arrow shapes that every decoder fills, whatever the wire format. Not here: codes, units
and plausibility (clinical/normalise), or provenance columns, which the dataflow adds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from clinical.wire.hl7.index import Index

STRING = pa.string()
DOUBLE = pa.float64()
UTC = pa.timestamp("us", tz="UTC")

# One row per message of the batch, in the batch's order.
MESSAGES = pa.schema(
    [
        ("sender", STRING),  # MSH-3|MSH-4
        ("message_control_id", STRING),
        ("message_type", STRING),
        ("disposition", STRING),  # parsed, skipped or quarantined
        ("stage", STRING),  # null when parsed, but for one thing that was not
        ("reason", STRING),  # as stage
    ]
)

# `message` is the index into the batch. Rows stand in message order, then in the order of the
# message.
_SUBJECT = [
    ("message", pa.int32()),
    ("facility", STRING),
    ("patient_id", STRING),
    ("encounter_id", STRING),
]
_CODED = [("code", STRING), ("code_system", STRING), ("code_text", STRING)]

# A text of more characters is a narrative, not an answer: it goes to `notes`, and `value_text` of
# its observation is null. Coded and short answers are far shorter, and FT always is one. [P]
LONGEST_ANSWER = 200

FACTS: Mapping[str, pa.Schema] = {
    "observations": pa.schema(
        [
            *_SUBJECT,
            ("order_id", STRING),
            ("code", STRING),
            ("code_system", STRING),
            ("code_text", STRING),
            ("alternate_code", STRING),
            ("alternate_system", STRING),
            ("sub_id", STRING),
            ("value_type", STRING),
            ("value_text", STRING),
            ("comparator", STRING),
            ("value_number", DOUBLE),
            ("unit_as_sent", STRING),
            ("effective_at", UTC),
            ("time_flag", STRING),  # bad_time, or null
            ("documented_at", UTC),
            ("status", STRING),
            ("abnormal_flag", STRING),
            ("specimen", STRING),
            ("reference_range", STRING),
        ]
    ),
    "encounter_events": pa.schema(
        [
            *_SUBJECT,
            ("event", STRING),
            ("trigger", STRING),
            ("event_at", UTC),
            ("documented_at", UTC),
            ("patient_class", STRING),
            ("unit", STRING),
            ("room", STRING),
            ("bed", STRING),
            ("prior_unit", STRING),
            ("admitted_at", UTC),
            ("discharged_at", UTC),
            ("discharge_disposition", STRING),
            ("account_id", STRING),
            ("prior_room", STRING),
            ("prior_bed", STRING),
        ]
    ),
    # One row per message that carries demographics; the shard keeps only the rows that change
    # something.
    "patient_demographics": pa.schema(
        [
            *_SUBJECT,
            ("family_name", STRING),
            ("given_name", STRING),
            ("birth_date", pa.date32()),
            ("sex", STRING),
            ("died_at", UTC),
            ("deceased", pa.bool_()),
            ("address", STRING),
            ("postcode", STRING),
            ("phone", STRING),
        ]
    ),
    "identity_events": pa.schema(
        [
            *_SUBJECT,
            ("event", STRING),
            ("trigger", STRING),
            ("surviving_id", STRING),
            ("retired_id", STRING),
            ("documented_at", UTC),
            ("retired_facility", STRING),
            ("surviving_visit", STRING),
            ("retired_visit", STRING),
            ("surviving_account", STRING),
            ("retired_account", STRING),
        ]
    ),
    "order_events": pa.schema(
        [
            *_SUBJECT,
            ("order_id", STRING),
            ("order_control", STRING),
            ("order_status", STRING),
            ("code", STRING),
            ("code_system", STRING),
            ("code_text", STRING),
            ("specimen", STRING),
            ("effective_at", UTC),
            ("documented_at", UTC),
            ("is_cancelled", pa.bool_()),
            ("event", STRING),
            ("filler_id", STRING),
            ("parent_id", STRING),
            ("result_status", STRING),
        ]
    ),
    "medication_events": pa.schema(
        [
            *_SUBJECT,
            ("order_id", STRING),
            ("event", STRING),
            ("order_control", STRING),
            ("code", STRING),
            ("code_system", STRING),
            ("code_text", STRING),
            ("route", STRING),
            ("dose", DOUBLE),
            ("dose_unit", STRING),
            ("rate", DOUBLE),
            ("rate_unit", STRING),
            ("started_at", UTC),
            ("ended_at", UTC),
            ("documented_at", UTC),
            ("order_status", STRING),
            ("replaces_id", STRING),
            ("event_id", STRING),
        ]
    ),
    "diagnoses": pa.schema(
        [
            *_SUBJECT,
            ("code", STRING),
            ("code_system", STRING),
            ("code_text", STRING),
            ("diagnosis_type", STRING),
            ("priority", pa.int32()),
            ("documented_at", UTC),
            ("diagnosis_id", STRING),
            ("status", STRING),
            ("onset_at", UTC),
            ("ended_at", UTC),
        ]
    ),
    # One row per FT1.
    "charges": pa.schema(
        [
            *_SUBJECT,
            ("transaction_id", STRING),
            ("batch_id", STRING),
            ("event", STRING),
            ("transaction_type", STRING),
            ("code", STRING),
            ("code_system", STRING),
            ("code_text", STRING),
            ("description", STRING),
            ("quantity", DOUBLE),
            ("amount", DOUBLE),
            ("unit_amount", DOUBLE),
            ("currency", STRING),
            ("cost_centre", STRING),
            ("unit", STRING),
            ("transaction_at", UTC),
            ("posted_at", UTC),
            ("documented_at", UTC),
        ]
    ),
    # One row per PR1.
    "procedures": pa.schema(
        [
            *_SUBJECT,
            ("procedure_id", STRING),
            *_CODED,
            ("status", STRING),
            ("started_at", UTC),
            ("ended_at", UTC),
            ("documented_at", UTC),
        ]
    ),
    # One row per AL1 or IAM.
    "allergies": pa.schema(
        [
            *_SUBJECT,
            ("allergy_id", STRING),
            *_CODED,
            ("allergy_type", STRING),
            ("criticality", STRING),
            ("status", STRING),
            ("onset_at", UTC),
            ("documented_at", UTC),
        ]
    ),
    "flags": pa.schema(
        [
            *_SUBJECT,
            ("flag_id", STRING),
            ("kind", STRING),
            *_CODED,
            ("value_code", STRING),
            ("status", STRING),
            ("started_at", UTC),
            ("ended_at", UTC),
            ("documented_at", UTC),
        ]
    ),
    # Free text, which may name anybody: it stands nowhere else.
    "notes": pa.schema(
        [
            *_SUBJECT,
            ("note_id", STRING),
            ("about_table", STRING),
            ("about_id", STRING),
            ("kind", STRING),
            *_CODED,
            ("text", STRING),
            ("status", STRING),
            ("documented_at", UTC),
        ]
    ),
}


def filled(name: str, columns: Mapping[str, pa.Array | Sequence[object]], count: int) -> pa.Table:
    """A table of facts of `count` rows; columns that a reader does not give are null."""
    fields = FACTS[name]
    made = [_column(columns.get(field.name), field.type, count) for field in fields]
    return pa.Table.from_arrays(made, schema=fields)


def _column(given: pa.Array | Sequence[object] | None, kind: pa.DataType, count: int) -> pa.Array:
    if given is None:
        return pa.nulls(count, kind)
    return given if isinstance(given, pa.Array | pa.ChunkedArray) else pa.array(given, kind)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded batch: `messages` as MESSAGES, `facts` as FACTS; empty tables may be absent.

    `indexes` tell where everything lies that an HL7 v2 batch holds, read or not.
    """

    messages: pa.Table
    facts: Mapping[str, pa.Table]
    indexes: tuple["Index", ...] = ()
