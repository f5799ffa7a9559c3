"""Small makers of decoded batches: only what a test says differs from an unremarkable row."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa

from clinical.normalise import normalise, signals
from clinical.wire.decoded import FACTS, MESSAGES, Decoded
from clinical.wire.profile import CodeRule, FeedProfile

RECEIVED = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
MESSAGES_IN_A_BATCH = 64

# Every local code is the name of its concept, so that a test reads as what was measured.
LOCAL = [
    "heart_rate",
    "spo2",
    "temperature",
    "creatinine",
    "wbc",
    "lactate",
    "glucose",
    "paco2",
    "fio2",
    "inr",
    "gcs_verbal",
    "consciousness",
    "spo2_scale",
    "calcium",
    "sodium",
]
PROFILE = FeedProfile(
    name="ward",
    codes={("L", name): CodeRule(name) for name in LOCAL}
    | {("L", "hr_unitless"): CodeRule("heart_rate", unit="/min")}
    | {("", "anywhere"): CodeRule("heart_rate", unit="/min")},
    units={"Schlaege": "/min", "fio2:torr": "%"},
    answers={
        "gcs_verbal": {"5 Oriented": "5", "1.0 ET/Trach": "untestable"},
        "consciousness": {"Alert": "A", "New confusion": "C", "Sedated": "untestable"},
    },
)

_SUBJECT = {"message": 0, "facility": "F", "patient_id": "P1", "encounter_id": "V1"}
_USUAL = {
    "observations": {
        **_SUBJECT,
        "order_id": "O1",
        "code": "heart_rate",
        "code_system": "L",
        "value_type": "NM",
        "effective_at": RECEIVED - timedelta(minutes=10),
        "documented_at": RECEIVED,
        "status": "final",
    },
    "order_events": {
        **_SUBJECT,
        "order_id": "O1",
        "order_control": "NW",
        "effective_at": RECEIVED,
        "documented_at": RECEIVED,
        "is_cancelled": False,
    },
    "medication_events": {
        **_SUBJECT,
        "order_id": "M1",
        "event": "ordered",
        "route": "IV",
        "started_at": RECEIVED,
        "documented_at": RECEIVED,
    },
    "patient_demographics": {**_SUBJECT},
    "encounter_events": {
        **_SUBJECT,
        "event": "admit",
        "event_at": RECEIVED,
        "documented_at": RECEIVED,
        "patient_class": "I",
    },
    "diagnoses": {**_SUBJECT, "documented_at": RECEIVED},
    "procedures": {**_SUBJECT, "documented_at": RECEIVED},
    "flags": {**_SUBJECT, "documented_at": RECEIVED},
}


def table(name, *rows):
    """A table of decoded facts from rows that say only what is remarkable about them."""
    schema = FACTS[name]
    full = [{**dict.fromkeys(schema.names), **_USUAL[name], **row} for row in rows]
    return pa.Table.from_pylist(full, schema=schema)


def observed(number=None, unit=None, **row):
    """One observation's row; the text is the number as sent unless the test says otherwise."""
    text = None if number is None else f"{number:g}"
    return {"value_text": text, "value_number": number, "unit_as_sent": unit, **row}


def received(count=MESSAGES_IN_A_BATCH):
    return pa.array([RECEIVED] * count, pa.timestamp("us", tz="UTC"))


def normalised(name, *rows, profile=PROFILE):
    """The rows of one table after normalising, as dictionaries."""
    batch = Decoded(MESSAGES.empty_table(), {name: table(name, *rows)})
    return normalise(batch, received(), profile)[name].to_pylist()


def facts(**tables):
    """A batch of facts after normalising."""
    decoded = {name: table(name, *rows) for name, rows in tables.items()}
    return normalise(Decoded(MESSAGES.empty_table(), decoded), received(), PROFILE)


def signalled(**tables):
    """The signals of a batch of facts, as dictionaries."""
    return signals(facts(**tables)).to_pylist()


def one(number=None, unit=None, profile=PROFILE, **row):
    """One observation after normalising."""
    return normalised("observations", observed(number, unit, **row), profile=profile)[0]
