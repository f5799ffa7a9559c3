"""Steps of a plan: who has the duty when each comes, quiet hours, and pages that overflow."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.alerts import SEVERITIES
from clinical.routing import Override, Plan, Situation, plan
from tests.clinical.routing.trees import HOSPITAL, MINUTE, NOW, alert, hospital, people

ROUTES = hospital()
HOUR = timedelta(hours=1)


def test_person_is_told_at_their_own_receivers_and_a_role_at_its_own():
    first, second, third = plan(ROUTES, alert(), NOW).steps
    assert [(one.person, one.receivers) for one in first.targets] == [("anna", ("pager", "mail"))]
    # cleo has none of her own.
    assert [(one.person, one.receivers) for one in second.targets] == [("cleo", ("pager", "board"))]
    assert third.targets[0] == type(third.targets[0])(None, "chief", ("mail",))


def test_address_of_a_person_is_that_of_the_receiver():
    assert ROUTES.address("anna", "mail") == "anna@example"
    assert ROUTES.address("anna", "pager") == "1"
    assert ROUTES.address("cleo", "pager") is None


def test_receiver_has_an_address_of_its_own_for_roles_and_who_has_none():
    assert ROUTES.address("cleo", "mail") == "ward@example"
    assert ROUTES.address(None, "mail") == "ward@example"


def test_where_nobody_has_the_duty_the_role_is_told():
    assert people(ROUTES, alert(unit="ICU"))[0] == ["nurse"]


def test_override_from_the_store_is_asked_first():
    swap = Override("ben", NOW - HOUR, NOW + HOUR)
    assert people(ROUTES, alert(), situation=Situation(overrides={"nurses": [swap]}))[0] == ["ben"]


def test_step_after_the_hand_over_is_for_whoever_has_the_duty_then():
    late = HOSPITAL.replace("{tell: doctor, after: 5m}", "{tell: nurse, after: 5m}")
    just_before_seven = NOW + 2 * HOUR + 57 * MINUTE
    assert people(hospital(text=late), alert(), just_before_seven)[:2] == [["anna"], ["ben"]]


def test_low_alert_at_night_waits_for_the_morning_and_its_escalation_as_long():
    made = plan(ROUTES, alert("low"), NOW)
    assert [step.after for step in made.steps] == [
        3 * HOUR,
        3 * HOUR + 5 * MINUTE,
        3 * HOUR + 15 * MINUTE,
    ]


def test_escalation_that_would_fall_into_quiet_hours_waits():
    made = plan(ROUTES, alert("medium"), NOW - 6 * HOUR - 3 * MINUTE)
    night = 9 * HOUR + 3 * MINUTE
    assert [step.after for step in made.steps] == [timedelta(0), night, night + 10 * MINUTE]


@pytest.mark.parametrize("severity", ["high", "critical"])
def test_what_quiet_hours_do_not_name_does_not_wait(severity):
    assert plan(ROUTES, alert(severity), NOW).steps[0].after == timedelta(0)


def test_pages_beyond_the_cap_go_to_the_next_of_the_chain():
    target = plan(ROUTES, alert(), NOW, Situation(pages={"anna": 3})).steps[0].targets[0]
    assert (target.person, target.role, target.overflowed_from) == ("cleo", "doctor", "anna")
    below = plan(ROUTES, alert(), NOW, Situation(pages={"anna": 2})).steps[0].targets[0]
    assert (below.person, below.overflowed_from) == ("anna", None)


def test_overflow_goes_to_the_role_that_is_named():
    named = HOSPITAL.replace("pages: 3}", "pages: 3, overflow: chief}")
    situation = Situation(pages={"anna": 9})
    target = plan(hospital(text=named), alert(), NOW, situation).steps[0].targets[0]
    assert (target.person, target.role, target.overflowed_from) == (None, "chief", "anna")


def test_where_all_have_had_enough_it_goes_to_whom_it_was_for():
    both = Situation(pages={"anna": 99, "cleo": 99})
    target = plan(ROUTES, alert(), NOW, both).steps[0].targets[0]
    assert (target.person, target.overflowed_from) == ("anna", None)


@pytest.mark.parametrize(
    "subject", [alert("critical"), alert(drill=True), alert(technical=True)], ids=str
)
def test_what_is_critical_a_drill_or_technical_does_not_overflow(subject):
    assert people(ROUTES, subject, situation=Situation(pages={"anna": 99}))[0] == ["anna"]


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(SEVERITIES),
    st.dictionaries(st.sampled_from(["anna", "ben", "cleo"]), st.integers(0, 8)),
    st.integers(0, 14 * 24 * 60),
)
def test_whatever_the_caps_somebody_is_told_and_never_later(severity, pages, minutes):
    now = NOW + minutes * MINUTE
    made = plan(ROUTES, alert(severity), now, Situation(pages=pages))
    plain = plan(ROUTES, alert(severity), now)
    assert [step.after for step in made.steps] == [step.after for step in plain.steps]
    assert all(step.targets for step in made.steps)
    assert severity != "critical" or made == plain


def test_plan_keeps_its_meaning_as_json():
    made = plan(ROUTES, alert("low"), NOW, Situation(pages={"anna": 9}))
    assert msgspec.json.decode(msgspec.json.encode(made), type=Plan) == made


def test_plan_of_a_case_that_asks_already_counts_its_steps_from_then():
    since = NOW - 4 * MINUTE
    made = plan(ROUTES, alert(), NOW, since=since)
    assert made.steps == plan(ROUTES, alert(), since).steps
    morning = plan(ROUTES, alert("low"), NOW, since=since)
    assert since + morning.steps[0].after == NOW + 3 * HOUR
    overdue = plan(ROUTES, alert(), NOW + 3 * HOUR, since=NOW - HOUR)
    # It is told now, to whoever has the duty now.
    assert overdue.steps[0].targets[0].person == "ben"
