"""The CDC Adult Sepsis Event: days, new drugs and dysfunctions on both sides of each edge."""

from dataclasses import replace
from datetime import date

import pytest

from clinical.adjudication.adult_sepsis_event import event
from clinical.adjudication.antimicrobial_days import ends_early
from clinical.adjudication.organ_dysfunction import Visit
from tests.clinical.adjudication.timelines import VISIT, ZONE, at, culture, dose, value

DAY = 24
# Blood culture on the first day, one antibiotic by vein on four days from it, a vasopressor.
SEPTIC = Visit(
    VISIT,
    cultures=[culture(0)],
    antibiotics=[dose(day * DAY) for day in range(4)],
    vasopressors=[dose(DAY, name="norepinephrine")],
)


def reason(visit, variant="cdc_ase"):
    return event(visit, ZONE, variant).reason


def dysfunctions(variant="cdc_ase", **told):
    visit = replace(SEPTIC, vasopressors=[], **told)
    return event(visit, ZONE, variant).dysfunctions


def days(*numbers, **told):
    return [dose(number * DAY, **told) for number in numbers]


def test_event_is_dated_by_the_earliest_of_its_parts():
    found = event(SEPTIC, ZONE, "cdc_ase")
    assert (found.reason, found.dysfunctions) == (None, ("vasopressor",))
    assert (found.onset_on, found.antimicrobial_days) == (date(2026, 1, 5), 4)
    early = replace(SEPTIC, vasopressors=[dose(-2 * DAY)])
    assert event(early, ZONE, "cdc_ase").onset_on == date(2026, 1, 3)


def test_four_days_are_needed_and_three_are_too_few():
    assert reason(replace(SEPTIC, antibiotics=days(0, 1, 2, 3))) is None
    assert reason(replace(SEPTIC, antibiotics=days(0, 1, 2))) == "too_few_days"
    assert reason(replace(SEPTIC, antibiotics=days(0, 1, 3, 4))) == "too_few_days"


@pytest.mark.parametrize(
    ("first", "expected"),
    [(-3, "none_new_near_culture"), (-2, None), (2, None), (3, "none_new_near_culture")],
)
def test_days_begin_within_two_days_of_the_culture(first, expected):
    given = days(*range(first, first + 6))
    assert reason(replace(SEPTIC, antibiotics=given)) == expected


@pytest.mark.parametrize(("before", "expected"), [(-3, None), (-2, "none_new_near_culture")])
def test_drug_is_new_when_it_was_not_given_for_two_days(before, expected):
    # Given long before the culture, then again from the day of it on.
    given = days(*range(-9, before + 1), *range(4))
    gap_before = -before - 1
    assert gap_before == (2 if expected is None else 1)
    assert reason(replace(SEPTIC, antibiotics=given)) == expected


def test_days_of_different_new_drugs_count_together():
    given = [*days(0, 1, name="cefepime"), *days(2, 3, name="meropenem")]
    assert reason(replace(SEPTIC, antibiotics=given)) is None


def test_one_dose_has_to_be_parenteral():
    by_mouth = days(0, 1, 2, 3, route="other")
    assert reason(replace(SEPTIC, antibiotics=by_mouth)) == "none_parenteral"
    one = [*by_mouth, dose(DAY, route="parenteral", name="ceftriaxone")]
    assert reason(replace(SEPTIC, antibiotics=one)) is None


def test_order_counts_on_each_of_its_days():
    assert reason(replace(SEPTIC, antibiotics=[dose(0, until=72, is_given=False)])) is None
    assert reason(replace(SEPTIC, antibiotics=[dose(0, until=50)])) == "too_few_days"


@pytest.mark.parametrize(("ended", "expected"), [(1, None), (2, None), (3, "too_few_days")])
def test_fewer_days_suffice_where_the_visit_ended_early(ended, expected):
    visit = replace(SEPTIC, antibiotics=days(0, 1), ended_early=at(ended * DAY))
    assert reason(visit) == expected


