"""The desk's audit as FHIR R4 AuditEvents, after IHE's Basic Audit Log Patterns.

Here: one entry as one resource. Not here: entries (chain.py), or who may have them (audit_api.py).
"""

from datetime import UTC
from typing import Any, Final

from streaming.desk.auditing.chain import Entry, Outcome

Resource = dict[str, Any]

_DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_EVENT_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_ENTITY_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ENTITY_ROLE: Final = "http://terminology.hl7.org/CodeSystem/object-role"
# The desk's own words for what was done; no code of FHIR's is finer than "RESTful operation".
ACTIONS: Final = "urn:pulsehouse:desk-action"
_USER_AUTHENTICATION: Final = ("110114", "User Authentication")
_EMERGENCY: Final = ("110127", "Emergency Override Started")
_SECURITY: Final = ("110113", "Security Alert")
_OUTCOMES: Final[dict[Outcome, str]] = {"ok": "0", "refused": "4", "failed": "8"}
_READS: Final = frozenset({"GET", "HEAD"})


def audit_event(entry: Entry) -> Resource:
    """An entry as an AuditEvent; its number and hash come along, as proof of its place."""
    return {
        "resourceType": "AuditEvent",
        "id": f"desk-{entry.number}",
        "type": _type(entry),
        "subtype": [{"system": ACTIONS, "code": entry.action}],
        "action": _action(entry),
        "recorded": entry.at.astimezone(UTC).isoformat(),
        "outcome": _OUTCOMES[entry.outcome],
        **({"outcomeDesc": entry.why} if entry.why else {}),
        "agent": [_agent(entry)],
        "source": {"observer": {"display": "Pulsehouse desk"}},
        "entity": [*_entities(entry), _proof(entry)],
    }


def bundle(entries: list[Entry]) -> Resource:
    """Entries as one Bundle."""
    resources = [{"resource": audit_event(entry)} for entry in entries]
    return {"resourceType": "Bundle", "type": "collection", "entry": resources}


def _type(entry: Entry) -> Resource:
    if entry.action in {"login", "logout"}:
        return _coding(_DICOM, *_USER_AUTHENTICATION)
    if entry.action == "glass.break":
        return _coding(_DICOM, *_EMERGENCY)
    if entry.action == "refusal":
        return _coding(_DICOM, *_SECURITY)
    return _coding(_EVENT_TYPE, "rest", "RESTful Operation")


def _action(entry: Entry) -> str:
    if entry.action in {"login", "logout"}:
        return "E"
    return "R" if entry.where.partition(" ")[0] in _READS else "U"


def _agent(entry: Entry) -> Resource:
    # Who is not known is told as such: an agent without a name would look like an omission.
    return {"requestor": True, "who": {"display": entry.who}}


def _entities(entry: Entry) -> list[Resource]:
    patients = [
        {
            "what": {"identifier": {"value": patient}},
            "type": _coding(_ENTITY_TYPE, "1", "Person"),
            "role": _coding(_ENTITY_ROLE, "1", "Patient"),
        }
        for patient in entry.patients
    ]
    alerts = [
        {
            "what": {"identifier": {"value": alert}},
            "type": _coding(_ENTITY_TYPE, "2", "System Object"),
            "role": _coding(_ENTITY_ROLE, "4", "Domain Resource"),
        }
        for alert in entry.alerts
    ]
    return patients + alerts


def _proof(entry: Entry) -> Resource:
    told = {"where": entry.where, "number": str(entry.number), "sha256": entry.sha256}
    return {
        "what": {"display": "entry of the desk's audit"},
        "type": _coding(_ENTITY_TYPE, "2", "System Object"),
        "detail": [{"type": name, "valueString": text} for name, text in told.items()],
    }


def _coding(system: str, code: str, display: str) -> Resource:
    return {"system": system, "code": code, "display": display}
