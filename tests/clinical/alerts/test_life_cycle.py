"""The life cycle, act by act: what each does, and how each refusal is told."""

from datetime import timedelta

import pytest

from clinical.alerts import (
    ACTORS,
    CLOSED,
    DECLINE_REASONS,
    EVENTS,
    OPEN,
    REASONS,
    SNOOZE_LIMIT,
    STATES,
    TRANSITIONS,
    Refusal,
    decide,
    next_step_at,
)
from tests.clinical.alerts.lives import MINUTE, START, act, desk, lived, new


def _refused(life, what):
    after = decide(life, what)
    assert isinstance(after, Refusal)
    return after


def test_the_table_speaks_of_every_state_and_every_event_has_an_actor():
    assert set(TRANSITIONS) == set(STATES) == OPEN | CLOSED
    assert set(ACTORS) == set(EVENTS) == {one for row in TRANSITIONS.values() for one in row}


def test_a_closed_alert_can_only_be_annotated():
    assert {one for state in CLOSED for one in TRANSITIONS[state]} == {"annotate"}


def test_an_open_alert_can_always_be_closed_and_made_worse():
    assert [state for state in OPEN if not {"retract", "worsen"} <= set(TRANSITIONS[state])] == []


def test_first_of_two_has_it_and_the_second_is_told_who_and_since_when():
    life = lived(new(), act("acknowledge", 5))
    told = _refused(life, act("acknowledge", 6, "nurse.b"))
    assert (told.why, told.who, told.since) == (
        "taken_by_other",
        "nurse.a",
        START + timedelta(minutes=5),
    )
    assert told.told == "Nothing was done: nurse.a has had this since 2026-01-16 04:05 UTC."


def test_acknowledging_again_changes_nothing():
    life = lived(new(), act("acknowledge", 5))
    assert lived(life, act("acknowledge", 9)) == life


def test_receipts_move_only_what_nobody_has_seen():
    assert lived(new(), desk("deliver", 1), act("read", 2)).state == "read"
    taken = lived(new(), act("acknowledge", 1))
    assert lived(taken, desk("deliver", 2), act("read", 3)) == taken


def test_escalation_counts_its_steps_and_stops_when_somebody_takes_it():
    life = lived(new(), desk("escalate", 5), desk("escalate", 10))
    assert (life.state, life.step) == ("escalated", 2)
    taken = lived(life, act("acknowledge", 11))
    assert _refused(taken, desk("escalate", 15)).why == "taken_by_other"


def test_snooze_needs_somebody_who_has_it():
    until = START + timedelta(minutes=10)
    assert _refused(new(), act("snooze", 1, until=until)).why == "not_yet_taken"


@pytest.mark.parametrize(("severity", "limit"), SNOOZE_LIMIT.items())
def test_snooze_is_bounded_by_severity(severity, limit):
    life = lived(new(severity), act("acknowledge", 1))
    end = START + MINUTE + limit
    assert lived(life, act("snooze", 1, until=end)).snoozed_until == end
    assert _refused(life, act("snooze", 1, until=end + timedelta(seconds=1))).why == "too_long"


def test_snooze_needs_an_end_that_lies_ahead():
    life = lived(new(), act("acknowledge", 5))
    for until in (None, START + 5 * MINUTE):
        assert _refused(life, act("snooze", 5, until=until)).why == "no_end"


def test_end_of_a_snooze_asks_anew_and_not_before():
    life = lived(new(), act("acknowledge", 1), act("snooze", 2, until=START + 12 * MINUTE))
    assert _refused(life, desk("wake", 11.9)).why == "not_yet"
    woken = lived(life, desk("wake", 12))
    assert (woken.state, woken.owner, woken.asked_at) == ("raised", None, START + 12 * MINUTE)
    assert woken.acknowledged_at == START + MINUTE


