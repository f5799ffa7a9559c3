"""What a score over a stretch of time is, given what each parameter came to, in plain Python.

Here: totals, bounds, states; the twin of window_columns.py. Not here: what a parameter's worst
value is (the law of each score).
"""

from collections.abc import Mapping, Sequence

from clinical.scores.definition import WindowScore
from clinical.scoring.assessment import Assessment, Component, State, with_times
from clinical.scoring.inputs import Panel, Reading

# All that is known of one patient: the readings of each concept by clinical time, equal times by
# arrival; values as they were told, not rounded.
Past = Mapping[str, Sequence[Reading]]


def as_points(
    score: WindowScore,
    parts: Mapping[str, Component | None],
    panel: Panel,
    now: int,
    *,
    is_worst: bool = False,
) -> Assessment:
    """One score out of its parameters: their sum, or the highest of them."""
    known = [part for part in parts.values() if part is not None]
    missing = tuple(name for name, part in parts.items() if part is None)
    least = [part.points or 0 for part in known]
    most = [*least, *(item.highest for item in score.parameters if item.name in missing)]
    total = max if is_worst else sum
    return with_times(
        Assessment(
            _state(score, missing, panel),
            None if known else "no_inputs",
            float(total(least)) if known else None,
            float(total(least)) if known else None,
            float(total(most)) if known else None,
            missing,
            components=tuple(known),
        ),
        now,
    )


def _state(score: WindowScore, missing: Sequence[str], panel: Panel) -> State:
    if len(missing) == len(score.parameters):
        return "indeterminate"
    if not missing:
        return "complete"
    gone = (item for item in score.parameters if item.name in missing)
    return "stale" if any(panel.stale.intersection(item.answers) for item in gone) else "partial"


def within(past: Past, concept: str, now: int, window: int, lag: int = 0) -> list[Reading]:
    """Readings of a concept in the window that ends `lag` before now, by clinical time."""
    end = now - lag
    return [one for one in past.get(concept, ()) if end - window < one.effective_at <= end]


def newest_within(past: Past, concept: str, at: int, reach: int) -> Reading | None:
    """The newest reading at a clinical time, unless it is more than `reach` before it."""
    found = [one for one in past.get(concept, ()) if at - reach <= one.effective_at <= at]
    return found[-1] if found else None
