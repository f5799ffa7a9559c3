"""SOFA, sequential organ failure assessment: the worst of six organs over 24 hours.

Source: Vincent et al., Intensive Care Med 1996;22:707, as printed in Singer et al., JAMA
2016;315:801 (Sepsis-3), table 1. For adults. Printed gaps are closed as mimic-code and ricu close
them: bands are half-open and read the value as told, so that bilirubin 12.0 and creatinine 5.0 give
4, dopamine 5 gives 2, bilirubin 1.95 gives 1.

Where the paper leaves a choice, or an implementation takes another, the choice has a name in
`SofaChoices`: two variants differ by those names and by nothing else. SOFA-2 (JAMA 2025, doi
10.1001/jama.2025.20516) is another score; its name `sofa2` is kept free for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from clinical.concepts import CONCEPTS
from clinical.scores.definition import Population, WindowParameter, WindowScore

# Points are the number of bounds that a value is below: PaO2/FiO2 (mmHg), platelets (10*3/uL), GCS.
PAO2_FIO2_BELOW = (400, 300, 200, 100)
PLATELETS_BELOW = (150, 100, 50, 20)
GCS_BELOW = (15, 13, 10, 6)
# Points are the number of bounds that a value has reached: bilirubin and creatinine (mg/dL).
BILIRUBIN_FROM = (1.2, 2.0, 6.0, 12.0)
CREATININE_FROM = (1.2, 2.0, 3.5, 5.0)
# 1 point below (mmHg).
MEAN_BP_BELOW = 70
# Points by how much urine a day (mL) it is less than.
URINE_BELOW: Mapping[int, int] = {500: 3, 200: 4}
# Points by how much of a catecholamine (ug/kg/min) it is more than.
CATECHOLAMINES_ABOVE: Mapping[str, Mapping[float, int]] = {
    "dopamine": {0: 2, 5: 3, 15: 4},
    "dobutamine": {0: 2},
    "epinephrine": {0: 3, 0.1: 4},
    "norepinephrine": {0: 3, 0.1: 4},
}
# Three and four points for breathing need respiratory support; without it no more than these.
MOST_WITHOUT_SUPPORT = 2

_DEVICES = CONCEPTS["oxygen_device"].answers
INVASIVE = frozenset({_DEVICES["ventilator"]})
NON_INVASIVE = frozenset({_DEVICES["cpap"], _DEVICES["bipap"]})
# What is charted only with a ventilator, or tells of a tube and of its end (mimic-code
# ventilation_classification.sql). The newest of these and of the device says what is in use.
VENTILATED_BY = ("ventilator_setting", "peep", "intubation")
VENTILATION_ENDS_BY = ("extubation",)
NORMAL_GCS: Mapping[str, int] = {"gcs_eye": 4, "gcs_verbal": 5, "gcs_motor": 6}
UNTESTABLE_VERBAL = "gcs_verbal_untestable"

# What an untestable verbal answer, as with a tube, does to the total: it is taken for 15; the last
# total that could be tested stands in; or there is none.
Untestable = Literal["impute_15", "last_testable", "null"]


@dataclass(frozen=True, slots=True)
class SofaChoices:
    """What the published table leaves open, and what implementations do otherwise."""

    window_hours: float
    # FiO2 belongs to a gas when charted with it or at most so long before.
    fio2_hours: float
    # Devices that are respiratory support, and how long one counts as in use.
    support: frozenset[float]
    support_hours: float
    # Whether PaO2/FiO2 of 200 to 399 gives its 2 or 1 points also under support.
    scores_mild_on_support: bool
    # A catecholamine counts once it has run for so long without a break.
    infusion_minutes: float
    # Whether infusions and urine are looked at on the whole hours of the clock only.
    on_whole_hours: bool
    untestable: Untestable
    # Parts of one GCS were charted within so long; whether a part that was not is normal.
    gcs_minutes: float
    takes_unknown_part_for_normal: bool
    # Urine counts when between so many hours of it were documented; None: any entry will do.
    urine_documented_hours: tuple[float, float] | None


# An infusion of which no end was told is taken to run for so long (the look-back of its concept).
INFUSION_HOURS = CONCEPTS["norepinephrine_rate"].lookback_hours or 0
# How far back the last testable GCS may lie.
LAST_TESTABLE_HOURS = 24

VINCENT = SofaChoices(
    window_hours=24,
    fio2_hours=4,
    support=INVASIVE | NON_INVASIVE,
    # mimic-code's gap between two settings of one ventilation; no other source was found.
    support_hours=8,
    scores_mild_on_support=True,
    infusion_minutes=60,
    on_whole_hours=False,
    untestable="last_testable",
    gcs_minutes=30,
    takes_unknown_part_for_normal=False,
    urine_documented_hours=(22, 30),
)
# mimic-iii/concepts_duckdb/pivot/pivoted_sofa.sql and the tables it reads, as they stand. Its worst
# of 24 h takes 25 hourly rows; ventilated patients get no points for PaO2/FiO2 of 200 and more; any
# entry of urine is a day's; it looks at rates and sums on the hour.
MIMIC_CODE = SofaChoices(
    window_hours=25,
    fio2_hours=4,
    support=INVASIVE,
    support_hours=8,
    scores_mild_on_support=False,
    infusion_minutes=0,
    on_whole_hours=True,
    untestable="impute_15",
    gcs_minutes=360,
    takes_unknown_part_for_normal=True,
    urine_documented_hours=None,
)


def _sofa(variant: str, choices: SofaChoices, source: str) -> WindowScore:
    window = choices.window_hours
    gcs = window + LAST_TESTABLE_HOURS + choices.gcs_minutes / 60
    urine = choices.urine_documented_hours or (0, 2 * window)
    infusion = window + INFUSION_HOURS + choices.infusion_minutes / 60
    rates = [f"{drug}_{kind}" for drug in CATECHOLAMINES_ABOVE for kind in ("rate", "flow")]
    support = ("oxygen_device", *VENTILATED_BY, *VENTILATION_ENDS_BY)
    return WindowScore(
        name="sofa",
        variant=variant,
        parameters=(
            WindowParameter(
                "respiration",
                4,
                {"pao2": window, "fio2": window + choices.fio2_hours}
                | dict.fromkeys(support, window + choices.support_hours),
                ("pao2",),
            ),
            WindowParameter("coagulation", 4, {"platelets": window}, ("platelets",)),
            WindowParameter("liver", 4, {"bilirubin_total": window}, ("bilirubin_total",)),
            WindowParameter(
                "cardiovascular",
                4,
                {"mean_bp": window, "weight": 0} | dict.fromkeys(rates, infusion),
                ("mean_bp",),
            ),
            WindowParameter(
                "cns",
                4,
                dict.fromkeys(("gcs_total", *NORMAL_GCS, UNTESTABLE_VERBAL), gcs),
                ("gcs_total", *NORMAL_GCS),
            ),
            WindowParameter(
                "renal",
                4,
                {"creatinine": window, "urine_output": urine[1], "irrigant_in": urine[1]},
                ("creatinine", "urine_output"),
            ),
        ),
        choices=choices,
        population=Population(lowest_age=18),
        source=source,
    )


SOFA = _sofa(
    "vincent1996",
    VINCENT,
    "Vincent et al., Intensive Care Med 1996;22:707; Singer et al., JAMA 2016;315:801, table 1",
)
SOFA_MIMIC_CODE = _sofa(
    "mimic_code",
    MIMIC_CODE,
    "MIT-LCP mimic-code, mimic-iii/concepts_duckdb/pivot/pivoted_sofa.sql",
)
