"""Allergies and intolerances of FHIR as rows of allergies.

Here: the substance, how grave and how sure. Not here: what a reaction looked like, which stays in
the raw message.
"""

from collections.abc import Iterator, Sequence

from msgspec import Raw, field

from clinical.wire.fhir.found import Codes, Found, Rows
from clinical.wire.fhir.notes import annotations
from clinical.wire.fhir.resources import NOTHING, Element, Period, Resource
from clinical.wire.fhir.states import verified

_NO_PERIOD = Period()


class Reaction(Element):
    """One reaction: only what it was to is read."""

    substance: Raw = NOTHING


class AllergyIntolerance(Resource, tag_field="resourceType"):
    """That a patient does not bear something."""

    subject: Raw = field(default=NOTHING, name="patient")
    code: Raw = NOTHING
    category: list[str | None] | None = None
    criticality: str | None = None
    clinical_status: Raw = NOTHING
    verification_status: Raw = NOTHING
    onset_date_time: str | None = None
    onset_period: Period | None = None
    recorded_date: str | None = None
    reaction: list[Reaction | None] | None = None
    note: Raw = NOTHING


def read(found: Found[AllergyIntolerance]) -> Iterator[Rows]:
    """The rows of a batch's AllergyIntolerances."""
    each = found.resources
    own = found.own_column()
    code = _codes(found, each)
    columns = {
        "allergy_id": own,
        "code": code.code,
        "code_system": code.system,
        "code_text": code.text,
        "allergy_type": [next(filter(None, one.category or ()), None) for one in each],
        "criticality": [one.criticality for one in each],
        "status": verified(
            found,
            [one.clinical_status for one in each],
            [one.verification_status for one in each],
        ),
        "onset_at": found.instants([_begun(one) for one in each]),
        "documented_at": found.documented([one.recorded_date for one in each]),
    }
    yield Rows("allergies", columns)
    yield from annotations(found, "allergies", own, [one.note for one in each])


def _codes(found: Found[AllergyIntolerance], each: Sequence[AllergyIntolerance]) -> Codes:
    """What it is to; where that is not said, what the first reaction was to."""
    reactions = [next(filter(None, one.reaction or ()), None) for one in each]
    return found.codes(
        [
            one.code or (first.substance if first else NOTHING)
            for one, first in zip(each, reactions, strict=True)
        ]
    )


def _begun(one: AllergyIntolerance) -> str | None:
    return one.onset_date_time or (one.onset_period or _NO_PERIOD).start


def moments(one: AllergyIntolerance) -> Iterator[str | None]:
    """Its times, by which a message is dated."""
    yield from (one.recorded_date, one.onset_date_time)
