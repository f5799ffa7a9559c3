"""Units as sent become the canonical unit, or stay what they are with a reason."""

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.concepts import CONCEPTS, round_value
from clinical.normalise.conversions import affine
from clinical.normalise.units import SPELLINGS, conversion
from tests.clinical.ucum_texts import is_ucum


def converted(concept, number, unit, default=None, aliases=None):
    found = conversion(CONCEPTS[concept], unit, default, aliases or {})
    return found.reason or number * found.factor + found.offset


@pytest.mark.parametrize(
    ("concept", "number", "unit", "canonical"),
    [
        ("temperature", 98.6, "[degF]", 37.0),
        ("temperature", 100.4, "Deg. F", 38.0),
        ("temperature", 212, "?F", 100.0),
        ("temperature", 37.0, "°C", 37.0),
        ("temperature", 310.15, "K", 37.0),
        ("glucose", 5.0, "mmol/L", 90.078),
        ("glucose", 90.0, "MG/DL", 90.0),
        ("creatinine", 88.4, "UMOLL", 1.0),
        ("creatinine", 88.4, "µmol/L", 1.0),
        ("lactate", 18.0, "mg/dL", 2.0),
        ("bilirubin_total", 20.0, "umol/L", 1.17),
        ("bun", 10.0, "mmol/L", 28.0),
        ("paco2", 5.3, "kPa", 39.75),
        ("paco2", 40.0, "mm Hg", 40.0),
        ("wbc", 11.0, "K/uL", 11.0),
        ("wbc", 11.0, "10*9/L", 11.0),
        ("wbc", 11000.0, "/uL", 11.0),
        ("sodium", 140.0, "mEq/L", 140.0),
        ("calcium", 5.0, "mEq/L", 10.02),
        ("calcium", 2.5, "mmol/L", 10.02),
        ("haemoglobin", 135.0, "g/L", 13.5),
        ("haematocrit", 0.42, "L/L", 42.0),
        ("spo2", 0.97, "1", 97.0),
        ("alt", 1.0, "ukat/L", 60.0),
        ("alt", 30.0, "IU/L", 30.0),
        ("weight", 154.0, "lbs", 69.85),
        ("height", 70.0, "in", 177.8),
        ("heart_rate", 72.0, "{beats}/min", 72.0),
        ("heart_rate", 72.0, "BPM", 72.0),
        ("ph", 7.4, "units", 7.4),
        ("gcs_total", 15.0, "points", 15.0),
    ],
)
def test_unit_as_sent_becomes_the_canonical_unit(concept, number, unit, canonical):
    assert converted(concept, number, unit) == pytest.approx(canonical, rel=2e-3)


@pytest.mark.parametrize(
    ("concept", "unit"),
    [
        ("heart_rate", "mm[Hg]"),  # another dimension
        ("heart_rate", "gibberish"),
        ("platelets", "[iU]/L"),  # arbitrary units convert to nothing
        ("spo2", "deg"),  # an angle is no share
        ("spo2", "{score}"),  # nor is an annotation a unit
        ("platelets", "mmol/L"),  # no molar mass
        ("phosphate", "mEq/L"),  # its charge depends on the pH
        ("fio2", "torr"),
        ("gcs_eye", "mg/dL"),
        ("ph", "mmol/L"),
        ("creatinine", "mmol"),
    ],
)
def test_a_unit_that_does_not_fit_is_never_guessed(concept, unit):
    assert converted(concept, 1.0, unit) == "unknown_unit"


@pytest.mark.parametrize("sent", [None, "", "  ", '""'])
def test_a_missing_unit_is_the_code_maps_or_none(sent):
    assert converted("heart_rate", 72.0, sent) == "missing_unit"
    assert converted("heart_rate", 72.0, sent, default="bpm") == 72.0
    assert converted("inr", 1.1, sent) == 1.1
    assert converted("fio2", 40.0, sent) == 40.0


def test_a_unit_as_sent_beats_the_code_maps():
    assert converted("temperature", 98.6, "[degF]", default="Cel") == pytest.approx(37.0)


def test_the_feeds_own_spelling_comes_first_and_may_hold_for_one_concept():
    aliases = {"MEQ": "mmol/L", "fio2:torr": "%"}
    assert converted("potassium", 4.1, "MEQ", aliases=aliases) == 4.1
    assert converted("fio2", 40.0, "torr", aliases=aliases) == 40.0
    assert converted("paco2", 40.0, "torr", aliases=aliases) == 40.0


def test_fahrenheit_reaches_the_exact_tenth_of_a_degree():
    for tenths in range(900, 1100):
        exact = math.floor((tenths / 10 - 32) * 5 / 9 * 10 + 0.5 + 1e-9) / 10
        assert round_value(converted("temperature", tenths / 10, "[degF]"), 0.1) == exact


def test_every_spelling_stands_for_ucum_or_for_a_bare_number():
    assert all(is_ucum(ucum) for ucum in set(SPELLINGS.values()))


PAIRS = st.sampled_from(
    [
        ("temperature", "[degF]"),
        ("temperature", "K"),
        ("glucose", "mmol/L"),
        ("creatinine", "umol/L"),
        ("paco2", "kPa"),
        ("wbc", "/uL"),
        ("weight", "[lb_av]"),
        ("haemoglobin", "mmol/L"),
    ]
)


@given(PAIRS, st.floats(-1e6, 1e6))
def test_converting_there_and_back_gives_the_number(pair, number):
    concept, unit = CONCEPTS[pair[0]], pair[1]
    there = affine(unit, concept.unit, concept.molar_mass)
    back = affine(concept.unit, unit, concept.molar_mass)
    canonical = number * there[0] + there[1]
    assert canonical * back[0] + back[1] == pytest.approx(number, rel=1e-9, abs=1e-6)


def test_canonical_units_and_plain_spellings_load_no_unit_library():
    program = (
        "import sys\n"
        "from clinical.concepts import CONCEPTS\n"
        "from clinical.normalise.units import conversion\n"
        "sent = {'heart_rate': 'bpm', 'wbc': 'K/uL', 'sodium': 'mEq/L', 'inr': None}\n"
        "found = [conversion(CONCEPTS[name], unit, None, {}) for name, unit in sent.items()]\n"
        "assert not any(item.reason for item in found)\n"
        "sys.exit('pint' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
