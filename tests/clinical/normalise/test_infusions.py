"""How fast a drug runs: units, both sides of what is allowed, ends, withdrawals."""

from datetime import timedelta

import pytest

from clinical.concepts import CONCEPTS
from clinical.normalise.infusions import INFUSION_CONCEPTS, INFUSIONS
from clinical.normalise.medications import MEDICATIONS
from tests.clinical.normalise.factories import RECEIVED, signalled

END = RECEIVED + timedelta(hours=2)


def drip(rate=0.1, rate_unit="mcg/kg/min", **row):
    return {
        "event": "administered",
        "code_text": "Norepinephrine",
        "rate": rate,
        "rate_unit": rate_unit,
        **row,
    }


def rates(*rows):
    found = signalled(medication_events=rows)
    return [
        (row["concept"], row["effective_at"], row["value"], row["void"])
        for row in found
        if row["concept"] in INFUSION_CONCEPTS
    ]


def test_an_infusion_runs_at_its_rate_from_its_start_and_at_none_from_its_end():
    assert rates(drip(0.1, ended_at=END)) == [
        ("norepinephrine_rate", RECEIVED, 0.1, False),
        ("norepinephrine_rate", END, 0.0, False),
    ]


@pytest.mark.parametrize(
    ("rate", "unit", "concept", "value"),
    [
        (0.1, "mcg/kg/min", "norepinephrine_rate", 0.1),
        (0.1, "mcgkgmin", "norepinephrine_rate", 0.1),
        (0.006, "mg/kg/hr", "norepinephrine_rate", 0.1),
        (100.0, "ng/kg/min", "norepinephrine_rate", 0.1),
        (6.0, "mcg/kg/hr", "norepinephrine_rate", 0.1),
        (8.0, "mcg/min", "norepinephrine_flow", 8.0),
        (0.48, "mg/h", "norepinephrine_flow", 8.0),
        (480.0, "mcg/hour", "norepinephrine_flow", 8.0),
    ],
)
def test_a_rate_is_told_in_the_one_unit_of_its_concept(rate, unit, concept, value):
    [found] = rates(drip(rate, unit))
    assert (found[0], found[2]) == (concept, pytest.approx(value))


@pytest.mark.parametrize(
    ("rate", "unit", "value"),
    [
        (0.04, "units/min", 0.04),
        (0.04, "Umin", 0.04),
        (2.4, "units/hour", 0.04),
        (40.0, "mU/min", 0.04),
    ],
)
def test_vasopressin_is_told_in_units_of_effect(rate, unit, value):
    [found] = rates(drip(rate, unit, code_text="Vasopressin"))
    assert (found[0], found[2]) == ("vasopressin_rate", pytest.approx(value))


@pytest.mark.parametrize("unit", ["mL/hr", "mcg/m2/min", "/min", "units/min", "furlong", None])
def test_a_rate_in_a_unit_that_is_not_listed_is_never_scored(unit):
    assert rates(drip(5.0, unit, ended_at=END)) == []


@pytest.mark.parametrize(("rate", "void"), [(0.0, False), (20.0, False), (20.001, True)])
def test_an_implausible_rate_counts_for_nothing(rate, void):
    assert [row[3] for row in rates(drip(rate))] == [void]


def test_an_administration_without_a_rate_says_nothing_of_a_rate():
    assert [row[3] for row in rates(drip(None))] == [True]
    assert rates(drip(None, None)) == []


def test_a_cancelled_administration_withdraws_both_its_start_and_its_end():
    rows = drip(ended_at=END), drip(ended_at=END, event="cancelled", message=1)
    found = [row for row in signalled(medication_events=rows) if row["concept"][-4:] == "rate"]
    start, gone, end, gone_too = sorted(found, key=lambda row: (row["effective_at"], row["void"]))
    assert (start["signal_id"], end["signal_id"]) == (gone["signal_id"], gone_too["signal_id"])
    assert (gone["void"], gone_too["void"], gone["value"]) == (True, True, None)


