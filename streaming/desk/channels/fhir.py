"""A FHIR server of the hospital's: the alert as Communication, Flag or Task, in FHIR R4.

Here: the resources and how they are written, so that a retry writes none twice. Not here: FHIR that
comes in (streaming/gateway, clinical/wire/fhir).

This road carries whom the alert is about, by identifiers alone, and the rule's title: it leads to
the hospital's own record. Values stay on the board.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal
from urllib.parse import quote

import orjson

from streaming.desk.channels.channel import ChannelError, Notification, Receipt
from streaming.desk.channels.posting import Json, bearer, posted
from streaming.desk.channels.wording import subject, text

Resource = Literal["Communication", "Flag", "Task"]
KEYS: Final = "urn:pulsehouse:alert"
_HL7: Final = "http://terminology.hl7.org/CodeSystem"
# FHIR value set request-priority.
_PRIORITY: Final = {"critical": "stat", "high": "asap", "medium": "urgent", "low": "routine"}
_MEDIA_TYPE: Final = "application/fhir+json"


@dataclass(frozen=True, slots=True)
class FhirServer:
    """Writes to the server at `url`; `patient_system` is the system of its patient identifiers."""

    url: str
    resources: Sequence[Resource] = ("Communication",)
    patient_system: str = ""
    secret: str = ""

    def send(self, notification: Notification) -> Receipt:
        """Write each resource. Errors: `ChannelError`."""
        case = notification.case
        if case is None or case.patient_id is None:
            raise ChannelError(retry=False, why="a FHIR receiver is told of patients' alerts only")
        about = _about(case.patient_id, self.patient_system)
        receipts = [self._write(kind, notification, about) for kind in self.resources]
        return receipts[-1]

    def _write(self, kind: Resource, notification: Notification, about: Json) -> Receipt:
        base = f"{self.url.rstrip('/')}/{kind}"
        headers = {"Accept": _MEDIA_TYPE, "Prefer": "return=minimal", **bearer(self.secret)}
        if kind == "Communication":
            # One for each notification: what was said stays said.
            query = _identifier_query(notification.key)
            headers["If-None-Exist"] = query
            body = orjson.dumps(communication(notification, about))
            return posted(base, body, headers, media_type=_MEDIA_TYPE)
        # One for each alert: it changes with it.
        made = flag if kind == "Flag" else task
        body = orjson.dumps(made(notification, about))
        url = f"{base}?{_identifier_query(notification.alert_id)}"
        return posted(url, body, headers, media_type=_MEDIA_TYPE, method="PUT")


def communication(notification: Notification, about: Json) -> Json:
    """What was said, to whom it may concern."""
    return {
        "resourceType": "Communication",
        "identifier": [_identifier(notification.key)],
        "status": "completed",
        "category": [_coded(f"{_HL7}/communication-category", "alert")],
        "priority": _PRIORITY[notification.severity],
        "subject": about,
        "topic": {"text": notification.title},
        "sent": _instant(notification.raised_at),
        "payload": [{"contentString": text(notification, "rule")}],
    }


def flag(notification: Notification, about: Json) -> Json:
    """A flag on the patient's record while the alert is open."""
    taken_back = notification.kind == "retracted"
    return {
        "resourceType": "Flag",
        "identifier": [_identifier(notification.alert_id)],
        "status": "entered-in-error" if taken_back else "active",
        "category": [_coded(f"{_HL7}/flag-category", "clinical")],
        "code": {"text": notification.title},
        "subject": about,
        "period": {"start": _instant(notification.raised_at)},
    }


def task(notification: Notification, about: Json) -> Json:
    """Something to be done: look at the patient."""
    return {
        "resourceType": "Task",
        "identifier": [_identifier(notification.alert_id)],
        "status": "cancelled" if notification.kind == "retracted" else "requested",
        "intent": "order",
        "priority": _PRIORITY[notification.severity],
        "code": {"text": subject(notification)},
        "description": text(notification, "rule"),
        "for": about,
        "authoredOn": _instant(notification.raised_at),
    }


def _about(patient_id: str, system: str) -> Json:
    identifier = {"value": patient_id} | ({"system": system} if system else {})
    return {"type": "Patient", "identifier": identifier}


def _identifier(value: str) -> Json:
    return {"system": KEYS, "value": value}


def _identifier_query(value: str) -> str:
    return f"identifier={quote(f'{KEYS}|{value}', safe='')}"


def _coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
