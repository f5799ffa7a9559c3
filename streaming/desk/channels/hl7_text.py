"""An alert as an HL7 v2.5.1 message, ORU^R01, for the hospital's own record.

Here: the segments. Not here: how they are sent (hl7.py), or messages that come in (clinical/wire).

It carries whom the alert is about and what it rests on: it goes to where both came from. MSH-10 is
the notification's key, so that a retry is a repeat. Source: HL7 v2.5.1, chapters 2.7 and 7.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from streaming.desk.channels.channel import Notification
from streaming.desk.channels.wording import text

# A break is a segment's end and cannot stand in a field.
_ESCAPED: Final = str.maketrans(
    {
        "\\": "\\E\\",
        "|": "\\F\\",
        "^": "\\S\\",
        "~": "\\R\\",
        "&": "\\T\\",
        "\r": " ",
        "\n": "\\.br\\",
    }
)
# MSH-10 is a string of 20 characters.
CONTROL_ID: Final = 20
# OBX-11, table 0085: what takes an alert back deletes its result.
_FINAL, _DELETED = "F", "D"
# OBX-8, table 0078.
_ABNORMAL: Final = {"critical": "AA", "high": "AA", "medium": "A", "low": "A"}


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom the alert is about and what it rests on, from its case."""

    facility: str | None
    patient_id: str
    encounter_id: str | None
    rule: str
    evidence: Iterable[Mapping[str, Any]]


def control_id(notification: Notification) -> str:
    """MSH-10."""
    return notification.key[:CONTROL_ID]


def oru(notification: Notification, about: Subject, receiver: str, now: datetime) -> bytes:
    """The message, unframed, in UTF-8; `receiver` is MSH-5."""
    status = _DELETED if notification.kind == "retracted" else _FINAL
    told = [
        _header(notification, about, receiver, now),
        _segment("PID", "1", "", _parts(about.patient_id, "", "", about.facility)),
        _segment("PV1", "1", "", _parts(notification.unit), *[""] * 15, _parts(about.encounter_id)),
        _order(notification, about, status),
        *_results(notification, about, status),
    ]
    return "\r".join([*told, ""]).encode()


def _header(notification: Notification, about: Subject, receiver: str, now: datetime) -> str:
    kind, version = "ORU^R01^ORU_R01", "2.5.1"
    fields = ("PULSEHOUSE", _plain(about.facility), _plain(receiver), "", _time(now), "", kind)
    processing = "T" if notification.kind == "drill" else "P"
    rest = (control_id(notification), processing, version, *[""] * 5, "UNICODE UTF-8")
    return "|".join(("MSH", "^~\\&", *fields, *rest))


def _order(notification: Notification, about: Subject, status: str) -> str:
    """OBR: the alert as the filler's order, so that its results have one identity."""
    rule = _parts(about.rule, notification.title, "PULSEHOUSE")
    filler = _parts(notification.alert_id, "PULSEHOUSE")
    raised = _time(notification.raised_at)
    return _segment(
        "OBR", "1", "", filler, rule, "", "", raised, *[""] * 14, raised, "", "", status
    )


def _results(notification: Notification, about: Subject, status: str) -> Iterator[str]:
    """OBX: the alert in words, then each value that it rests on."""
    rule = _parts(about.rule, notification.title, "PULSEHOUSE")
    flag = _ABNORMAL[notification.severity]
    said = _plain(text(notification, "rule"))
    yield _segment("OBX", "1", "TX", rule, "1", said, "", "", flag, "", "", status)
    for number, item in enumerate(about.evidence, 2):
        name = _parts(item["name"], "", "PULSEHOUSE")
        value, unit = (
            f"{item['value']:.10g}",
            _parts(item["unit"], "", "UCUM" if item["unit"] else ""),
        )
        at = _time(item["effective_at"])
        yield _segment(
            "OBX", str(number), "NM", name, "1", value, unit, "", "", "", "", status, "", "", at
        )


def _segment(*fields: str) -> str:
    return "|".join(fields).rstrip("|")


def _parts(*components: str | None) -> str:
    return "^".join(_plain(one) for one in components).rstrip("^")


def _plain(value: str | None) -> str:
    return (value or "").translate(_ESCAPED)


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%d%H%M%S}+0000"
