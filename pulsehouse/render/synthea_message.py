"""What the messages of every Synthea patient share: sender, patient and visit.

Here: MSH, PID and PV1 of a record, and a message's place in the file. Not here: the segments that
tell what happened (synthea_clinic.py, synthea_orders.py).
"""

from enum import IntEnum
from typing import NamedTuple

from pulsehouse.render.batch import Message
from pulsehouse.render.segments import Sender, escape, header, segment
from pulsehouse.render.synthea_bundle import (
    CLASSES,
    SEXES,
    Record,
    Resource,
    identity,
    sent,
    time,
)

SENDER = Sender("SYNTHEA", "SYNTHEA")


class Rank(IntEnum):
    """Among messages of one second: a visit begins before, and ends after, what happens in it."""

    BEGINS = 0
    ALLERGY = 10
    DIAGNOSIS = 20
    ORDER = 30
    GIVEN = 40
    RESULTS = 50
    PROCEDURE = 60
    ENDS = 90
    DEATH = 95
    STOPPED = 99


class When(NamedTuple):
    """When a message is sent, and its place among the record's messages of one rank."""

    at: str
    rank: Rank
    place: int


def message(record: Record, kind: str, when: When, body: str, *, observations: int = 0) -> Message:
    """A message of a record."""
    sent_at = sent(when.at)
    control_id = f"{when.rank.name}-{record.number}-{when.place}"
    text = header(SENDER, sent_at, kind, control_id) + body
    return Message((sent_at, when.rank, record.number, 0, when.place), text, observations, 1)


def patient(record: Record, at: str) -> str:
    """PID as it is known at a moment: that a patient died is known once it happened."""
    who = record.patient
    died = who.get("deceasedDateTime", "")
    if died and sent(died) > sent(at):
        died = ""
    issuer, number = identity(who)
    name = next(item for item in who["name"] if item.get("use") == "official")
    phones = [item["value"] for item in who.get("telecom", ()) if item["system"] == "phone"]
    return segment(
        "PID",
        {
            1: "1",
            3: f"{escape(number)}^^^{escape(issuer)}^MR",
            5: f"{escape(name['family'])}^{escape(name['given'][0])}",
            7: who["birthDate"].replace("-", ""),
            8: SEXES[who["gender"]],
            11: _address(who),
            13: escape(phones[0]) if phones else "",
            29: time(died),
            30: "Y" if died else "",
        },
    )


def _address(who: Resource) -> str:
    home: Resource = next(iter(who.get("address", ())), {})
    parts = [", ".join(home.get("line", ())), "", home.get("city", ""), home.get("state", "")]
    return "^".join(map(escape, [*parts, home.get("postalCode", "")])).rstrip("^")


def visit(encounter: Resource | None, *, ends: bool = False) -> str:
    """PV1 of a visit; nothing without one."""
    if encounter is None:
        return ""
    kind = encounter["class"]["code"]
    period = encounter["period"]
    ended = encounter.get("hospitalization", {}).get("dischargeDisposition") if ends else None
    return segment(
        "PV1",
        {
            1: "1",
            2: CLASSES.get(kind, kind),
            19: encounter["id"],
            36: ended["coding"][0]["code"] if ended else "",
            44: time(period["start"]),
            45: time(period.get("end")) if ends else "",
        },
    )


def event(at: str) -> str:
    """EVN: when it happened, and when it was recorded."""
    return segment("EVN", {2: time(at), 6: time(at)})
