"""The contexts.

Here: what speaks for and against each, and how long a word counts. Not here: what a detection makes
of one (its manifest), or the law (reference.py).

Sources stand with each context; [P] marks this project's own choice. A discharge, or a new
admission, ends what was said of an earlier stay: comfort care of last year must not silence this
year's alerts.
"""

from collections.abc import Mapping

from clinical.concepts import CONCEPTS
from clinical.context.definition import AgeContext, AnyContext, Context, Evidence, told
from clinical.normalise.conditions import PREGNANCY_HOURS
from clinical.scores.sofa import INVASIVE, NON_INVASIVE, VENTILATED_BY, VENTILATION_ENDS_BY
from clinical.scoring.inputs import AIR

# Adult scores and criteria are invalid below it (clinical-definitions: Phoenix, JAMA 2024).
ADULT_AGE = 18
# RASS of -3 (moderate sedation) or deeper; Sessler et al., Am J Respir Crit Care Med 2002;166:1338.
SEDATED_RASS = -3
# Fever and a rise of inflammatory markers of the operation itself; longer hides an infection. [P]
POST_OPERATIVE_HOURS = 48
# Shorter forgets a course between two daily doses; longer calls a failed course treatment. [P]
TREATED_HOURS = 48
# A drug or device says how the patient is until charted again, as vital signs do. [P]
CHARTED_HOURS = 12

# PEEP is set with a mask too: for SOFA's points it will do, to lower an alert it will not. [P]
_TUBE_TOLD_BY = tuple(name for name in VENTILATED_BY if CONCEPTS[name].kind == "event")

_STAY_ENDS = (Evidence("discharge", ends=True), Evidence("admission", ends=True))


def _values(concept: str, *answers: str) -> frozenset[float]:
    return frozenset(CONCEPTS[concept].answers[answer] for answer in answers)


def _code_status(name: str, meaning: str, *answers: str) -> Context:
    return Context(
        name,
        meaning,
        (Evidence("code_status", _values("code_status", *answers)), *_STAY_ENDS),
        "stated",
        "answers and look-back of code_status, and the end with the stay [P]",
    )


def _device(
    name: str, meaning: str, devices: frozenset[float], also: tuple[Evidence, ...] = ()
) -> Context:
    return Context(
        name,
        meaning,
        (Evidence("oxygen_device", devices), *also, *_STAY_ENDS),
        "inferred",
        "the device charted, for 12 h [P]",
        CHARTED_HOURS,
    )


def _above_air(concept: str, *, silent: bool = False) -> Evidence:
    return Evidence(concept, low=AIR[concept] + CONCEPTS[concept].precision, silent=silent)


CONTEXTS: Mapping[str, AnyContext] = told(
    (
        _code_status("comfort_care", "Care is for comfort alone", "comfort_care"),
        _code_status("dnr", "Not to be resuscitated", "dnr", "dnr_dni"),
        _code_status("dni", "Not to be intubated", "dni", "dnr_dni"),
        _device(
            "ventilated",
            "Breathing by an invasive ventilator",
            INVASIVE,
            also=(
                *(Evidence(name) for name in _TUBE_TOLD_BY),
                *(Evidence(name, ends=True) for name in VENTILATION_ENDS_BY),
            ),
        ),
        _device("non_invasive_ventilation", "Breathing with CPAP or BiPAP", NON_INVASIVE),
        _device(
            "on_high_flow",
            "On high-flow nasal oxygen",
            _values("oxygen_device", "high_flow_nasal_cannula"),
            also=(Evidence("intubation", ends=True),),
        ),
        Context(
            "on_oxygen",
            "Breathing more than room air",
            (
                _above_air("oxygen_device"),
                _above_air("oxygen_flow", silent=True),
                _above_air("fio2", silent=True),
                *_STAY_ENDS,
            ),
            "inferred",
            "oxygen as NEWS2 takes it (RCP, London 2017): a device, a flow, or FiO2 above 21 %",
            CHARTED_HOURS,
        ),
        Context(
            "sedated",
            "Under sedation: RASS of -3 or deeper, or a sedative started, and since then neither a "
            "lighter RASS nor the end of a sedative",
            (
                Evidence("rass", high=SEDATED_RASS),
                Evidence("sedative"),
                Evidence("sedative_end", ends=True, yields=True),
                *_STAY_ENDS,
            ),
            "inferred",
            "Sessler et al., Am J Respir Crit Care Med 2002;166:1338; how long each speaks [P]",
            CHARTED_HOURS,
        ),
        Context(
            "post_operative",
            f"Within {POST_OPERATIVE_HOURS} h of an operation",
            (Evidence("surgery"),),
            "inferred",
            "window [P]",
            POST_OPERATIVE_HOURS,
        ),
        AgeContext(
            "paediatric",
            f"Under {ADULT_AGE} years of age",
            ADULT_AGE,
            "stated",
            "adult scores are invalid there; Phoenix, JAMA 2024",
        ),
        Context(
            "pregnancy",
            "Pregnant",
            (Evidence("pregnancy", _values("pregnancy", "yes")),),
            "stated",
            "ends 42 weeks after it was last said [P]",
            PREGNANCY_HOURS,
        ),
        Context(
            "spo2_scale_2",
            "Saturation scale 2 prescribed: a target of 88-92 %",
            (Evidence("spo2_scale", _values("spo2_scale", "2")),),
            "stated",
            "RCP, NEWS2, London 2017: set by a competent decision-maker; until set otherwise",
        ),
        Context(
            "chronic_kidney_disease",
            "Chronic kidney disease coded",
            (Evidence("chronic_kidney_disease"), Evidence("end_stage_renal_disease")),
            "stated",
            "diagnosis codes of the concepts; for good",
        ),
        Context(
            "dialysis",
            "Renal replacement within a week",
            (Evidence("dialysis"),),
            "inferred",
            "mimic-code rrt.sql; sessions lie at most some days apart, so a week [P]",
            168,
        ),
        Context(
            "already_treated",
            f"An antibiotic was started within {TREATED_HOURS} h",
            (Evidence("antibiotic"),),
            "inferred",
            "window [P]",
            TREATED_HOURS,
        ),
    )
)
