"""Values typed by hand as the past that a score over a stretch of time looks at.

Here: what a single number means there: a rate has run for an hour, urine is that of the last 24 h.
Not here: the law, or how values are typed (hand_score.py).
"""

from collections.abc import Mapping
from dataclasses import replace

from clinical.normalise.infusions import INFUSION_CONCEPTS
from clinical.scoring.inputs import Reading
from clinical.scoring.validity import hours
from clinical.scoring.window_assessment import Past

URINE = "urine_output"
# An infusion counts once it has run for an hour (SOFA, Vincent 1996): one given by hand has.
_RUNNING, _DAY = hours(1), hours(24)


def past_of(told: Mapping[str, Reading]) -> Past:
    """The past of values as they were typed, by concept."""
    return {name: _readings(name, one) for name, one in told.items()}


def _readings(name: str, one: Reading) -> list[Reading]:
    if name in INFUSION_CONCEPTS:
        return [replace(one, effective_at=one.effective_at - _RUNNING)]
    if name == URINE:
        opening = replace(one, value=0.0, effective_at=one.effective_at - _DAY)
        return [opening, one]
    return [one]
