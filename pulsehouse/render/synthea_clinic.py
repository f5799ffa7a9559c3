"""Visits, history and death of a Synthea patient as messages.

Here: ADT and BAR messages. Not here: results and drugs (synthea_orders.py).
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from pulsehouse.render.batch import Message
from pulsehouse.render.segments import escape, segment
from pulsehouse.render.synthea_bundle import Record, Resource, code, own_id, time
from pulsehouse.render.synthea_message import Rank, When, event, message, patient, visit

# HL7 tables 0127, 0128 and 0438.
_CATEGORIES = {"food": "FA", "medication": "DA", "environment": "EA"}
_CRITICALITIES = {"high": "SV", "low": "MI", "unable-to-assess": "U"}
_STATES = {"active": "C", "inactive": "I", "resolved": "I"}


def visits(record: Record) -> Iterator[Message]:
    """Begin and end of each visit."""
    for place, encounter in enumerate(record.of("Encounter")):
        name = "A01" if encounter["class"]["code"] == "IMP" else "A04"
        begins, ends = encounter["period"]["start"], encounter["period"].get("end")
        body = event(begins) + patient(record, begins) + visit(encounter)
        yield message(record, f"ADT^{name}^ADT_A01", When(begins, Rank.BEGINS, place), body)
        if ends:
            body = event(ends) + patient(record, ends) + visit(encounter, ends=True)
            yield message(record, "ADT^A03^ADT_A03", When(ends, Rank.ENDS, place), body)


def diagnoses(record: Record) -> Iterator[Message]:
    """Each condition when it was recorded, as a working diagnosis."""
    for place, condition in enumerate(record.of("Condition")):
        at = condition["recordedDate"]
        fields = {1: "1", 3: code(condition["code"]), 5: time(at), 6: "W", 20: own_id(condition)}
        body = (
            event(at)
            + patient(record, at)
            + visit(record.visit(condition))
            + segment("DG1", fields)
        )
        yield message(record, "BAR^P12^BAR_P12", When(at, Rank.DIAGNOSIS, place), body)


def procedures(record: Record) -> Iterator[Message]:
    """Each procedure when it was done."""
    for place, procedure in enumerate(record.of("Procedure")):
        period = procedure["performedPeriod"]
        fields = {
            1: "1",
            3: code(procedure["code"]),
            5: time(period["start"]),
            6: "P",
            7: _minutes(period),
            19: own_id(procedure),
        }
        at = period["end"]
        body = (
            event(at)
            + patient(record, at)
            + visit(record.visit(procedure))
            + segment("PR1", fields)
        )
        yield message(record, "BAR^P12^BAR_P12", When(at, Rank.PROCEDURE, place), body)


def _minutes(period: Resource) -> str:
    begins, ends = (datetime.fromisoformat(period[name]) for name in ("start", "end"))
    return f"{(ends - begins).total_seconds() / 60:.10g}"


def allergies(record: Record) -> Iterator[Message]:
    """Each allergy when it was recorded."""
    for place, allergy in enumerate(record.of("AllergyIntolerance")):
        at = allergy["recordedDate"]
        category = allergy["category"][0]
        fields = {
            1: "1",
            2: _CATEGORIES.get(category, escape(category)),
            3: code(allergy["code"]),
            4: _CRITICALITIES[allergy["criticality"]],
            6: "A",
            7: own_id(allergy),
            13: time(at),
            17: _STATES[allergy["clinicalStatus"]["coding"][0]["code"]],
        }
        body = event(at) + patient(record, at) + segment("IAM", fields)
        yield message(record, "ADT^A60^ADT_A60", When(at, Rank.ALLERGY, place), body)


def death(record: Record) -> Iterator[Message]:
    """That the patient died, when it happened."""
    died = record.patient.get("deceasedDateTime")
    if died:
        body = event(died) + patient(record, died)
        yield message(record, "ADT^A31^ADT_A05", When(died, Rank.DEATH, 0), body)


STREAMS: tuple[Callable[[Record], Iterator[Message]], ...] = (
    *(visits, diagnoses, procedures, allergies),
    death,
)
