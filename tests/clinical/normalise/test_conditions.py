"""Conditions by the codes of diagnoses, both sides of each list."""

import pytest

from tests.clinical.normalise.factories import RECEIVED, signalled

KIDNEY, END_STAGE = "chronic_kidney_disease", "end_stage_renal_disease"


def told(**row):
    return [found["concept"] for found in signalled(diagnoses=[row])]


@pytest.mark.parametrize(
    ("system", "code", "concepts"),
    [
        ("I9", "585", [KIDNEY]),
        ("I9", "5851", [KIDNEY]),
        ("I9", "585.5", [KIDNEY]),
        ("I9C", "5856", [KIDNEY, END_STAGE]),
        ("I9", "5859", [KIDNEY]),
        ("I9", "584.9", []),
        ("I9", "586", []),
        ("I10", "N18", [KIDNEY]),
        ("I10", "N18.1", [KIDNEY]),
        ("I10", "N18.32", [KIDNEY]),
        ("http://hl7.org/fhir/sid/icd-10-cm", "N18.6", [KIDNEY, END_STAGE]),
        ("I10", "n18.9", [KIDNEY]),
        ("I10", "N17.9", []),
        ("I10", "N19", []),
        (None, "N186", [KIDNEY, END_STAGE]),
        ("SCT", "5856", []),
        ("I9", None, []),
    ],
)
def test_a_code_stands_for_the_conditions_of_its_list(system, code, concepts):
    assert told(code_system=system, code=code) == concepts


def test_a_condition_is_dated_by_when_it_was_told():
    [row] = signalled(diagnoses=[{"code_system": "I9", "code": "5853"}])
    assert (row["effective_at"], row["value"], row["void"]) == (RECEIVED, 1.0, False)
    assert row["signal_id"] == "chronic_kidney_disease:F|P1|5853"
