"""Patients of FHIR as rows of demographics.

Here: name, birth, sex and death as sent. Not here: which identifier a patient goes by
(references.py).
"""

from collections.abc import Sequence

import pyarrow as pa

from clinical.wire.decoded import filled
from clinical.wire.fhir.messages import Entered
from clinical.wire.fhir.reasons import DecodeError, Reason
from clinical.wire.fhir.references import identity
from clinical.wire.fhir.resources import HumanName, Patient
from clinical.wire.fhir.times import dates, instants

Row = tuple[object, ...]

# A row stands in the contract's order.
_LAYOUT = (
    *("message", "facility", "patient_id", "encounter_id", "family_name", "given_name"),
    *("birth_date", "sex", "died_at", "deceased"),
)
_NO_NAME = HumanName()

# Which of several names a chart shows, best first; a name of no stated use stands after these.
_USES = ("official", "usual")


def rows(message: int, entered: Entered, resource: Patient, facility: str) -> list[Row]:
    """The row of one Patient, birth and death still as text.

    Raises:
        DecodeError: no_patient, when it has neither identifier nor id.
    """
    who = identity(resource, entered.full_url, facility, alone=entered.alone)
    if who is None:
        raise DecodeError(Reason.NO_PATIENT)
    name = _name(resource.name or ())
    given = next((part for part in name.given or () if part), None)
    died = resource.deceased_date_time
    row = (
        message, *who, None, name.family, given, resource.birth_date, resource.gender, died,
        True if died else resource.deceased_boolean,
    )  # fmt: skip
    return [row]


def table(found: Sequence[Row], zone: str) -> pa.Table:
    """Rows as the table of the contract."""
    columns = dict(zip(_LAYOUT, zip(*found, strict=True), strict=True))
    born, died = dates(columns["birth_date"]), instants(columns["died_at"], zone)
    told = {**columns, "birth_date": born, "died_at": died}
    return filled("patient_demographics", told, len(found))


def _name(names: Sequence[HumanName]) -> HumanName:
    current = [name for name in names if name.use not in {"old", "maiden"}]
    for use in _USES:
        for name in current:
            if name.use == use:
                return name
    return current[0] if current else _NO_NAME
