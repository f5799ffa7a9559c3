"""Which orders are cultures of a body fluid."""

import pytest

from clinical.wire.profile import CodeRule, FeedProfile
from tests.clinical.normalise.factories import normalised

MICRO = FeedProfile(
    name="m",
    codes={
        ("MICRO", "*"): CodeRule("culture"),
        ("MICRO", "70079"): CodeRule("culture"),
    },
)


def concept(profile=MICRO, **order):
    return normalised("order_events", order, profile=profile)[0]["concept"]


@pytest.mark.parametrize(
    "order",
    [
        {"code_text": "BLOOD CULTURE"},
        {"code_text": "Urine culture, catheter"},
        {"code": "BLOOD CULTURE ( MYCO/F LYTIC BOTTLE)"},
        {"code_text": "Microbiology", "specimen": "FLUID RECEIVED IN BLOOD CULTURE BOTTLES"},
        {"code": "600-7", "code_system": "LN", "code_text": "Bacteria identified"},
        {"code": "630-4", "code_system": "http://loinc.org"},
        {"code": "70062", "code_system": "MICRO", "code_text": "SPUTUM"},
        {"code": "70079", "code_system": "MICRO", "code_text": "Respiratory screen & culture"},
    ],
)
def test_a_body_fluid_culture_is_evidence_of_suspected_infection(order):
    assert concept(**order) == "culture"


@pytest.mark.parametrize(
    "order",
    [
        {"code_text": "MRSA SCREEN"},
        {"code_text": "VRE culture"},
        {"code_text": "Blood Culture Hold"},
        {"code_text": "Rapid Respiratory Viral Screen & Culture"},
        {"code": "70091", "code_system": "MICRO", "code_text": "MRSA SCREEN"},
        {"code": "70099", "code_system": "MICRO", "code_text": "SEROLOGY/BLOOD"},
        {"code": "70062", "code_system": "LAB", "code_text": "SPUTUM"},
        {"code": "2345-7", "code_system": "LN", "code_text": "Glucose"},
        {"code_text": "Agriculture exposure questionnaire"},
        {},
    ],
)
def test_a_screen_another_test_or_part_of_a_word_is_not(order):
    assert concept(**order) is None


def test_a_code_that_the_map_gives_to_something_else_is_no_culture():
    profile = FeedProfile(name="m", codes={("L", "1"): CodeRule("lactate")})
    assert concept(profile, code="1", code_system="L", code_text="culture lactate") is None