def test_what_is_worse_breaks_a_snooze_and_asks_anew():
    life = lived(new("medium"), act("acknowledge", 1), act("snooze", 2, until=START + 60 * MINUTE))
    worse = lived(life, desk("worsen", 3, severity="critical"))
    assert (worse.state, worse.severity, worse.snoozed_until) == ("raised", "critical", None)
    assert (worse.owner, worse.asking, worse.asked_at) == (None, 1, START + 3 * MINUTE)


def test_what_is_worse_does_not_set_back_an_escalation_that_runs():
    life = lived(new("high"), desk("escalate", 5))
    worse = lived(life, desk("worsen", 9, severity="critical"))
    assert (worse.state, worse.step, worse.asked_at) == ("escalated", 1, START)
    assert worse.asking == 1


def test_worsening_never_lowers_the_severity():
    assert lived(new("critical"), desk("worsen", 1, severity="low")).severity == "critical"


def test_handed_over_it_stays_with_its_giver_until_somebody_takes_it():
    life = lived(new(), act("acknowledge", 1), act("hand_over", 4, to="nurse.b"))
    assert (life.state, life.owner, life.offered_to) == ("handed_over", "nurse.a", "nurse.b")
    taken = lived(life, act("acknowledge", 6, "nurse.b"))
    assert (taken.state, taken.owner, taken.offered_to) == ("acknowledged", "nurse.b", None)
    assert (taken.taken_at, taken.acknowledged_at) == (START + 6 * MINUTE, START + MINUTE)


def test_handed_over_and_not_taken_it_escalates_and_is_still_its_givers():
    life = lived(new(), act("acknowledge", 1), act("hand_over", 4, to="nurse.b"))
    later = lived(life, desk("escalate", 9))
    assert (later.state, later.owner, later.step) == ("handed_over", "nurse.a", 1)
    assert lived(later, act("acknowledge", 10, "doctor.c")).owner == "doctor.c"


def test_giver_may_take_back_what_was_handed_over():
    life = lived(new(), act("acknowledge", 1), act("hand_over", 4, to="nurse.b"))
    back = lived(life, act("acknowledge", 5))
    assert (back.state, back.owner, back.taken_at) == ("acknowledged", "nurse.a", START + MINUTE)


@pytest.mark.parametrize(("to", "why"), [(None, "nobody_named"), (" ", "nobody_named")])
def test_hand_over_names_somebody(to, why):
    life = lived(new(), act("acknowledge", 1))
    assert _refused(life, act("hand_over", 2, to=to)).why == why


def test_hand_over_to_oneself_is_refused():
    life = lived(new(), act("acknowledge", 1))
    assert _refused(life, act("hand_over", 2, to="nurse.a")).why == "to_self"


def test_only_who_has_it_hands_it_over_closes_it_or_snoozes_it():
    life = lived(new(), act("acknowledge", 1))
    until = START + 10 * MINUTE
    for event in ("hand_over", "decline", "confirm", "resolve", "snooze"):
        what = act(event, 2, "nurse.b", reason="known", to="doctor.c", until=until)
        assert _refused(life, what).why == "taken_by_other"


def test_somebody_else_gives_a_case_back_with_a_reason_alone():
    life = lived(new(), act("acknowledge", 1))
    assert _refused(life, act("unacknowledge", 9, "nurse.b")).why == "reason_missing"
    free = lived(life, act("unacknowledge", 9, "nurse.b", reason="away"))
    assert (free.state, free.owner, free.asked_at) == ("raised", None, START + 9 * MINUTE)


def test_given_back_it_asks_anew():
    free = lived(new(), desk("escalate", 1), act("acknowledge", 2), act("unacknowledge", 3))
    assert (free.state, free.step, free.asking, free.owner) == ("raised", 0, 1, None)


@pytest.mark.parametrize("reason", sorted(set(DECLINE_REASONS) - {"other"}))
def test_declined_with_a_reason_it_is_closed_with_the_verdict(reason):
    life = lived(new(), act("decline", 3, reason=reason))
    assert (life.state, life.verdict, life.owner) == ("declined", "declined", "nurse.a")
    assert life.acknowledged_at == START + 3 * MINUTE


