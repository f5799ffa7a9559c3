"""Acute kidney injury of KDIGO stage 2 or 3.

Source: KDIGO AKI guideline, Kidney Int Suppl 2012;2:1, table 2, as clinical/scores/kdigo.py reads
it. Stage 1 raises no alert: a rise of creatinine by 0.3 mg/dL is within what a meal, a drug or the
assay does, and most of it goes back. [P] An injury that grows from stage 2 to 3 alerts again.
"""

from clinical.detection.finding import Band, Family, Finding, Quoted, Scores, nothing, ranked
from clinical.scores.kdigo import KDIGO_2012
from clinical.scoring.engine import Moments

NAME = "kdigo"
BANDS = {
    1: Band("kdigo_stage_2", "medium", "Acute kidney injury: KDIGO stage 2"),
    2: Band("kdigo_stage_3", "high", "Acute kidney injury: KDIGO stage 3"),
}
STAGES = (2, 3)


def find(moments: Moments, scores: Scores) -> list[Finding]:
    """The stage wherever a fact that it rests on was told, however old."""
    due, _ = moments.heard_of(KDIGO_2012.inputs)
    if not due.any():
        return nothing(NAME, BANDS, moments, KDIGO_2012.inputs)
    kdigo = scores[KDIGO_2012.name, KDIGO_2012.variant]
    band = ranked(*(due & (kdigo.observed >= stage) for stage in STAGES))
    return [Finding(NAME, BANDS, band, KDIGO_2012.inputs, lambda: Quoted((kdigo,)))]


FAMILY = Family(NAME, BANDS, find)
