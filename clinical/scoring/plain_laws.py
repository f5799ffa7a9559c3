"""The law of each score over a stretch of time in plain Python, by the score's name.

Here: which function assesses which. Not here: the functions.
"""

from collections.abc import Callable, Mapping

from clinical.scores.definition import Score, WindowScore
from clinical.scoring import assessment
from clinical.scoring.assessment import Assessment, outside
from clinical.scoring.inputs import Panel
from clinical.scoring.kdigo_plain import kdigo
from clinical.scoring.mews_plain import mews
from clinical.scoring.pf_ratio_plain import pf_ratio
from clinical.scoring.sofa_plain import sofa
from clinical.scoring.window_assessment import Past

Law = Callable[[WindowScore, Past, Panel, int], Assessment]

LAWS: Mapping[str, Law] = {"sofa": sofa, "kdigo": kdigo, "pf_ratio": pf_ratio, "mews": mews}


def assess(score: Score, panel: Panel, now: int, past: Past | None = None) -> Assessment:
    """Assess any score at `now`; without a past, as if nothing but the panel were known."""
    if not isinstance(score, WindowScore):
        return assessment.assess(score, panel, now)
    if reason := outside(score.population, panel, now):
        return Assessment("not_applicable", reason)
    known = {name: (one,) for name, one in panel.current.items()} if past is None else past
    return LAWS[score.name](score, known, panel, now)
