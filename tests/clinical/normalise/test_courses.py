"""When a course of a drug class began: through orders, holds, releases and stops."""

from datetime import timedelta

import pytest

from tests.clinical.normalise.factories import RECEIVED, signalled

LATER = RECEIVED + timedelta(hours=3)


def told(**row):
    """What one event of an order for an antibiotic says: (time, void) of each signal."""
    event = {"code_text": "Meropenem", **row}
    return [
        (one["effective_at"], one["void"])
        for one in signalled(medication_events=[event])
        if one["concept"] == "antibiotic"
    ]


@pytest.mark.parametrize("event", ["ordered", "changed", "dispensed", "administered"])
def test_a_course_begins_with_its_order_or_dose(event):
    assert told(event=event) == [(RECEIVED, False)]


@pytest.mark.parametrize("event", ["not_given", "discontinued", "completed", "stated", "held"])
def test_a_course_begins_with_no_end_and_no_statement(event):
    assert told(event=event) == []


def test_a_hold_before_the_start_unsays_the_start():
    assert told(event="held", started_at=LATER) == [(LATER, True)]


def test_a_release_begins_again_what_was_held_beside_its_first_start():
    assert told(event="resumed", documented_at=LATER) == [(LATER, False)]
    assert told(event="resumed", started_at=LATER) == [(LATER, False)]
    first, again = signalled(
        medication_events=[
            {"code_text": "Meropenem"},
            {"code_text": "Meropenem", "event": "resumed", "documented_at": LATER, "message": 1},
        ]
    )
    assert first["signal_id"] != again["signal_id"]


@pytest.mark.parametrize(
    ("event", "status"), [("completed", "completed"), ("discontinued", "stopped")]
)
def test_a_request_that_is_told_when_it_is_over_began_once(event, status):
    assert told(event=event, order_status=status) == [(RECEIVED, False)]


def test_a_cancelled_order_never_was():
    assert told(event="cancelled") == [(RECEIVED, True)]


def doses(*events):
    """The signals of a course's rows, one message each, as (identity, void, version)."""
    rows = [
        {"code_text": "Meropenem", "order_id": "P1", **row, "message": number}
        for number, row in enumerate(events)
    ]
    found = [one for one in signalled(medication_events=rows) if one["concept"] == "antibiotic"]
    return [(one["signal_id"], one["void"], one["written"]) for one in found]


def test_a_deleted_dose_takes_back_itself_and_not_its_orders_course():
    dose = {"event_id": "1", "started_at": LATER}
    order, given, deleted = doses(
        {"event": "ordered"},
        {"event": "administered", **dose},
        {"event": "cancelled", **dose},
    )
    assert deleted[:2] == (given[0], True)
    assert order[0] != given[0]
    assert deleted[2] > given[2]


def test_a_cancelled_order_takes_back_no_dose_that_was_given():
    given, cancelled = doses(
        {"event": "administered", "event_id": "1", "started_at": LATER}, {"event": "cancelled"}
    )
    assert given[0] != cancelled[0]


def test_doses_of_one_number_are_told_apart_by_their_start():
    first, second = doses(
        {"event": "administered", "event_id": "1"},
        {"event": "administered", "event_id": "1", "started_at": LATER},
    )
    assert first[0] != second[0]


def test_of_steps_that_were_written_at_one_moment_the_later_step_is_the_later_version():
    ordered, held, cancelled = doses(
        {"event": "ordered", "started_at": LATER},
        {"event": "held", "started_at": LATER},
        {"event": "cancelled", "started_at": LATER},
    )
    assert ordered[0] == held[0] == cancelled[0]
    assert ordered[2] < held[2] < cancelled[2]
