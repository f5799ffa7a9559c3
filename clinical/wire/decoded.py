"""What decoding yields: messages with their disposition, and facts as the sender said them.

Here: the Arrow shapes that every decoder fills, whatever the wire format. Not here: codes, units
and plausibility (clinical/normalise), or provenance columns, which the dataflow adds.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

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
        ("stage", STRING),  # null when parsed
        ("reason", STRING),  # null when parsed
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
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded batch: `messages` as MESSAGES, `facts` as FACTS; empty tables may be absent."""

    messages: pa.Table
    facts: Mapping[str, pa.Table]
