"""Admission, discharge, intensive care and operations, from the events of encounters."""

from datetime import timedelta

import pytest

from tests.clinical.normalise.factories import RECEIVED, signalled

ADMITTED = RECEIVED - timedelta(hours=6)


def told(*rows):
    return [
        (row["concept"], row["effective_at"], row["void"])
        for row in signalled(encounter_events=rows)
    ]


def test_an_admission_is_dated_by_when_the_stay_began():
    assert told({"event": "admit", "admitted_at": ADMITTED}) == [("admission", ADMITTED, False)]
    assert told({"event": "admit"}) == [("admission", RECEIVED, False)]


@pytest.mark.parametrize("event", ["transfer", "update", "discharge"])
def test_every_event_of_an_inpatient_stay_tells_when_it_began(event):
    found = told({"event": event, "admitted_at": ADMITTED})
    assert ("admission", ADMITTED, False) in found


@pytest.mark.parametrize(
    "row", [{"patient_class": "E"}, {"patient_class": "O"}, {"admitted_at": None}]
)
def test_a_visit_that_is_no_inpatient_stay_is_no_admission(row):
    assert told({"event": "update", "admitted_at": ADMITTED, **row}) == []


@pytest.mark.parametrize("event", ["admit", "discharge"])
def test_a_cancelled_event_withdraws_what_it_told(event):
    first, second = signalled(
        encounter_events=[{"event": event}, {"event": f"cancel_{event}", "message": 1}]
    )
    assert first["signal_id"] == second["signal_id"]
    assert (first["void"], second["void"], second["value"]) == (False, True, None)


def test_stays_of_one_patient_are_told_apart():
    rows = [{"event": "admit", "encounter_id": visit} for visit in ("V1", "V2")]
    first, second = signalled(encounter_events=rows)
    assert first["signal_id"] != second["signal_id"]


def test_a_discharge_is_dated_by_when_the_stay_ended():
    assert told({"event": "discharge", "discharged_at": ADMITTED}) == [
        ("discharge", ADMITTED, False)
    ]


@pytest.mark.parametrize(
    ("unit", "concepts"),
    [
        *((name, ["icu_admission"]) for name in ("MICU", "CCU", "Neuro ICU", "csru")),
        *((name, ["surgery"]) for name in ("OR", "PACU", "Operating Theatre 3")),
        *((name, []) for name in ("WARD7", "ORTHO", "Medical or surgical", None)),
    ],
)
def test_the_name_of_a_unit_tells_what_it_is(unit, concepts):
    assert [row[0] for row in told({"event": "transfer", "unit": unit})] == concepts


def test_an_update_is_no_arrival():
    assert told({"event": "update", "unit": "MICU"}) == []


@pytest.mark.parametrize(
    ("event", "named"),
    [
        ("cancel_transfer", {"unit": "W1", "prior_unit": "MICU"}),
        ("cancel_transfer", {"unit": "MICU"}),
        ("cancel_admit", {"unit": "MICU"}),
    ],
)
def test_an_arrival_is_taken_back_with_the_event_that_told_it(event, named):
    moved = {"event": "transfer" if event == "cancel_transfer" else "admit", "unit": "MICU"}
    told = signalled(encounter_events=[moved, {"event": event, "message": 1, **named}])
    arrival, never = [one for one in told if one["concept"] == "icu_admission"]
    assert never["signal_id"] == arrival["signal_id"]
    assert (arrival["void"], never["void"]) == (False, True)
    assert never["written"] > arrival["written"]


def test_an_arrival_at_another_time_is_not_taken_back():
    told = signalled(
        encounter_events=[
            {"event": "transfer", "unit": "MICU"},
            {
                "event": "cancel_transfer",
                "unit": "W1",
                "prior_unit": "MICU",
                "event_at": RECEIVED - timedelta(hours=1),
                "message": 1,
            },
        ]
    )
    arrival, never = [one for one in told if one["concept"] == "icu_admission"]
    assert never["signal_id"] != arrival["signal_id"]
