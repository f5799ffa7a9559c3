"""Conditions of FHIR as rows of diagnoses.

Here: problems and diagnoses with their state, beginning and end. Not here: which condition a code
stands for (clinical/normalise).
"""

from collections.abc import Iterator

from msgspec import Raw

from clinical.wire.fhir.found import Found, Rows
from clinical.wire.fhir.notes import annotations
from clinical.wire.fhir.resources import NOTHING, Period, Resource
from clinical.wire.fhir.states import verified

_NO_PERIOD = Period()


class Condition(Resource, tag_field="resourceType"):
    """A problem or diagnosis of a patient."""

    code: Raw = NOTHING
    category: Raw = NOTHING
    clinical_status: Raw = NOTHING
    verification_status: Raw = NOTHING
    onset_date_time: str | None = None
    onset_period: Period | None = None
    abatement_date_time: str | None = None
    abatement_period: Period | None = None
    recorded_date: str | None = None
    note: Raw = NOTHING


def read(found: Found[Condition]) -> Iterator[Rows]:
    """The rows of a batch's Conditions."""
    each = found.resources
    own = found.own_column()
    code = found.codes([one.code for one in each])
    columns = {
        "code": code.code,
        "code_system": code.system,
        "code_text": code.text,
        "diagnosis_type": found.answers([one.category for one in each]),
        "documented_at": found.documented([one.recorded_date for one in each]),
        "diagnosis_id": own,
        "status": verified(
            found,
            [one.clinical_status for one in each],
            [one.verification_status for one in each],
        ),
        "onset_at": found.instants([_begun(one) for one in each]),
        "ended_at": found.instants([_ended(one) for one in each]),
    }
    yield Rows("diagnoses", columns)
    yield from annotations(found, "diagnoses", own, [one.note for one in each])


def _begun(one: Condition) -> str | None:
    return one.onset_date_time or (one.onset_period or _NO_PERIOD).start


def _ended(one: Condition) -> str | None:
    """When it was over at the latest."""
    over = one.abatement_period or _NO_PERIOD
    return one.abatement_date_time or over.end or over.start


def moments(one: Condition) -> Iterator[str | None]:
    """Its times, by which a message is dated."""
    yield from (one.recorded_date, one.onset_date_time, one.abatement_date_time)
