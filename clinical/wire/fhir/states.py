"""The state of a resource, in the contract's words.

Here: that a resource is taken back, and statuses of which FHIR says two at once. Not here: what
each kind makes of its own status.
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa
from msgspec import Raw

from clinical.wire.fhir.found import Found, R

ENTERED_IN_ERROR = "entered-in-error"
RETRACTED = "entered_in_error"
# What is not known to be so is told apart from what is.
_DOUBTED = frozenset({"unconfirmed", "provisional", "differential", "refuted"})
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
    pairs = zip(
        found.answers(clinical).to_pylist(),
        found.answers(verification).to_pylist(),
        found.retracted,
        strict=True,
    )
    return pa.array([_one(*pair) for pair in pairs], pa.string())


def _one(clinical: str | None, verification: str | None, gone: bool) -> str | None:
    if gone or verification == ENTERED_IN_ERROR:
        return RETRACTED
    return verification if verification in _DOUBTED else clinical
