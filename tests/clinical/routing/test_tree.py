"""Which route answers which alert, as a table; and that every alert reaches somebody."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.alerts import SEVERITIES, next_step_at, raised
from clinical.routing import plan
from tests.clinical.routing.trees import NOW, alert, hospital, people

TREE = hospital(
    "{name: technical, match: {technical: true}, chain: note}",
    "{name: copy, match: {severity: critical}, chain: note, continue: true}",
    "{name: icu, match: {unit: 'ICU*'}, chain: icu, routes: ["
    "{name: icu low, match: {severity: [low, medium]}, chain: note},"
    "{name: icu night, match: {shift: night, weekday: fri}}]}",
    "{name: ordering, match: {role: ordering_clinician}, chain: note}",
    "{name: rule, match: {rule: 'kdigo_*', family: kdigo}, chain: note}",
    "{name: nowhere, match: {unit: ''}, chain: icu}",
    "{name: drills, match: {drill: true}, chain: note}",
)


@pytest.mark.parametrize(
    ("subject", "names"),
    [
        (alert(), ["ward"]),
        (alert("critical"), ["copy"]),
        (alert("critical", "ICU2"), ["copy", "icu night"]),
        (alert("high", "ICU2"), ["icu night"]),
        (alert("low", "ICU2"), ["icu low"]),
        (alert("low", "icu"), ["ward"]),
        (alert("high", "MED", route="ordering_clinician"), ["ordering"]),
        (alert(rule="kdigo_stage_2", rule_family="kdigo"), ["rule"]),
        (alert(rule="kdigo_stage_2"), ["ward"]),
        (alert("high", None), ["nowhere"]),
        (alert("critical", None, technical=True), ["technical"]),
        (alert(drill=True), ["drills"]),
    ],
)
def test_alert_goes_to_the_first_route_that_it_matches(subject, names):
    told = plan(TREE, subject, NOW)
    assert told.why.startswith(f"route {' and '.join(names)}, chain")
    assert set(names) <= set(told.path)


def test_shift_and_weekday_are_those_of_the_wall_clock():
    at_noon = plan(TREE, alert("high", "ICU2"), NOW + timedelta(hours=8))
    on_saturday = plan(TREE, alert("high", "ICU2"), NOW + timedelta(days=1))
    assert at_noon.path == on_saturday.path == ("ward", "icu")


def test_where_no_route_matches_the_root_answers():
    assert people(hospital(), alert()) == [["anna"], ["cleo"], ["chief", "cleo"]]


def test_what_a_route_leaves_out_is_its_parents():
    inherits = hospital("{match: {severity: high}, routes: [{match: {unit: MED}}]}")
    assert people(inherits, alert()) == people(hospital(), alert())


def test_with_continue_both_are_told_each_at_its_own_time_and_nobody_twice():
    both = hospital(
        "{match: {severity: critical}, chain: icu, continue: true}", "{match: {unit: MED}}"
    )
    made = plan(both, alert("critical"), NOW)
    assert people(both, alert("critical")) == [
        ["anna", "cleo"],
        ["chief", "cleo"],
        ["chief", "cleo"],
    ]
    assert [step.after for step in made.steps] == [timedelta(minutes=one) for one in (0, 5, 15)]
    assert made.repeat == timedelta(minutes=5)


_WORDS = st.sampled_from(["news2", "kdigo", "septic_shock", "other"])
_SUBJECTS = st.builds(
    alert,
    st.sampled_from(SEVERITIES),
    st.sampled_from(["MED", "ICU", "ICU2", "", None, "*", "[a"]),
    rule_family=_WORDS,
    rule=_WORDS,
    route=st.sampled_from(["unit", "ordering_clinician", "unheard_of"]),
    drill=st.booleans(),
    technical=st.booleans(),
    patient=st.sampled_from([None, "p"]),
)


@settings(max_examples=100, deadline=None)
@given(_SUBJECTS, st.integers(0, 60 * 24 * 14))
def test_every_alert_reaches_somebody_now_or_when_the_quiet_hours_end(subject, minutes):
    now = NOW + timedelta(minutes=minutes)
    made = plan(TREE, subject, now)
    assert made.verdict == "notify"
    assert all(step.targets and all(one.receivers for one in step.targets) for step in made.steps)
    afters = [step.after for step in made.steps]
    assert afters == sorted(set(afters))
    assert [step.number for step in made.steps] == list(range(len(afters)))
    assert afters[0] <= timedelta(hours=10)
    assert afters[0] == timedelta(0) or subject.severity in {"low", "medium"}


@settings(max_examples=100, deadline=None)
@given(_SUBJECTS)
def test_every_plan_has_a_next_step_until_somebody_takes_the_alert(subject):
    made = plan(TREE, subject, NOW)
    life = raised(subject.alert_id, subject.severity, NOW)
    assert next_step_at(life, made.chain, made.repeat) > NOW