def test_declined_without_a_reason_or_with_an_unknown_one_it_is_refused():
    assert _refused(new(), act("decline", 3)).why == "reason_missing"
    unknown = _refused(new(), act("decline", 3, reason="Robert'); DROP TABLE"))
    assert unknown.why == "reason_unknown"
    assert "Robert" not in unknown.told
    assert "artefact" in unknown.told


def test_another_reason_needs_a_note():
    assert _refused(new(), act("decline", 3, reason="other", note=" ")).why == "reason_missing"
    assert lived(new(), act("decline", 3, reason="other", note="moved bed")).state == "declined"


def test_confirmed_it_stays_open_with_whoever_confirmed_it():
    life = lived(new(), act("confirm", 3))
    assert (life.state, life.verdict, life.owner) == ("confirmed", "confirmed", "nurse.a")
    assert life.is_open
    assert lived(life, act("confirm", 4)) == life


def test_person_resolves_only_what_somebody_has_taken():
    assert _refused(new(), act("resolve", 1, reason="treated")).why == "not_yet_taken"
    life = lived(new(), act("acknowledge", 1))
    assert lived(life, act("resolve", 2, reason="treated")).state == "resolved"


def test_desk_resolves_a_technical_alarm_that_ended():
    assert lived(new(), desk("resolve", 1, reason="alarm_ended")).state == "resolved"


def test_retracted_it_says_why_and_only_the_desk_retracts():
    assert _refused(new(), desk("retract", 1)).why == "reason_missing"
    assert _refused(new(), act("retract", 1, reason="inputs_withdrawn")).why == "desk_only"
    assert lived(new(), desk("retract", 1, reason="inputs_withdrawn")).state == "retracted"


def test_what_nobody_was_told_of_may_expire_and_nothing_else():
    assert lived(new(), desk("expire", 1, reason="too_old")).state == "expired"
    told = lived(new(), desk("deliver", 1))
    assert _refused(told, desk("expire", 2, reason="too_old")).why == "already_told"
    given_back = lived(new(), act("acknowledge", 1), act("unacknowledge", 2))
    assert _refused(given_back, desk("expire", 3, reason="too_old")).why == "already_told"


def test_closed_it_says_who_closed_it_and_when():
    life = lived(new(), act("decline", 3, reason="known"))
    told = _refused(life, act("acknowledge", 9, "nurse.b"))
    assert (told.why, told.who, told.since) == ("closed", "nurse.a", START + 3 * MINUTE)
    assert told.told == "Nothing was done: nurse.a closed this (declined) 2026-01-16 04:03 UTC."


def test_annotation_changes_the_version_and_nothing_else():
    life = lived(new(), act("decline", 3, reason="known"))
    after = lived(life, desk("annotate", 9))
    assert (after.version, after.state, after.changed_at) == (
        life.version + 1,
        "declined",
        life.changed_at,
    )


def test_desk_cannot_say_that_a_person_has_looked():
    assert _refused(new(), desk("acknowledge", 1)).why == "person_missing"


def test_clock_that_is_behind_does_not_turn_time_back():
    life = lived(new(), act("acknowledge", 5), act("confirm", 3))
    assert life.changed_at == START + 5 * MINUTE


def test_every_coded_reason_has_words():
    assert [code for codes in REASONS.values() for code, words in codes.items() if not words] == []


@pytest.mark.parametrize("event", ["resolve", "acknowledge", "escalate", "annotate", "decline"])
def test_nobody_acts_without_a_name(event):
    assert _refused(new(), act(event, 1, " ", reason="treated")).why == "person_missing"


def test_escalation_by_a_clock_that_went_back_does_not_repeat_at_once():
    chain = (5 * MINUTE,)
    life = lived(new(), desk("escalate", 60), desk("escalate", 30))
    assert next_step_at(life, chain, 10 * MINUTE) == START + 70 * MINUTE
