"""What alerts ask of a ward: counted by hand, and the laws of counting."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.alerts.fatigue import Lived, load, per_family, per_unit, percentile
from tests.clinical.alerts.lives import MINUTE, act, desk, interleavings, lived, new, tried

TAKEN = lived(new(), act("acknowledge", 5))
CONFIRMED = lived(new(), act("acknowledge", 2), act("confirm", 9))
DECLINED = lived(new(), act("decline", 20, reason="known"))
RETRACTED = lived(new(), desk("escalate", 5), desk("retract", 9, reason="inputs_withdrawn"))
EXPIRED = lived(new(), desk("expire", 0, reason="too_old"))


def _on(unit, *lives, **rest):
    return [Lived(unit, "news2", life, **rest) for life in lives]


def test_load_of_a_ward_counted_by_hand():
    alerts = [
        *_on("MED", TAKEN, CONFIRMED, new()),
        *_on("MED", DECLINED, reason="known"),
        *_on("MED", RETRACTED, is_escalated=True),
    ]
    (medical, whole) = per_unit(alerts, {"MED": 10.0}, ["MED", "MED"])
    assert (medical.alerts, medical.acknowledged, medical.never_taken, medical.waiting) == (
        *(5, 3),
        *(1, 1),
    )
    assert (medical.median, medical.p90) == (5 * MINUTE, 20 * MINUTE)
    assert (medical.confirmed, medical.declined, medical.ppv) == (1, 1, 0.5)
    assert (medical.per_bed_day, medical.escalated, medical.would_have_fired) == (0.5, 1, 2)
    assert medical.overrides == {"known": 1}
    assert (whole.name, whole.alerts, whole.per_bed_day) == (None, 5, 0.5)


@pytest.mark.parametrize(
    "left_out",
    [_on("MED", TAKEN, drill=True), _on("MED", TAKEN, technical=True), _on("MED", EXPIRED)],
    ids=["drill", "technical", "expired"],
)
def test_drills_technical_alarms_and_what_nobody_was_told_of_are_no_load(left_out):
    assert per_unit(left_out)[-1].alerts == 0


def test_what_is_not_known_is_not_a_number():
    nothing = load("MED", _on("MED", new()))
    assert (nothing.median, nothing.p90, nothing.ppv, nothing.per_bed_day) == (None,) * 4


def test_unit_without_alerts_but_with_beds_is_shown_and_an_unknown_unit_is_in_the_sum():
    loads = per_unit(_on(None, TAKEN), {"MED": 4.0})
    assert [(one.name, one.alerts) for one in loads] == [("MED", 0), (None, 1)]


def test_families_are_told_apart_the_heaviest_first():
    alerts = [*_on("MED", TAKEN, DECLINED), Lived("ICU", "kdigo", TAKEN)]
    assert [(one.name, one.alerts) for one in per_family(alerts, ["sepsis"])] == [
        ("news2", 2),
        ("kdigo", 1),
        ("sepsis", 0),
    ]


@pytest.mark.parametrize(("percent", "minutes"), [(50, 2), (90, 4), (100, 4), (25, 1)])
def test_percentile_is_a_time_that_somebody_took(percent, minutes):
    times = [timedelta(minutes=one) for one in (1, 2, 3, 4)]
    assert percentile(times, percent) == timedelta(minutes=minutes)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["MED", "ICU", None]), interleavings), max_size=5))
def test_every_alert_is_taken_waiting_or_was_never_taken_and_units_add_up(histories):
    alerts = [Lived(unit, "news2", tried(new(), done)) for unit, done in histories]
    *units, whole = per_unit(alerts)
    assert whole.alerts == whole.acknowledged + whole.never_taken + whole.waiting
    unknown = sum(one.unit is None and one.life.state != "expired" for one in alerts)
    assert whole.alerts == sum(one.alerts for one in units) + unknown
