"""The law of each score over a stretch of time, by the score's name.

Here: which function assesses which. Not here: the functions.
"""

from collections.abc import Callable, Mapping

from clinical.scores.definition import Score, WindowScore
from clinical.scoring import columns
from clinical.scoring.columns import Assessed
from clinical.scoring.kdigo_columns import kdigo
from clinical.scoring.mews import mews
from clinical.scoring.panel import Panel
from clinical.scoring.pf_ratio import pf_ratio
from clinical.scoring.sofa import sofa
from clinical.scoring.timeline import Timeline

Law = Callable[[WindowScore, Timeline, Panel], Assessed]

LAWS: Mapping[str, Law] = {"sofa": sofa, "kdigo": kdigo, "pf_ratio": pf_ratio, "mews": mews}


def assess(score: Score, panel: Panel, timeline: Timeline) -> Assessed:
    """Assess any score at every moment of a panel, which are the points of the timeline."""
    if not isinstance(score, WindowScore):
        return columns.assess(score, panel)
    whole = LAWS[score.name](score, timeline, panel)
    return columns.restrict(whole, score.population, panel)
