"""The dictionary is sound, and rounding is exact on the grids it names."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.concepts import CONCEPTS, grid_above, grid_below, round_half_up, round_value
from tests.clinical.ucum_texts import is_ucum

NUMERIC = [concept for concept in CONCEPTS.values() if concept.kind == "numeric"]


def by_name(concept):
    return concept.name


@pytest.mark.parametrize("concept", NUMERIC, ids=by_name)
def test_unit_of_a_numeric_concept_is_ucum(concept):
    assert is_ucum(concept.unit)


@pytest.mark.parametrize("concept", NUMERIC, ids=by_name)
def test_plausible_range_of_a_numeric_concept_is_a_range_on_its_grid(concept):
    assert concept.plausible_low < concept.plausible_high
    for bound in (concept.plausible_low, concept.plausible_high):
        assert round_value(bound, concept.precision) == bound


@pytest.mark.parametrize("concept", CONCEPTS.values(), ids=by_name)
def test_every_concept_has_a_description_and_a_source(concept):
    assert concept.description
    assert concept.source


def test_only_coded_concepts_have_answers_and_each_answer_its_own_number():
    for concept in CONCEPTS.values():
        assert bool(concept.answers) == (concept.kind == "coded")
        assert len(set(concept.answers.values())) == len(concept.answers)


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("heart_rate", 12),
        ("consciousness", 12),
        ("fio2", 12),
        ("lactate", 24),
        ("culture", 96),
        ("antibiotic", 96),
        ("vasopressor", 96),
        ("code_status", 168),
        ("spo2_scale", None),
        ("birth_date", None),
    ],
)
def test_look_back_is_as_long_as_a_value_speaks_for_the_patient(name, hours):
    assert CONCEPTS[name].lookback_hours == hours


def test_consciousness_has_the_answers_of_news2():
    assert dict(CONCEPTS["consciousness"].answers) == {"A": 0, "C": 1, "V": 2, "P": 3, "U": 4}


@pytest.mark.parametrize(
    ("value", "precision", "rounded"),
    [
        (7.25, 0.1, 7.3),
        (7.35, 0.1, 7.4),
        (38.05, 0.1, 38.1),
        (38.04, 0.1, 38.0),
        (35.05, 0.1, 35.1),
        (1.005, 0.01, 1.01),
        (94.5, 1.0, 95.0),
        (94.499999, 1.0, 94.0),
        (-0.05, 0.1, 0.0),
        (-2.5, 1.0, -2.0),
        (0.0000005, 0.000001, 0.0),
        (36.99999999999999, 0.1, 37.0),
        (1e12, 0.1, 1e12),
    ],
)
def test_a_half_is_rounded_up_whatever_the_float_says(value, precision, rounded):
    assert round_value(value, precision) == rounded


DECIMALS = st.decimals(-10_000, 10_000, places=6)
PRECISIONS = st.sampled_from(["1", "0.1", "0.01", "0.001", "0.5", "5"])


def _steps(value, precision, rounding):
    step = Decimal(precision)
    return (value / step).to_integral_value(rounding) * step


@given(st.lists(DECIMALS, max_size=20), PRECISIONS)
def test_rounding_agrees_with_decimal_arithmetic(values, precision):
    floats = np.array([float(value) for value in values], dtype=np.float64)
    half = Decimal(precision) / 2
    expected = [float(_steps(value + half, precision, ROUND_FLOOR)) for value in values]
    assert round_half_up(floats, float(precision)).tolist() == expected


@given(st.decimals(0, 10_000, places=6), PRECISIONS)
def test_rounding_of_positive_numbers_is_the_school_rule(value, precision):
    expected = float(_steps(value, precision, ROUND_HALF_UP))
    assert round_value(float(value), float(precision)) == expected


@given(DECIMALS, PRECISIONS)
def test_grid_neighbours_are_the_nearest_values_strictly_beside(value, precision):
    number, step = np.array([float(value)]), float(precision)
    below = _steps(value, precision, ROUND_CEILING) - Decimal(precision)
    above = _steps(value, precision, ROUND_FLOOR) + Decimal(precision)
    assert grid_below(number, step).tolist() == [float(below)]
    assert grid_above(number, step).tolist() == [float(above)]


def test_rounding_takes_a_precision_per_value_and_leaves_what_is_no_number():
    values = np.array([7.25, 94.5, np.nan, np.inf])
    rounded = round_half_up(values, np.array([0.1, 1.0, 1.0, 1.0]))
    assert rounded[:2].tolist() == [7.3, 95.0]
    assert np.isnan(rounded[2])
    assert rounded[3] == np.inf
