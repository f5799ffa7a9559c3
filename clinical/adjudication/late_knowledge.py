"""What the stream said at the time, held against what was adjudicated afterwards.

Here: of each visit and reading one class. Not here: causes of single late facts (the record of
truth has them), or alerts themselves.

The live rule is provisional: one culture and one antibiotic with qSOFA or SIRS. A course of 72
hours or a SOFA of the next day is only known later, so a difference is not a fault by itself.
"""

from collections.abc import Sequence
from typing import Literal

from clinical.adjudication.sepsis3 import Onset
from clinical.detection.sepsis import DYSFUNCTION_BEFORE

Knowledge = Literal["live", "late", "never", "provisional_only", "neither"]
KNOWLEDGE: dict[Knowledge, str] = {
    "live": "met, and the stream had raised suspected sepsis before all of it was known",
    "late": "met, and the stream raised it only after all of it was known",
    "never": "met, and the stream raised nothing",
    "provisional_only": "not met, though the stream raised it",
    "neither": "not met, and nothing was raised",
}


def compared(onset: Onset, raised: Sequence[int]) -> tuple[int | None, Knowledge]:
    """When the stream first raised suspected sepsis in the visit, and what that makes of it.

    Args:
        onset: What one reading says of the visit.
        raised: When the visit's alerts of suspected sepsis were raised, in order.
    """
    if onset.onset_at is None or onset.known_at is None:
        return (raised[0], "provisional_only") if raised else (None, "neither")
    since = onset.onset_at - DYSFUNCTION_BEFORE
    said = next((at for at in raised if at >= since), None)
    if said is None:
        return None, "never"
    return said, "live" if said <= onset.known_at else "late"
