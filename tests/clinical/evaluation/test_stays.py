"""Stays on units, people under one name, and outcomes, from facts made by hand."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from clinical.detection.manifest import MANIFESTS
from clinical.evaluation.outcomes import (
    ANNOUNCES,
    ANTIBIOTIC,
    DEATH,
    DETERIORATION,
    ICU_TRANSFER,
    VENTILATION,
    is_intensive,
    outcomes,
)
from clinical.evaluation.people import NOBODY, People, survivors
from clinical.evaluation.stays import Stays, unit_stays
from clinical.scoring.validity import MICROSECONDS_PER_HOUR as HOUR

UTC_TIME = pa.timestamp("us", tz="UTC")
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def moment(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def events(*rows: tuple[float, str, str | None], patient: str = "a") -> pa.Table:
    """Encounter events of one visit: (hour, event, unit)."""
    return pa.table(
        {
            "patient_id": [patient for _ in rows],
            "encounter_id": [f"visit of {patient}" for _ in rows],
            "event": [event for _, event, _ in rows],
            "event_at": pa.array([moment(hour) for hour, _, _ in rows], UTC_TIME),
            "received_at": pa.array([moment(hour) for hour, _, _ in rows], UTC_TIME),
            "unit": pa.array([unit for _, _, unit in rows], pa.string()),
            "discharge_disposition": pa.nulls(len(rows), pa.string()),
        }
    )


def hours_of(stays: Stays) -> list[tuple[str, float, float]]:
    noon = round(NOON.timestamp()) * 1_000_000
    edges = ((stays.begins - noon) / HOUR, (stays.ends - noon) / HOUR)
    return list(zip(stays.unit, *(one.tolist() for one in edges), strict=True))


def lain(
    *rows: tuple[float, str, str | None], until: float = 100
) -> list[tuple[str, float, float]]:
    end = round(moment(until).timestamp()) * 1_000_000
    return hours_of(unit_stays(events(*rows), People(["a"], {}), end))


def test_a_transfer_ends_one_stay_and_begins_the_next():
    found = lain((0, "admit", "WARD"), (5, "transfer", "MICU"), (9, "discharge", "MICU"))
    assert found == [("WARD", 0, 5), ("MICU", 5, 9)]


def test_a_stay_that_nothing_ends_lasts_until_the_end_of_the_period():
    assert lain((0, "admit", "WARD"), until=7) == [("WARD", 0, 7)]


def test_an_update_on_the_same_unit_begins_no_stay():
    assert lain((0, "admit", "WARD"), (3, "update", "WARD"), until=7) == [("WARD", 0, 7)]


@pytest.mark.parametrize(
    ("cancelled", "expected"),
    [
        ((6, "cancel_transfer", None), [("WARD", 0, 9)]),
        ((6, "cancel_admit", None), []),
    ],
)
def test_what_is_cancelled_never_was(cancelled, expected):
    rows = [(0, "admit", "WARD"), (5, "transfer", "MICU"), cancelled, (9, "discharge", None)]
    assert lain(*rows) == expected


def test_a_cancelled_discharge_leaves_the_stay_open():
    rows = [(0, "admit", "WARD"), (5, "discharge", None), (6, "cancel_discharge", None)]
    assert lain(*rows, until=8) == [("WARD", 0, 8)]


def test_events_that_come_out_of_order_count_by_when_they_happened():
    assert lain((5, "transfer", "MICU"), (0, "admit", "WARD"), (9, "discharge", None)) == [
        ("WARD", 0, 5),
        ("MICU", 5, 9),
    ]


def test_of_a_stay_only_what_lies_within_the_period_counts():
    end = round(moment(20).timestamp()) * 1_000_000
    stays = unit_stays(events((0, "admit", "WARD"), (9, "discharge", None)), People(["a"], {}), end)
    first, last = (round(moment(hour).timestamp()) * 1_000_000 for hour in (4, 6))
    assert hours_of(stays.within(first, last)) == [("WARD", 4, 6)]
    assert hours_of(stays.within(last + 10 * HOUR, last + 11 * HOUR)) == []


def test_merged_patients_are_one():
    pairs = {"retired_id": ["a", "b", "c"], "surviving_id": ["b", "c", "a"]}
    merges = pa.table({"event": ["merge"] * 3, **pairs})
    # The last one would close a circle: all three are one already.
    assert survivors(merges) == {"a": "c", "b": "c"}
    people = People(["a", "b", "c", "d"], survivors(merges))
    assert people.names == ["c", "d"]
    assert people.numbers(pa.chunked_array([["a", "d", "x", None]])).tolist() == [
        0,
        1,
        NOBODY,
        NOBODY,
    ]


def facts(**tables: pa.Table) -> dict[str, pa.Table]:
    return {"encounter_events": events((0, "admit", "WARD"), (5, "transfer", "SICU")), **tables}


def told(tables: dict[str, pa.Table]) -> dict[str, list[float]]:
    people = People(["a"], {})
    end = round(moment(100).timestamp()) * 1_000_000
    stays = unit_stays(tables["encounter_events"], people, end)
    noon = round(NOON.timestamp()) * 1_000_000
    found = outcomes(tables, people, stays)
    return {name: ((one.at - noon) / HOUR).tolist() for name, one in found.items()}


def test_a_move_to_intensive_care_from_elsewhere_is_a_deterioration():
    found = told(facts())
    assert found[ICU_TRANSFER] == found[DETERIORATION] == [5]


def test_an_admission_straight_to_intensive_care_is_none():
    tables = {"encounter_events": events((0, "admit", "SICU"), (5, "transfer", "MICU"))}
    assert told(tables)[ICU_TRANSFER] == []


def test_death_is_the_time_of_death_and_else_the_expired_discharge():
    left = events((0, "admit", "WARD"), (8, "discharge", None))
    place = left.column_names.index("discharge_disposition")
    left = left.set_column(place, "discharge_disposition", pa.array([None, "20"]))
    assert told({"encounter_events": left})[DEATH] == [8]
    died = pa.table({"patient_id": ["a"], "died_at": pa.array([moment(7)], UTC_TIME)})
    assert told({"encounter_events": left, "patient_demographics": died})[DEATH] == [7]


def test_the_first_ventilator_and_the_first_antibiotic_that_was_begun_count():
    devices = pa.table(
        {
            "patient_id": ["a", "a", "a"],
            "concept": ["oxygen_device"] * 3,
            "value": [1.0, 12.0, 12.0],
            "is_scored": [True, True, True],
            "effective_at": pa.array([moment(1), moment(4), moment(2)], UTC_TIME),
        }
    )
    doses = pa.table(
        {
            "patient_id": ["a", "a", "a"],
            "concept": ["antibiotic", "antibiotic", "sedative"],
            "event": ["not_given", "administered", "administered"],
            "started_at": pa.array([moment(1), moment(3), moment(0)], UTC_TIME),
        }
    )
    found = told(facts(observations=devices, medication_events=doses))
    assert (found[VENTILATION], found[ANTIBIOTIC]) == ([2], [3])


@pytest.mark.parametrize(("unit", "is_one"), [("MICU", True), ("tsicu", True), ("WARD", False)])
def test_intensive_care_is_known_by_its_name(unit, is_one):
    assert is_intensive(unit) is is_one


def test_without_facts_nothing_happened():
    nobody = People([], {})
    stays = unit_stays(None, nobody, 0)
    assert {len(one) for one in outcomes({}, nobody, stays).values()} == {0}
    assert np.array_equal(stays.begins, np.zeros(0, np.int64))


def test_only_families_that_there_are_announce_something():
    assert set(ANNOUNCES) <= set(MANIFESTS)
