"""Which value an observation has, and the one reason why it may not be scored."""

from datetime import timedelta

import pytest

from clinical.normalise.values import REASONS
from tests.clinical.normalise.factories import RECEIVED, one

AHEAD = RECEIVED + timedelta(minutes=5)


def test_a_plain_vital_sign_is_scored_in_its_canonical_unit():
    row = one(72.0, "bpm")
    assert (row["concept"], row["value"], row["ucum_unit"]) == ("heart_rate", 72.0, "/min")
    assert (row["is_scored"], row["not_scored_reason"]) == (True, None)


@pytest.mark.parametrize(
    ("reason", "row"),
    [
        ("unmapped_code", {"number": 1.0, "unit": "bpm", "code": "shoe_size"}),
        ("unscored_code", {"number": 9.0, "unit": "U", "code": "3091-6", "code_system": "LN"}),
        ("unknown_unit", {"number": 72.0, "unit": "furlong"}),
        ("missing_unit", {"number": 72.0, "unit": None}),
        ("not_a_number", {"value_text": "haemolysed", "unit": "bpm"}),
        ("not_a_number", {"number": float("nan"), "unit": "bpm"}),
        ("not_a_number", {"number": float("inf"), "unit": "bpm"}),
        ("implausible", {"number": 301.0, "unit": "bpm"}),
        ("implausible", {"number": 0.0, "unit": "bpm"}),
        ("future", {"number": 72.0, "unit": "bpm", "effective_at": AHEAD + timedelta(seconds=1)}),
        ("bad_time", {"number": 72.0, "unit": "bpm", "time_flag": "bad_time"}),
        ("bad_time", {"number": 72.0, "unit": "bpm", "effective_at": None}),
        ("unknown_answer", {"code": "consciousness", "value_text": "Chatty"}),
        ("untestable", {"code": "consciousness", "value_text": "Sedated"}),
        ("untestable", {"number": 1.0, "code": "gcs_verbal", "value_text": "1.0 ET/Trach"}),
        ("no_value", {"unit": "bpm"}),
        ("no_value", {"unit": "bpm", "value_text": ""}),
        ("no_value", {"number": 72.0, "unit": "bpm", "status": "registered"}),
        ("retracted", {"number": 72.0, "unit": "bpm", "status": "entered_in_error"}),
        ("retracted", {"status": "cancelled"}),
        ("wrong_patient", {"number": 72.0, "unit": "bpm", "status": "wrong_patient"}),
    ],
)
def test_a_row_that_is_not_scored_says_why(reason, row):
    found = one(**row)
    assert found["not_scored_reason"] == reason
    assert found["is_scored"] is False


def test_every_reason_of_the_contract_is_tested_above():
    marks = test_a_row_that_is_not_scored_says_why.pytestmark[0].args[1]
    assert {reason for reason, _ in marks} == set(REASONS)


@pytest.mark.parametrize(
    "status", ["final", "preliminary", "corrected", "amended", "appended", "unknown"]
)
def test_a_result_that_stands_is_scored(status):
    assert one(72.0, "bpm", status=status)["is_scored"]


def test_a_clock_five_minutes_ahead_is_not_the_future():
    assert one(72.0, "bpm", effective_at=AHEAD)["is_scored"]


def test_the_first_reason_of_the_order_is_kept():
    row = one(999.0, "bpm", status="entered_in_error", effective_at=AHEAD + timedelta(days=1))
    assert row["not_scored_reason"] == "retracted"
    row = one(999.0, "bpm", effective_at=AHEAD + timedelta(days=1))
    assert row["not_scored_reason"] == "future"


def test_an_implausible_value_is_kept():
    assert one(900.0, "bpm")["value"] == 900.0


def test_a_number_in_an_unknown_unit_has_no_value_but_stays_as_sent():
    row = one(72.0, "furlong")
    assert (row["value"], row["value_number"], row["unit_as_sent"]) == (None, 72.0, "furlong")


