"""The state of a resource, in the contract's words.

Here: that a resource is taken back, and statuses of which FHIR says two at once. Not here: what
each kind makes of its own status.
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Raw

from clinical.wire.fhir.found import Found, R

ENTERED_IN_ERROR = "entered-in-error"
RETRACTED = "entered_in_error"
# What is not known to be so is told apart from what is.
_DOUBTED = pa.array(["unconfirmed", "provisional", "differential", "refuted"])
_WORDS: Mapping[str, str] = {ENTERED_IN_ERROR: RETRACTED}


def statuses(found: Found[R]) -> list[str | None]:
    """The status of each resource; of one that its message deletes, entered-in-error."""
    each = [one.status for one in found.resources]
    if not any(found.retracted):
        return each
    return [
        ENTERED_IN_ERROR if gone else told for told, gone in zip(each, found.retracted, strict=True)
    ]


def words(told: Sequence[str | None], known: Mapping[str, str] = _WORDS) -> list[str | None]:
    """Statuses in the contract's words; one that is not here is kept as sent."""
    return [known.get(status, status) if status else None for status in told]


def verified(found: Found[R], clinical: Sequence[Raw], verification: Sequence[Raw]) -> pa.Array:
    """One status of a clinical and a verification status: error, then doubt, then the clinical."""
    said, sure = found.answers(clinical), found.answers(verification)
    gone = pc.or_kleene(pa.array(found.retracted), pc.equal(sure, ENTERED_IN_ERROR))
    told = pc.if_else(pc.is_in(sure, _DOUBTED), sure, said)
    return pc.if_else(pc.fill_null(gone, False), RETRACTED, told)