@pytest.mark.parametrize("on", [-3, 3])
def test_dysfunction_further_off_than_two_days_does_not_count(on):
    assert dysfunctions(values={"lactate": [value(on * DAY, 5.0)]}, variant="cdc_ase_lactate") == ()
    near = on - 1 if on > 0 else on + 1
    told = {"lactate": [value(near * DAY, 5.0)]}
    assert dysfunctions(values=told, variant="cdc_ase_lactate") == ("lactate",)


@pytest.mark.parametrize(
    ("concept", "baseline", "just", "short", "kind"),
    [
        ("creatinine", 0.8, 1.6, 1.59, "creatinine"),
        ("bilirubin_total", 1.0, 2.0, 1.99, "bilirubin"),
        ("bilirubin_total", 1.1, 2.2, 2.1, "bilirubin"),
        ("platelets", 180, 90, 91, "platelets"),
        ("platelets", 198, 99, 100, "platelets"),
        ("platelets", 100, 50, 51, "platelets"),
    ],
)
def test_laboratory_dysfunction_on_both_sides_of_its_edge(concept, baseline, just, short, kind):
    for number, expected in ((just, (kind,)), (short, ())):
        told = {concept: [value(-100, baseline), value(1, number)]}
        assert dysfunctions(values=told) == expected


def test_platelets_that_were_low_before_are_no_dysfunction():
    assert dysfunctions(values={"platelets": [value(-100, 99), value(1, 40)]}) == ()


def test_lactate_of_2_counts_in_its_variant_alone():
    told = {"lactate": [value(1, 2.0)]}
    assert dysfunctions(values=told) == ()
    assert dysfunctions(values=told, variant="cdc_ase_lactate") == ("lactate",)
    told = {"lactate": [value(1, 1.9)]}
    assert dysfunctions(values=told, variant="cdc_ase_lactate") == ()


def test_creatinine_does_not_count_in_end_stage_renal_disease():
    told = {"creatinine": [value(-100, 4), value(1, 9)]}
    assert dysfunctions(values=told) == ("creatinine",)
    assert dysfunctions(values=told, has_end_stage_renal_disease=True) == ()


def test_vasopressor_and_ventilator_have_to_begin():
    going_on = [dose(day * DAY) for day in range(-9, 3)]
    assert reason(replace(SEPTIC, vasopressors=going_on)) == "no_dysfunction"
    anew = [*going_on[:7], dose(0)]
    assert reason(replace(SEPTIC, vasopressors=anew)) is None
    ventilated = [value(hour, 12) for hour in (1, 5)]
    assert dysfunctions(ventilated=ventilated) == ("ventilation",)
    long = [value(day * DAY, 12) for day in range(-9, 9)]
    assert dysfunctions(ventilated=long) == ()


def test_children_have_no_adult_sepsis_event():
    assert reason(replace(SEPTIC, birth_date=date(2008, 1, 6))) == "under_age"
    assert reason(replace(SEPTIC, birth_date=date(2008, 1, 5))) is None


def test_what_was_wanting_is_named():
    assert reason(replace(SEPTIC, cultures=[])) == "no_blood_culture"
    assert reason(replace(SEPTIC, cultures=[culture(0, is_blood=False)])) == "no_blood_culture"
    assert reason(replace(SEPTIC, antibiotics=[])) == "no_antibiotic"
    assert reason(replace(SEPTIC, vasopressors=[])) == "no_dysfunction"


def test_second_culture_may_be_the_one_that_counts():
    visit = replace(SEPTIC, cultures=[culture(-9 * DAY), culture(0)])
    assert event(visit, ZONE, "cdc_ase").culture_on == date(2026, 1, 5)


def test_death_hospice_and_transfer_end_a_visit_early():
    for disposition in ("20", "DEAD/EXPIRED", "HOSPICE-HOME", "SHORT TERM HOSPITAL"):
        assert ends_early(disposition)
    assert not any(map(ends_early, ("HOME", "SNF", "REHAB/DISTINCT PART HOSP", "", None)))