@pytest.mark.parametrize(
    ("concept", "unit", "comparator", "bound", "value"),
    [
        ("spo2", "%", "<", 90.0, 89.0),
        ("spo2", "%", ">", 90.0, 91.0),
        ("spo2", "%", "<=", 90.0, 90.0),
        ("spo2", "%", ">=", 90.0, 90.0),
        ("lactate", "mmol/L", "<", 0.3, 0.2),
        ("lactate", "mmol/L", ">", 20.0, 20.1),
        ("temperature", "Cel", "<", 35.0, 34.9),
        ("lactate", "mmol/L", "<", 0.25, 0.2),  # not on the grid: the next grid value below
        ("creatinine", "umol/L", "<", 27.0, 0.3),  # 0.305 mg/dL
    ],
)
def test_a_censored_value_is_the_nearest_it_can_be_on_its_grid(
    concept, unit, comparator, bound, value
):
    row = one(bound, unit, code=concept, comparator=comparator)
    assert row["value"] == pytest.approx(value, abs=1e-12)
    assert row["value_number"] == bound
    assert row["is_scored"]


@pytest.mark.parametrize(
    ("number", "unit", "value", "reason"),
    [
        (0.4, None, 40.0, None),
        (0.4, "%", 40.0, None),
        (0.4, "1", 40.0, None),
        (0.5, "torr", 50.0, None),  # by the feed's own alias
        (0.21, None, 21.0, None),
        (0.2, "%", 20.0, None),
        (1.0, "%", 100.0, None),
        (20.0, "%", 20.0, None),
        (21.0, "%", 21.0, None),
        (100.0, None, 100.0, None),
        (0.19, "%", 0.19, "implausible"),
        (1.1, "%", 1.1, "implausible"),
        (6.0, "%", 6.0, "implausible"),
        (19.9, "%", 19.9, "implausible"),
        (101.0, "%", 101.0, "implausible"),
        (40.0, "L/min", None, "unknown_unit"),
    ],
)
def test_inspired_oxygen_is_told_by_its_size(number, unit, value, reason):
    row = one(number, unit, code="fio2")
    assert row["value"] == (None if value is None else pytest.approx(value))
    assert row["not_scored_reason"] == reason


def test_a_saturation_of_one_per_cent_is_not_taken_for_a_fraction():
    assert one(1.0, "%", code="spo2")["value"] == 1.0


def test_a_celsius_value_sent_as_fahrenheit_is_implausible():
    assert one(37.0, "[degF]", code="temperature")["not_scored_reason"] == "implausible"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Alert", "A"),
        (" ALERT ", "A"),
        ("New confusion", "C"),
        ("V", "V"),
        ("u", "U"),
        ("P^Responds to pain^L", "P"),
        ("x^Alert^L", "A"),
    ],
)
def test_an_answer_is_looked_up_in_the_feeds_words_and_then_in_the_concepts_own(text, code):
    row = one(code="consciousness", value_text=text)
    assert (row["value_code"], row["is_scored"]) == (code, True)
    assert row["value"] == "ACVPU".index(code)
    assert row["ucum_unit"] is None


def test_a_text_that_stands_for_a_number_comes_before_the_number():
    row = one(code="gcs_verbal", value_text="5 Oriented")
    assert (row["value"], row["value_code"], row["is_scored"]) == (5.0, None, True)
    row = one(4.0, code="gcs_verbal", value_text="4 Confused")
    assert (row["value"], row["is_scored"]) == (4.0, True)


def test_a_coded_answer_sent_as_a_bare_number_is_read_as_its_code():
    row = one(code="spo2_scale", value_number=2.0)
    assert (row["value"], row["value_code"], row["is_scored"]) == (2.0, "2", True)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_not_stored_as_one(number):
    row = one(number, "bpm")
    assert (row["value_number"], row["value"]) == (None, None)
