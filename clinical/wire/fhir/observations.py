"""Observations of FHIR as rows of facts.

Here: one row per Observation, or per component of one, and their columns. Not here: value[x]
(values.py), references (references.py), or what a code means (clinical/normalise).

An Observation with components has a row of its own only if it has a value of its own. Rows of one
resource share `order_id`, which is the resource's identity: a corrected version supersedes by it.
"""

from collections.abc import Sequence

import pyarrow as pa

from clinical.wire.decoded import filled
from clinical.wire.fhir.codings import STATUS, answer, code_of
from clinical.wire.fhir.messages import Entered
from clinical.wire.fhir.references import Index, encounter_of, subject_of
from clinical.wire.fhir.resources import CodeableConcept, Observation
from clinical.wire.fhir.times import instants
from clinical.wire.fhir.values import NO_VALUE, value_of

Row = tuple[object, ...]

# A row stands in the contract's order, with both times as sent; the time flag follows from them.
_LAYOUT = (
    *("message", "facility", "patient_id", "encounter_id", "order_id", "code", "code_system"),
    *("code_text", "alternate_code", "alternate_system", "sub_id", "value_type", "value_text"),
    *("comparator", "value_number", "unit_as_sent", "effective_at", "documented_at", "status"),
    "abnormal_flag",
)


def rows(
    message: int, entered: Entered, resource: Observation, known: Index, sent: str | None
) -> list[Row]:
    """The rows of one Observation; none when it is not about the patient.

    Raises:
        DecodeError: no_patient.
    """
    who = subject_of(resource.subject, resource.contained, known)
    # `focus` says that the value is another's, e.g. the foetus of the patient whose record it is.
    if who is None or resource.focus:
        return []
    visit = encounter_of(resource.encounter, resource.contained, known)
    head = (message, *who, visit, _order_id(resource, entered.full_url))
    updated = resource.meta.last_updated if resource.meta else None
    times = (
        _effective(resource) or resource.issued or sent,
        resource.issued or sent or updated,
        STATUS.get(resource.status or "", "unknown"),
    )
    components = resource.component or ()
    value = value_of(resource)
    flag = _flag(resource.interpretation)
    own: Row = (*head, *code_of(resource.code), None, *value, *times, flag)
    if not components:
        return [own]
    parts: list[Row] = [
        (
            *head,
            *code_of(part.code),
            str(place),
            *value_of(part),
            *times,
            _flag(part.interpretation),
        )
        for place, part in enumerate(components)
    ]
    return parts if value is NO_VALUE else [own, *parts]


def table(found: Sequence[Row], zone: str) -> pa.Table:
    """Rows as the table of the contract, with times read and flagged."""
    columns = dict(zip(_LAYOUT, zip(*found, strict=True), strict=True))
    texts = columns["effective_at"]
    effective = instants(texts, zone)
    flags = [
        "bad_time" if text is not None and not readable else None
        for text, readable in zip(texts, effective.is_valid().to_pylist(), strict=True)
    ]
    documented = instants(columns["documented_at"], zone)
    read = {"effective_at": effective, "documented_at": documented, "time_flag": flags}
    return filled("observations", {**columns, **read}, len(found))


def _order_id(resource: Observation, url: str | None) -> str | None:
    own = resource.id or next(
        (item.value for item in resource.identifier or () if item.value), None
    )
    return f"Observation/{own}" if own else url


def _effective(resource: Observation) -> str | None:
    if resource.effective_date_time or resource.effective_instant:
        return resource.effective_date_time or resource.effective_instant
    if resource.effective_period is not None:
        return resource.effective_period.start or resource.effective_period.end
    if resource.effective_timing is not None:
        return next(iter(resource.effective_timing.event or ()), None)
    return None


def _flag(interpretation: Sequence[CodeableConcept] | None) -> str | None:
    return answer(interpretation[0]) if interpretation else None
