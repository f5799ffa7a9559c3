"""The columns of the table contracts: name, Arrow type and meaning of each.

Here: column groups, in the order they are stored. Not here: those of orders and medications
(order_columns.py) and of a patient's history (history_columns.py), or which table has which group
(tables.py).
"""

from dataclasses import dataclass
from typing import get_args

import pyarrow as pa

from clinical.detection.finding import Severity
from clinical.detection.manifest import What
from clinical.scores import SCORES
from clinical.scoring.columns import STATES

STRING = pa.string()
DOUBLE = pa.float64()
UTC = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its Arrow type, and a description that names unit and code system.

    `allowed` are the values that it may have besides null; empty where the sender decides.
    """

    name: str
    type: pa.DataType
    description: str
    nullable: bool = True
    allowed: tuple[str, ...] = ()

    @property
    def field(self) -> pa.Field:
        """The Arrow field, with the description as metadata."""
        return pa.field(self.name, self.type, self.nullable, {"description": self.description})


def one_of(
    name: str, allowed: tuple[str, ...], description: str = "{}.", *, nullable: bool = True
) -> Column:
    """A text column with a closed list of values, which its description tells in place of {}."""
    listed = f"{', '.join(allowed[:-1])} or {allowed[-1]}" if allowed[1:] else allowed[0]
    return Column(name, STRING, description.format(listed), nullable, allowed)


DISPOSITIONS = ("parsed", "skipped", "quarantined", "duplicate")
STATUSES = (
    *("final", "preliminary", "corrected", "amended", "appended", "entered_in_error"),
    *("cancelled", "registered", "status_change", "unknown"),
)
# The order in which clinical/normalise/values.py gives them; a test holds the two equal, since
# that module takes half a second to import.
NOT_SCORED_REASONS = (
    *("wrong_patient", "retracted", "unmapped_code", "unscored_code", "no_value", "bad_time"),
    *("future", "untestable", "unknown_answer", "not_a_number", "missing_unit", "unknown_unit"),
    "implausible",
)

PROVENANCE = (
    Column("feed", STRING, "Source system's feed, the name of its profile.", nullable=False),
    Column("partition", pa.int32(), "Partition of the feed.", nullable=False),
    Column(
        "offset",
        pa.int64(),
        "Place of the message in its partition: the order in which we learnt it.",
        nullable=False,
    ),
    Column(
        "row", pa.int32(), "Place of the row within its message, from 0, per table.", nullable=False
    ),
    Column(
        "received_at",
        UTC,
        "When the message reached us (UTC); in a replay the feed's own clock.",
        nullable=False,
    ),
    Column(
        "received_date",
        pa.date32(),
        "UTC date of received_at; the partition column.",
        nullable=False,
    ),
)

SUBJECT = (
    Column("facility", STRING, "Assigning authority of the patient identifier; also the shard."),
    Column(
        "patient_id",
        STRING,
        "Patient identifier as received; in scores and alerts the surviving one at that moment.",
    ),
    Column("encounter_id", STRING, "Visit number as received (PV1-19, FHIR Encounter)."),
)

RAW_MESSAGE = (
    Column("raw", pa.binary(), "The message's bytes, verbatim."),
    Column(
        "content_hash", pa.binary(16), "BLAKE2b-128 of the bytes, without line ends at the end."
    ),
    Column("sender", STRING, "Sending application and facility (MSH-3|MSH-4)."),
    Column("message_control_id", STRING, "MSH-10, or the FHIR Bundle or resource id."),
    Column("message_type", STRING, "Message type and trigger (ORU^R01), or FHIR resource type."),
    one_of("disposition", DISPOSITIONS, nullable=False),
    one_of(
        "stage",
        ("frame", "decode", "admit"),
        "Where a message that was not parsed stopped: {}.",
    ),
    Column(
        "reason", STRING, "Reason code of a message that was not parsed, or of what in it was not."
    ),
    Column(
        "original_partition",
        pa.int32(),
        "Of a message replayed out of quarantine: the partition of the one that it replays.",
    ),
    Column("original_offset", pa.int64(), "As original_partition: its offset."),
)

OBSERVATION = (
    Column(
        "observation_id",
        STRING,
        "Identity across corrections: order, code, sub-id and effective time.",
    ),
    Column("order_id", STRING, "Filler order number (OBR-3), else placer (OBR-2)."),
    Column("code", STRING, "Code as sent (OBX-3.1, FHIR coding code)."),
    Column("code_system", STRING, "Code system as sent (OBX-3.3, FHIR coding system)."),
    Column("code_text", STRING, "Name of the code as sent."),
    Column("sub_id", STRING, "OBX-4, or the FHIR component's place."),
    Column(
        "concept", STRING, "Concept of clinical/concepts.csv; null where the code is not mapped."
    ),
    Column("loinc_code", STRING, "LOINC code of the concept or as sent."),
    Column("value_type", STRING, "HL7 data type of the value (OBX-2) or FHIR value[x] type."),
    Column("value_text", STRING, "The value as sent, unescaped; embedded data is not copied here."),
    one_of("comparator", ("<", "<=", ">", ">="), "{} where the value is censored."),
    Column("value_number", DOUBLE, "The number as sent, in unit_as_sent."),
    Column("unit_as_sent", STRING, "Unit as sent (OBX-6.1)."),
    Column("value", DOUBLE, "Value in ucum_unit; for a coded concept the number of its answer."),
    Column(
        "value_code", STRING, "Answer of a coded concept, e.g. A, C, V, P or U of consciousness."
    ),
    Column("ucum_unit", STRING, "Canonical UCUM unit of the concept."),
    Column(
        "effective_at", UTC, "When it was true of the patient (OBX-14, else OBR-7, else MSH-7)."
    ),
    Column("documented_at", UTC, "When it was written down or released (OBR-22, else MSH-7)."),
    one_of("status", STATUSES, "{}; status_change is OBX-11 U without a value."),
    Column("abnormal_flag", STRING, "The sender's own flag (OBX-8, HL7 table 0078)."),
    Column("is_scored", pa.bool_(), "Whether the value may enter a score."),
    one_of("not_scored_reason", NOT_SCORED_REASONS, "Why not: {}."),
    Column("specimen", STRING, "Specimen as sent (SPM-4, OBR-15, FHIR Observation.specimen)."),
    Column("reference_range", STRING, "The sender's reference range (OBX-7), as sent."),
)

ENCOUNTER_EVENT = (
    Column(
        "event",
        STRING,
        "admit, register, transfer, swap, arrive, class_change, update, leave, return, discharge, "
        "preadmit, depart, pending_..., delete_visit; most also as cancel_...; else the trigger.",
    ),
    Column("trigger", STRING, "HL7 trigger event (A01) or FHIR encounter status."),
    Column("event_at", UTC, "When it happened (EVN-6, else PV1-44 or PV1-45, else EVN-2)."),
    Column("documented_at", UTC, "When it was recorded (EVN-2, else MSH-7)."),
    Column("patient_class", STRING, "PV1-2: I inpatient, E emergency, O outpatient."),
    Column("unit", STRING, "Point of care (PV1-3.1)."),
    Column("room", STRING, "Room (PV1-3.2)."),
    Column("bed", STRING, "Bed (PV1-3.3)."),
    Column("prior_unit", STRING, "Previous point of care (PV1-6.1)."),
    Column("admitted_at", UTC, "PV1-44."),
    Column("discharged_at", UTC, "PV1-45."),
    Column("discharge_disposition", STRING, "PV1-36 as sent."),
    Column("account_id", STRING, "Account number (PID-18, FHIR Encounter.account)."),
    Column("prior_room", STRING, "Previous room (PV1-6.2)."),
    Column("prior_bed", STRING, "Previous bed (PV1-6.3)."),
)

DEMOGRAPHICS = (
    Column("family_name", STRING, "Family name (PID-5.1)."),
    Column("given_name", STRING, "Given name (PID-5.2)."),
    Column("birth_date", pa.date32(), "Date of birth (PID-7)."),
    Column("sex", STRING, "Administrative sex as sent (PID-8)."),
    Column("died_at", UTC, "Time of death (PID-29)."),
    Column("deceased", pa.bool_(), "Death indicator (PID-30)."),
    Column("address", STRING, "Lines of the address and the town, as one text (PID-11.1 to 11.4)."),
    Column("postcode", STRING, "Postcode (PID-11.5)."),
    Column("phone", STRING, "Telephone number (PID-13, else PID-14)."),
)

IDENTITY_EVENT = (
    one_of(
        "event",
        (
            *("merge", "unmerge", "link", "unlink", "change_id"),
            *("move_visit", "move_account", "merge_visit", "merge_account"),
        ),
    ),
    Column("trigger", STRING, "HL7 trigger event (A40), or the kind of a FHIR Patient.link."),
    Column("surviving_id", STRING, "Identifier that lives on (PID-3)."),
    Column("retired_id", STRING, "Identifier that is retired (MRG-1)."),
    Column("documented_at", UTC, "When it was recorded (EVN-2, else MSH-7)."),
    Column("retired_facility", STRING, "Assigning authority of the retired identifier."),
    Column("surviving_visit", STRING, "Visit that lives on (PV1-19)."),
    Column("retired_visit", STRING, "Visit that is retired or moved (MRG-5)."),
    Column("surviving_account", STRING, "Account that lives on (PID-18)."),
    Column("retired_account", STRING, "Account that is retired or moved (MRG-3)."),
)

CHARGE = (
    Column("transaction_id", STRING, "The sender's number of the transaction (FT1-2)."),
    Column("batch_id", STRING, "The sender's batch of transactions (FT1-3)."),
    Column(
        "event",
        STRING,
        "charge, credit, payment, adjustment, copayment, or the type as sent; only charges and "
        "credits bill a service.",
    ),
    Column("transaction_type", STRING, "Type as sent (FT1-6, HL7 table 0017: CG, CD, PY, AJ, CO)."),
    Column("code", STRING, "Procedure code as sent (FT1-25.1, CPT), else charge code (FT1-7.1)."),
    Column("code_system", STRING, "Code system of that very code as sent (FT1-25.3, FT1-7.3)."),
    Column("code_text", STRING, "Name of that very code as sent (FT1-25.2, FT1-7.2)."),
    Column("description", STRING, "What was charged, in words (FT1-8, else FT1-7.2)."),
    Column("quantity", DOUBLE, "How many (FT1-10); null where not sent."),
    Column("amount", DOUBLE, "Amount of the whole, in currency (FT1-11.1); null where not sent."),
    Column("unit_amount", DOUBLE, "Amount of one, in currency (FT1-12.1); null where not sent."),
    Column("currency", STRING, "Currency as sent (FT1-11.1, else FT1-12.1, second part)."),
    Column("cost_centre", STRING, "Department that is credited (FT1-13.1)."),
    Column("unit", STRING, "Point of care of the service (FT1-16.1), as sent with the charge."),
    Column("transaction_at", UTC, "When the service was given (FT1-4, its start); null: not sent."),
    Column("posted_at", UTC, "When it was posted to the account (FT1-5)."),
    Column("documented_at", UTC, "When it was recorded (EVN-2, else MSH-7)."),
)

# The last four fields point at the very row, so at the version, that the points rest on.
COMPONENT = pa.struct(
    [
        ("parameter", STRING),
        ("concept", STRING),
        ("value", DOUBLE),
        ("points", pa.int16()),
        ("effective_at", UTC),
        ("feed", STRING),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("row", pa.int32()),
    ]
)

SCORE = (
    one_of("score", tuple(dict.fromkeys(score.name for score in SCORES)), "Score: {}."),
    Column("variant", STRING, "Variant of the score's definition."),
    one_of("state", STATES),
    Column("state_reason", STRING, "Why a score is not applicable or indeterminate."),
    Column("observed", DOUBLE, "Score with missing parameters counted as 0; a ratio's value."),
    Column("lowest", DOUBLE, "Lowest total that the missing parameters allow."),
    Column("highest", DOUBLE, "Highest total that the missing parameters allow."),
    Column("missing", pa.list_(STRING), "Parameters without a usable value."),
    Column("has_single_3", pa.bool_(), "NEWS2: one parameter alone scores 3."),
    Column("oldest_input_minutes", DOUBLE, "Age of the oldest input at received_at, in minutes."),
    Column("effective_at", UTC, "Effective time of the newest input."),
    Column(
        "components",
        pa.list_(COMPONENT),
        "Points of each parameter with the value, time and row it rests on.",
    ),
    Column("rules_version", STRING, "Hash of what decides: definitions, concepts and engine."),
)

EVIDENCE = pa.struct(
    [
        ("name", STRING),
        ("value", DOUBLE),
        ("unit", STRING),
        ("effective_at", UTC),
        ("feed", STRING),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("row", pa.int32()),
    ]
)

# A context that changed what became of an alert; the last four fields point at the row it rests on.
APPLIED_CONTEXT = pa.struct(
    [
        ("context", STRING),
        ("effect", STRING),
        ("reason", STRING),
        ("since", UTC),
        ("feed", STRING),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("row", pa.int32()),
    ]
)

ALERT = (
    Column("alert_id", STRING, "Deterministic identity: the same facts raise the same alert."),
    Column("episode_id", STRING, "Episode of one patient and rule family."),
    Column("rule", STRING, "Rule that fired."),
    Column("rule_family", STRING, "Family within which only worsening alerts again."),
    Column("rules_version", STRING, "Hash of what decides."),
    Column(
        "band",
        pa.int16(),
        "Rank of severity within the family, from 1; only a higher band alerts again.",
    ),
    one_of("severity", get_args(Severity), "{}; where a context lowers it, as lowered."),
    one_of("status", ("raised", "suppressed")),
    Column("suppressed_by", STRING, "Context that suppressed the alert, e.g. comfort_care."),
    Column("title", STRING, "One line without patient values."),
    Column("unit", STRING, "Point of care of the patient when the alert was raised."),
    Column("raised_at", UTC, "When the facts were known, by the feed's clock in a replay."),
    Column("batch_at", UTC, "When the next 02:00 job would have run."),
    Column("hours_before_batch", DOUBLE, "Hours from raised_at to batch_at."),
    Column("evidence", pa.list_(EVIDENCE), "Values, units, times and rows the alert rests on."),
    Column("missing", pa.list_(STRING), "What was not known when the alert was raised."),
    Column(
        "contexts",
        pa.list_(APPLIED_CONTEXT),
        f"Contexts that held and what each did ({', '.join(get_args(What))}), with the reason, "
        "since when it held, and the row it rests on. Null in rows of lake version 2 and before.",
    ),
    one_of(
        "declared_severity",
        get_args(Severity),
        "{}: as the rule declares it, before any context lowered it.",
    ),
    Column(
        "route",
        STRING,
        "Whom the alert is meant for: unit (those who look after the patient), or the role that a "
        "context re-routes it to.",
    ),
)
