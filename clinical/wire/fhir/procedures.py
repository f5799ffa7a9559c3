"""Procedures of FHIR as rows of procedures.

Here: what was done, when, and how far it came. Not here: which procedure is an operation
(clinical/normalise).
"""

from collections.abc import Iterator

from msgspec import Raw

from clinical.wire.fhir.found import Found, Rows
from clinical.wire.fhir.notes import annotations
from clinical.wire.fhir.resources import NOTHING, Period, Resource
from clinical.wire.fhir.states import ENTERED_IN_ERROR, RETRACTED, statuses, words

# https://hl7.org/fhir/R4/valueset-event-status.html
_STATES = {
    "preparation": "planned",
    "in-progress": "in_progress",
    "not-done": "not_done",
    "on-hold": "on_hold",
    ENTERED_IN_ERROR: RETRACTED,
}
_NO_PERIOD = Period()


class Procedure(Resource, tag_field="resourceType"):
    """Something done to a patient; R5 says `occurrence` and `recorded`."""

    code: Raw = NOTHING
    performed_date_time: str | None = None
    performed_period: Period | None = None
    occurrence_date_time: str | None = None
    occurrence_period: Period | None = None
    recorded: str | None = None
    note: Raw = NOTHING


def read(found: Found[Procedure]) -> Iterator[Rows]:
    """The rows of a batch's Procedures."""
    each = found.resources
    own = found.own_column()
    code = found.codes([one.code for one in each])
    columns = {
        "procedure_id": own,
        "code": code.code,
        "code_system": code.system,
        "code_text": code.text,
        "status": words(statuses(found), _STATES),
        "started_at": found.instants([_begun(one) for one in each]),
        "ended_at": found.instants([_period(one).end for one in each]),
        "documented_at": found.documented([one.recorded for one in each]),
    }
    yield Rows("procedures", columns)
    yield from annotations(found, "procedures", own, [one.note for one in each])


def _period(one: Procedure) -> Period:
    return one.performed_period or one.occurrence_period or _NO_PERIOD


def _begun(one: Procedure) -> str | None:
    return one.performed_date_time or one.occurrence_date_time or _period(one).start


def moments(one: Procedure) -> Iterator[str | None]:
    """Its times, by which a message is dated."""
    yield from (one.recorded, _begun(one), _period(one).end)
