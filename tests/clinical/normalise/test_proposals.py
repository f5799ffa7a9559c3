"""What a code may stand for is proposed by name, unit and range, and never more than proposed."""

import pytest

from clinical.concepts import CONCEPTS
from clinical.normalise.proposals import LEAST_SCORE, MOST_CANDIDATES, Sent, candidates


def best(code, text, *units, numbers=True, percentiles=None):
    found = candidates(Sent(code, text, units, percentiles, has_numbers=numbers))
    return found[0].concept if found else None


@pytest.mark.parametrize(
    ("text", "unit", "concept"),
    [
        ("Creatinine", "UMOLL", "creatinine"),
        ("White Cell Count", "x10*9/L", "wbc"),
        ("Urea", "mmol/L", "bun"),
        ("Pulse", "bpm", "heart_rate"),
        ("Haemoglobin", "g/L", "haemoglobin"),
        ("Hemoglobin", "g/dL", "haemoglobin"),
        ("Potassium", "meq/L", "potassium"),
        ("Temperature", "[degF]", "temperature"),
        ("MDC_TEMP", "MDC_DIM_DEGC", "temperature"),
        ("MDC_PRESS_BLD_NONINV_SYS", "MDC_DIM_MMHG", "systolic_bp"),
        ("MDC_PULS_OXIM_SAT_O2", "MDC_DIM_PERCENT", "spo2"),
    ],
)
def test_a_code_is_likened_to_a_concept_by_its_text_and_unit(text, unit, concept):
    assert best("tt-0001-01", text, unit) == concept


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("Creatinine, Urine", "mg/dL"),  # another specimen
        ("Glucose CSF", "mmol/L"),
        ("Creatinine", "mL/min"),  # a clearance: the unit is of something else
        ("Cholesterol", "mmol/L"),
        ("Mean Cell Haemoglobin", "pg"),
        ("Procalcitonin", "ng/mL"),
        ("", "mmol/L"),  # a unit alone says nothing
        ("Result", "mmol/L"),
    ],
)
def test_nothing_is_proposed_where_nothing_fits(text, unit):
    assert best("1234", text, unit) is None


def test_values_that_cannot_be_rule_a_concept_out():
    assert best("K", "Potassium", "mmol/L", percentiles=(3.1, 4.0, 5.2)) == "potassium"
    assert best("K", "Potassium", "mmol/L", percentiles=(300.0, 400.0, 500.0)) is None


def test_an_answer_in_words_is_likened_to_a_coded_concept_alone():
    assert best("AVPU", "AVPU", numbers=False) == "consciousness"
    assert best("X", "Heart rate", numbers=False) is None


def test_a_candidate_says_why():
    [found] = candidates(Sent("X", "Lactate", ("mg/dL",), (5.0, 12.0, 40.0)))
    assert found.concept == "lactate"
    assert LEAST_SCORE <= found.score <= 1
    assert found.why == (
        "its name is like `lactate` (100%)",
        "`mg/dL` converts to mmol/L",
        "nine tenths of its values lie within 0 to 50 mmol/L",
    )


def test_the_feeds_own_spelling_of_a_unit_counts():
    sent = Sent("X", "Pulse", ("Schlaege",))
    assert candidates(sent) == []
    assert candidates(sent, {"Schlaege": "/min"})[0].concept == "heart_rate"


@pytest.mark.parametrize("name", ["heart_rate", "systolic_bp", "lactate", "platelets", "inr"])
def test_a_concept_is_found_by_its_own_name(name):
    unit = CONCEPTS[name].unit
    found = candidates(Sent("X", name.replace("_", " "), (unit,)))
    assert found[0].concept == name
    assert len(found) <= MOST_CANDIDATES
