"""What keeps an alert from being told: silences, worse alerts, one told just before."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.alerts import SEVERITIES, STATES, rank
from clinical.routing import Silence, Situation, match_of, objection, plan
from tests.clinical.routing.trees import MINUTE, NOW, alert, beside, hospital

HOSPITAL = hospital()


def _beside(*cases, **rest):
    return Situation(cases=cases, **rest)


def _silence(match=None, patient=None, minutes=30):
    return Silence(
        "s1",
        match_of(match or {"family": "news2"}),
        NOW - MINUTE,
        NOW + minutes * MINUTE,
        "nurse.a",
        "line change",
        patient,
    )


def test_worse_alert_of_the_same_patient_hides_one_until_it_is_closed():
    made = plan(HOSPITAL, alert(), NOW, _beside(beside()))
    assert (made.verdict, made.by, made.steps) == ("inhibited", "feed-0-0-septic_shock", ())
    assert made.until == NOW + timedelta(minutes=30)


@pytest.mark.parametrize(
    "other",
    [
        beside(patient="q"),
        beside(drill=True),
        beside("medium"),
        beside(state="resolved"),
        beside(state="retracted"),
        beside(state="snoozed"),
        beside(told=None),
        beside(rule_family="kdigo", unit="ICU"),
        beside(alert_id="feed-0-1-news2"),
        beside(told=12 * 60),
        beside(told=-1),
    ],
    ids=[
        "patient",
        "drill",
        "milder",
        "closed",
        "retracted",
        "snoozed",
        "untold",
        "unrelated",
        "itself",
        "forgotten",
        "not yet told",
    ],
)
def test_what_hides_nothing(other):
    assert plan(HOSPITAL, alert(), NOW, _beside(other)).verdict == "notify"


def test_alert_without_a_patient_is_hidden_by_none():
    nobody = alert(patient=None)
    made = plan(HOSPITAL, nobody, NOW, _beside(beside(patient=None)))
    assert made.verdict == "notify"


def test_two_alerts_that_hide_each_other_are_not_both_hidden():
    shock = beside("critical", told=None).subject
    news2 = beside("critical", told=None, alert_id="feed-0-1-news2", rule_family="news2")
    assert plan(HOSPITAL, shock, NOW, _beside(news2)).verdict == "notify"
    told = replace(news2, told_at=NOW)
    assert plan(HOSPITAL, shock, NOW, _beside(told)).verdict == "inhibited"


def test_less_for_a_patient_told_of_just_before_is_not_told_of_at_once_but_escalates():
    other = beside("high", rule_family="kdigo")
    made = plan(HOSPITAL, alert("high"), NOW, _beside(other))
    assert (made.verdict, made.by, made.until) == ("grouped", "feed-0-0-septic_shock", None)
    assert made.steps[0].targets == ()
    assert made.steps[1:] == plan(HOSPITAL, alert("high"), NOW).steps[1:]
    assert made.chain


@pytest.mark.parametrize(
    "other",
    [
        beside("medium", rule_family="kdigo"),
        beside("high", rule_family="kdigo", told=5),
        beside("high", rule_family="kdigo", unit="ICU"),
        beside("high", rule_family="kdigo", route="ordering_clinician"),
    ],
    ids=["milder", "earlier", "elsewhere", "others"],
)
def test_what_is_not_grouped(other):
    assert plan(HOSPITAL, alert("high"), NOW, _beside(other)).verdict == "notify"


def test_critical_alert_is_always_told():
    other = beside("critical", rule_family="kdigo")
    assert plan(HOSPITAL, alert("critical"), NOW, _beside(other)).verdict == "notify"


def test_grouping_can_be_switched_off_by_a_route():
    off = hospital("{match: {unit: MED}, group: 0s}")
    other = beside("high", rule_family="kdigo")
    assert plan(off, alert("high"), NOW, _beside(other)).verdict == "notify"


def test_silence_hides_until_it_ends():
    made = plan(HOSPITAL, alert(), NOW, Situation(silences=[_silence()]))
    assert (made.verdict, made.by, made.until) == ("silenced", "s1", NOW + 30 * MINUTE)
    assert "nurse.a" in made.why
    later = plan(HOSPITAL, alert(), NOW + 30 * MINUTE, Situation(silences=[_silence()]))
    assert later.verdict == "notify"


def test_of_several_silences_the_longest_counts():
    both = [_silence(), replace(_silence(minutes=90), silence_id="s2"), _silence(minutes=60)]
    made = plan(HOSPITAL, alert(), NOW, Situation(silences=both))
    assert (made.by, made.until) == ("s2", NOW + 90 * MINUTE)


def test_silence_of_one_patient_is_of_no_other():
    silences = [_silence({}, patient="q")]
    assert plan(HOSPITAL, alert(), NOW, Situation(silences=silences)).verdict == "notify"
    assert plan(HOSPITAL, alert(patient="q"), NOW, Situation(silences=silences)).by == "s1"


def test_silence_hides_what_is_critical_only_where_it_says_so():
    silenced = Situation(silences=[_silence()])
    assert plan(HOSPITAL, alert("critical"), NOW, silenced).verdict == "notify"
    said = Situation(silences=[_silence({"severity": "critical"})])
    assert plan(HOSPITAL, alert("critical"), NOW, said).verdict == "silenced"


def test_silence_does_not_hide_a_drill():
    silenced = Situation(silences=[_silence()])
    assert plan(HOSPITAL, alert(drill=True), NOW, silenced).verdict == "notify"


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(SEVERITIES),
    st.lists(
        st.builds(
            beside,
            st.sampled_from(SEVERITIES),
            st.sampled_from(STATES),
            st.sampled_from([None, 0, 1, 10]),
            rule_family=st.sampled_from(["septic_shock", "news2", "kdigo"]),
            drill=st.booleans(),
        ),
        max_size=4,
    ),
)
def test_nothing_is_hidden_by_what_is_milder_closed_untold_or_a_drill(severity, cases):
    made = plan(HOSPITAL, alert(severity), NOW, _beside(*cases))
    if made.verdict == "notify":
        return
    fit = [
        one
        for one in cases
        if rank(one.subject.severity) >= rank(severity)
        and not one.subject.drill
        and one.told_at is not None
        and one.state not in {"declined", "resolved", "retracted", "expired", "snoozed"}
    ]
    assert fit
    assert made.until is not None or made.chain


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, None),
        ({"reason": " "}, "A silence needs a reason."),
        ({"ends_at": NOW - 2 * MINUTE}, "A silence must end after it begins."),
        (
            {"ends_at": NOW + timedelta(hours=24)},
            "A silence of alerts lasts 24 hours at the longest.",
        ),
        ({"match": match_of({})}, "A silence of everything is none"),
        ({"match": match_of({}), "patient": "p"}, None),
        (
            {"match": match_of({"severity": "critical"}), "ends_at": NOW + timedelta(hours=2)},
            "A silence of critical alerts lasts 2 hours",
        ),
    ],
)
def test_silence_needs_a_reason_an_end_and_something_that_it_is_for(change, told):
    found = objection(replace(_silence(), **change))
    assert found == told if told is None else found.startswith(told)
