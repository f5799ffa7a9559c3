"""Septic shock: a vasopressor and a raised lactate at one time, each edge on both sides."""

import pytest

from clinical.adjudication.sepsis3 import READINGS, onsets
from clinical.adjudication.septic_shock import shock
from clinical.adjudication.suspicion import CHOICES, suspected
from tests.clinical.adjudication.timelines import (
    VISIT,
    ZONE,
    culture,
    dose,
    hours_of,
    sofa,
    told,
    value,
)


def sepsis(totals=None):
    judged = suspected(told([culture(0)], [dose(1)]), CHOICES["mimic_code"], ZONE)
    [onset] = onsets(judged, sofa(totals or {0: 4}), READINGS["mimic_code"], [VISIT])
    return onset


def pressor(start, until=None, **told_of):
    return dose(start, until, name="norepinephrine", **told_of)


def shocked(vasopressors, lactates):
    return shock(sepsis(), vasopressors, lactates)


@pytest.mark.parametrize(("lactate", "reason"), [(2.0, "no_raised_lactate"), (2.1, None)])
def test_lactate_has_to_be_above_2(lactate, reason):
    assert shocked([pressor(1, 5)], [value(2, lactate)]).reason == reason


def test_shock_begins_when_both_hold():
    assert hours_of(shocked([pressor(1, 5)], [value(2, 4.0)]).shock_at) == 2
    assert hours_of(shocked([pressor(3, 5)], [value(2, 4.0)]).shock_at) == 3


@pytest.mark.parametrize(("later", "reason"), [(5.9, None), (6, "not_together")])
def test_vasopressor_has_to_run_still(later, reason):
    assert shocked([pressor(1, 6)], [value(later, 4.0)]).reason == reason


@pytest.mark.parametrize(("later", "reason"), [(1.9, None), (2, "not_together")])
def test_rate_without_an_end_runs_for_an_hour(later, reason):
    assert shocked([pressor(1)], [value(later, 4.0)]).reason == reason


@pytest.mark.parametrize(("start", "reason"), [(23.9, None), (24, "not_together")])
def test_lactate_counts_for_its_look_back(start, reason):
    assert shocked([pressor(start, 30)], [value(0, 4.0)]).reason == reason


def test_lactate_counts_until_a_newer_one():
    assert shocked([pressor(5, 9)], [value(1, 4.0), value(4, 1.5)]).reason == "not_together"


@pytest.mark.parametrize(
    ("start", "is_met"), [(24, True), (24.01, False), (-48, True), (-48.5, True), (-49.5, False)]
)
def test_both_have_to_meet_within_the_window_of_dysfunction(start, is_met):
    found = shocked([pressor(start)], [value(max(start, -48), 3.0)])
    assert (found.reason is None) is is_met


def test_ordered_vasopressor_does_not_run():
    assert shocked([pressor(1, 5, is_given=False)], [value(2, 4)]).reason == "no_vasopressor"


def test_without_sepsis_lactate_or_vasopressor_it_says_which():
    assert shock(sepsis({0: 0}), [pressor(1)], [value(1, 4)]).reason == "no_sepsis"
    assert shocked([], [value(1, 4)]).reason == "no_vasopressor"
    assert shocked([pressor(1)], []).reason == "no_lactate"


def test_shock_is_known_when_the_last_of_its_rows_was():
    found = shocked([pressor(1, 5)], [value(2, 4.0, known=7)])
    assert hours_of(found.known_at) == 7
    assert len(found.sources) == 2
