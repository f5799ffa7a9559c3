"""KDIGO stages of acute kidney injury, from creatinine and urine.

Source: KDIGO Clinical Practice Guideline for Acute Kidney Injury, Kidney Int Suppl 2012;2:1, tables
2 and 3. Creatinine in mg/dL: stage 1 a rise of 0.3 within 48 h or to 1.5 times baseline in 7 days,
stage 2 to 2 times, stage 3 to 3 times, or 4.0 where one of the first two holds, or renal
replacement. Urine in mL/kg/h: stage 1 below 0.5 for 6 h, stage 2 for 12 h, stage 3 below 0.3 for
24 h or none for 12 h. The printed bands 1.5-1.9 and 2.0-2.9 leave a gap, closed as half open.

Baseline is the lowest creatinine of the 7 days before. Of `kdigo2012`: no stage without a baseline;
a urine entry stands for the time since the entry before; nothing is staged over a stretch that
entries do not cover, and 6 h without an entry are not known, never 0. Renal replacement is stage 3,
but not of a patient with end-stage disease. The stage of children by eGFR is not here.

`mimic_code` does as MIT-LCP/mimic-code mimic-iii/concepts_duckdb/organfailure/kdigo_*.sql: see
KdigoChoices.
"""

from dataclasses import dataclass, replace

from clinical.scores.definition import Population, WindowParameter, WindowScore

# mg/dL within 48 h, and times the lowest of 7 days.
ACUTE_RISE = 0.3
ACUTE_HOURS, BASELINE_HOURS = 48, 168
STAGE_BY_RATIO = ((3.0, 3), (2.0, 2), (1.5, 1))
SEVERE_CREATININE = 4.0


@dataclass(frozen=True, slots=True)
class UrineCriterion:
    """Less than `below` mL/kg/h over the hours, or none at all where `below` is 0."""

    hours: int
    below: float
    stage: int


URINE_CRITERIA = (
    UrineCriterion(24, 0.3, 3),
    UrineCriterion(12, 0.0, 3),
    UrineCriterion(12, 0.5, 2),
    UrineCriterion(6, 0.5, 1),
)
URINE_HOURS = (6, 12, 24)
# An entry this long before a stretch still opens it, and one this old still ends it [P].
URINE_SILENCE_HOURS = 6
# mimic-code: the fewest documented hours over which a rate counts.
FEWEST_URINE_HOURS = {6: 2, 12: 5, 24: 11}


@dataclass(frozen=True, slots=True)
class KdigoChoices:
    """What the variants decide differently.

    Attributes:
        needs_baseline: Whether there is no stage of creatinine without an earlier value, or 0.
        is_exact: Whether 1.2 is 1.5 times 0.8; as binary fractions it is less.
        by_the_clock: Whether stretches are counted in hours (and days) begun, as date_diff does,
            an entry of urine stands for one hour, and half a stretch is enough.
        counts_dialysis: Whether renal replacement is stage 3.
        unstaged_icu_hours: For how long after arrival in intensive care urine is stage 0.
    """

    needs_baseline: bool
    is_exact: bool
    by_the_clock: bool
    counts_dialysis: bool
    unstaged_icu_hours: int


# The newest creatinine counts for a day, and its baseline reaches back from it.
_CREATININE = {"creatinine": 24.0 + BASELINE_HOURS}
_PARAMETERS = (
    WindowParameter(
        "creatinine",
        3,
        {**_CREATININE, "dialysis": 168.0, "end_stage_renal_disease": 24.0},
        ("creatinine",),
    ),
    WindowParameter("creatinine_lowest_7_days", 0, _CREATININE),
    WindowParameter("creatinine_lowest_48_hours", 3, _CREATININE),
    WindowParameter(
        "urine_output", 3, {"urine_output": 36.0, "irrigant_in": 36.0}, ("urine_output",)
    ),
    WindowParameter("weight", 0, {"weight": 24.0}),
)
# Those of mimic-code rest on the arrival in intensive care as well.
_IN_INTENSIVE_CARE = tuple(
    replace(item, hours={**item.hours, "icu_admission": 24.0})
    if item.name == "urine_output"
    else item
    for item in _PARAMETERS
)
_ADULTS = Population(lowest_age=18)

KDIGO_2012 = WindowScore(
    name="kdigo",
    variant="kdigo2012",
    parameters=_PARAMETERS,
    choices=KdigoChoices(
        needs_baseline=True,
        is_exact=True,
        by_the_clock=False,
        counts_dialysis=True,
        unstaged_icu_hours=0,
    ),
    population=_ADULTS,
    source="KDIGO AKI guideline, Kidney Int Suppl 2012;2:1, tables 2 and 3",
)
KDIGO_MIMIC_CODE = WindowScore(
    name="kdigo",
    variant="mimic_code",
    parameters=_IN_INTENSIVE_CARE,
    choices=KdigoChoices(
        needs_baseline=False,
        is_exact=False,
        by_the_clock=True,
        counts_dialysis=False,
        unstaged_icu_hours=6,
    ),
    population=_ADULTS,
    source="MIT-LCP/mimic-code, mimic-iii/concepts_duckdb/organfailure/kdigo_stages.sql",
)
