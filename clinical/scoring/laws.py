"""The law of each score over a stretch of time, by the score's name.

Here: which function assesses which. Not here: the functions.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from clinical.scores import BY_VARIANT
from clinical.scores.definition import PointScore, RatioScore, Score, WindowScore
from clinical.scoring.columns import Assessed, restrict
from clinical.scoring.kdigo_columns import kdigo
from clinical.scoring.mews import mews
from clinical.scoring.panel import Panel
from clinical.scoring.pf_ratio import pf_ratio
from clinical.scoring.point_columns import assess_points
from clinical.scoring.ratio_columns import assess_ratio
from clinical.scoring.sofa import sofa
from clinical.scoring.timeline import Timeline

Law = Callable[[WindowScore, Timeline, Panel], Assessed]

LAWS: Mapping[str, Law] = {"sofa": sofa, "kdigo": kdigo, "pf_ratio": pf_ratio, "mews": mews}


class Assessments(Mapping[tuple[str, str], Assessed]):
    """Scores at the moments of a batch, by name and variant; those not yet due when asked for."""

    def __init__(self, known: Iterable[Assessed], panel: Panel, timeline: Timeline) -> None:
        """Take what was assessed already."""
        self._known = {(one.score.name, one.score.variant): one for one in known}
        self._panel, self._timeline = panel, timeline

    def __getitem__(self, key: tuple[str, str]) -> Assessed:
        """One score at every moment."""
        if key not in self._known:
            self._known[key] = assess(BY_VARIANT[key], self._panel, self._timeline)
        return self._known[key]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """All names and variants."""
        return iter(BY_VARIANT)

    def __len__(self) -> int:
        """How many there are."""
        return len(BY_VARIANT)


def assess(score: Score, panel: Panel, timeline: Timeline) -> Assessed:
    """Assess any score at every moment of a panel, which are the points of the timeline."""
    [assessed] = assess_all([score], panel, timeline)
    return assessed


def assess_all(scores: Sequence[Score], panel: Panel, timeline: Timeline) -> list[Assessed]:
    """Assess several scores, in their order: those of points all at once."""
    summed = iter(assess_points([one for one in scores if isinstance(one, PointScore)], panel))
    return [
        next(summed) if isinstance(one, PointScore) else _other(one, panel, timeline)
        for one in scores
    ]


def _other(score: RatioScore | WindowScore, panel: Panel, timeline: Timeline) -> Assessed:
    if isinstance(score, RatioScore):
        return assess_ratio(score, panel)
    return restrict(LAWS[score.name](score, timeline, panel), panel)
