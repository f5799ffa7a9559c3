"""Patients of FHIR as rows of demographics, and their links as identity events.

Here: name, birth, sex, death, address and telephone as sent; what a link says of two records. Not
here: which identifier a patient goes by (identities.py), or how identities are joined.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pyarrow as pa

from clinical.wire.fhir.core import Patient, PatientLink
from clinical.wire.fhir.found import Found, Rows
from clinical.wire.fhir.identities import Identity
from clinical.wire.fhir.neighbours import whom
from clinical.wire.fhir.resources import Address, ContactPoint, HumanName
from clinical.wire.fhir.times import days

STRING = pa.string()
_NO_NAME, _NO_ADDRESS = HumanName(), Address()

# Which of several names or addresses a chart shows, best first; one of no stated use stands after
# these, and what is no longer true is never shown.
_NAMES, _ADDRESSES = ("official", "usual"), ("home",)
_FORMER = frozenset({"old", "maiden"})
# https://hl7.org/fhir/R4/valueset-link-type.html
_LINKS = {"replaced-by": "merge", "replaces": "merge", "refer": "link", "seealso": "link"}


def read(found: Found[Patient]) -> Iterator[Rows]:
    """The rows of a batch's Patients."""
    each = found.resources
    names = [_name(one.name or ()) for one in each]
    homes = [_home(one.address or ()) for one in each]
    died = [one.deceased_date_time for one in each]
    deceased = [True if at else one.deceased_boolean for at, one in zip(died, each, strict=True)]
    yield Rows(
        "patient_demographics",
        {
            "family_name": [name.family for name in names],
            "given_name": [_first(name.given) if name.given else None for name in names],
            "birth_date": days([one.birth_date for one in each]),
            "sex": [one.gender for one in each],
            "died_at": found.moments(died),
            "deceased": deceased,
            "address": [_written(home) for home in homes],
            "postcode": [home.postal_code for home in homes],
            "phone": [_phone(one.telecom) if one.telecom else None for one in each],
        },
    )
    if any(one.link for one in each):
        yield from _identity_events(found)


class _Joined(NamedTuple):
    """Two records of one person, as a link says; `of` is the Patient that says so."""

    of: int
    event: str
    trigger: str
    surviving: Identity
    retired: Identity


def _identity_events(found: Found[Patient]) -> Iterator[Rows]:
    joined = [
        event
        for row, one in enumerate(found.resources)
        for link in one.link or ()
        if (event := _joined(found, row, link)) is not None
    ]
    if not joined:
        return
    yield Rows(
        "identity_events",
        {
            "facility": [each.surviving.facility for each in joined],
            "patient_id": [each.surviving.patient_id for each in joined],
            "event": [each.event for each in joined],
            "trigger": [each.trigger for each in joined],
            "surviving_id": [each.surviving.patient_id for each in joined],
            "retired_id": [each.retired.patient_id for each in joined],
            "retired_facility": [each.retired.facility for each in joined],
            "documented_at": found.instants([found.sent(each.of) for each in joined]),
        },
        [each.of for each in joined],
    )


def _joined(found: Found[Patient], row: int, link: PatientLink) -> _Joined | None:
    """What a link says; None where it leads to nobody, or back to the same record."""
    event = _LINKS.get(link.type or "")
    own = found.patient(row)
    other = whom(bytes(link.other), found.group.contexts[row].known)
    if event is None or not isinstance(other, Identity) or other == own:
        return None
    surviving, retired = (other, own) if link.type == "replaced-by" else (own, other)
    return _Joined(row, event, link.type or "", surviving, retired)


def _name(names: Sequence[HumanName]) -> HumanName:
    if len(names) == 1 and names[0].use not in _FORMER:
        return names[0]
    current = [name for name in names if name.use not in _FORMER]
    for use in _NAMES:
        for name in current:
            if name.use == use:
                return name
    return current[0] if current else _NO_NAME


def _home(places: Sequence[Address]) -> Address:
    if len(places) == 1 and places[0].use not in _FORMER:
        return places[0]
    current = [place for place in places if place.use not in _FORMER]
    preferred = (place for place in current if place.use in _ADDRESSES)
    return next(preferred, current[0] if current else _NO_ADDRESS)


def _written(home: Address) -> str | None:
    """An address in one line: as it was sent in one piece, else its parts."""
    if home.text:
        return home.text
    return ", ".join(filter(None, (*(home.line or ()), home.city, home.state))) or None


def _phone(contacts: Sequence[ContactPoint]) -> str | None:
    for each in contacts:
        if each.system == "phone" and each.use != "old" and each.value:
            return each.value
    return None


def _first(given: Sequence[str | None]) -> str | None:
    return given[0] or next(filter(None, given), None)