def test_administrations_of_one_order_are_told_apart_by_their_start():
    later = {"started_at": END, "message": 1}
    first, second = signalled(medication_events=[drip(), drip(0.2, **later)])[-2:]
    assert first["signal_id"] != second["signal_id"]


def test_a_later_end_takes_the_place_of_the_one_told_before():
    rows = drip(ended_at=END), drip(ended_at=END + timedelta(hours=1), message=1)
    ends = [row for row in signalled(medication_events=rows) if row["value"] == 0.0]
    assert len(ends) == 2
    assert len({row["signal_id"] for row in ends}) == 1


def test_a_stop_is_a_rate_of_0_in_whatever_unit_it_ran():
    assert rates(drip(0.0, None, event="not_given")) == [
        ("norepinephrine_rate", RECEIVED, 0.0, False),
        ("norepinephrine_flow", RECEIVED, 0.0, False),
    ]


@pytest.mark.parametrize("row", [{"rate": 0.1}, {"rate": None}, {"event": "discontinued"}])
def test_a_dose_refused_or_an_order_that_ends_says_nothing_of_what_runs(row):
    assert rates({**drip(0.0), "event": "not_given", **row}) == []


def test_an_order_is_not_yet_an_infusion():
    assert rates(drip(event="ordered")) == []


def test_a_drug_by_a_route_by_which_it_does_not_act_is_no_infusion():
    assert rates(drip(code_text="Epinephrine", route="NEB")) == []


@pytest.mark.parametrize(
    ("dose", "unit", "value", "void"),
    [
        (500.0, "mL", 500.0, False),
        (1.0, "L", 1000.0, False),
        (1.0, "bag", None, True),
        (10_000.0, "mL", 10_000.0, False),
        (10_001.0, "mL", None, True),
    ],
)
def test_a_crystalloid_that_was_given_has_a_volume(dose, unit, value, void):
    row = {"event": "administered", "code_text": "NaCl 0.9%", "dose": dose, "dose_unit": unit}
    started, volume = signalled(medication_events=[row])
    assert (started["concept"], volume["concept"]) == ("crystalloid", "crystalloid_volume")
    assert (volume["value"], volume["void"]) == (value, void)


def test_a_half_strength_saline_is_no_isotonic_crystalloid():
    assert signalled(medication_events=[{"code_text": "NaCl 0.45%"}]) == []


def test_every_infusion_is_an_ingredient_with_a_plausible_range():
    known = {item.ingredient for item in MEDICATIONS}
    assert {one.ingredient for one in INFUSIONS} <= known
    assert {"norepinephrine", "epinephrine", "dopamine", "dobutamine"} <= {
        one.ingredient for one in INFUSIONS
    }
    assert all(CONCEPTS[name].plausible_high for name in INFUSION_CONCEPTS)


def test_sedation_ends_with_its_administration_or_with_a_stop():
    given = {"event": "administered", "code_text": "Propofol", "ended_at": END}
    stop = {"event": "not_given", "code_text": "Propofol", "rate": 0.0, "started_at": END}
    for row in (given, stop):
        ends = [one for one in signalled(medication_events=[row]) if one["concept"][-3:] == "end"]
        assert [(one["effective_at"], one["void"]) for one in ends] == [(END, False)]


def test_a_hold_stops_an_infusion_when_it_is_written_and_a_release_starts_it_again():
    held = drip(None, None, event="held", documented_at=END, message=1)
    released = drip(0.2, event="resumed", documented_at=END + timedelta(hours=1), message=2)
    stops = [row for row in rates(drip(), held) if row[1] == END]
    assert ("norepinephrine_rate", END, 0.0, False) in stops
    assert rates(drip(), released)[-1] == (
        *("norepinephrine_rate", END + timedelta(hours=1), 0.2, False),
    )
    assert rates(drip(None, None, event="resumed")) == []


def test_other_drugs_have_no_rates():
    assert rates(drip(code_text="Paracetamol")) == []
