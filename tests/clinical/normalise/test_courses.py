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
