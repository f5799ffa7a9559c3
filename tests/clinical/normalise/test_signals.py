"""What scoring folds, from fresh facts and from the lake alike."""

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from clinical.normalise import signals
from lakehouse.tables import TABLES
from tests.clinical.normalise.factories import RECEIVED, facts, observed, signalled

COLUMNS = [
    "facility",
    "patient_id",
    "encounter_id",
    "concept",
    "effective_at",
    "value",
    "void",
    "signal_id",
    "written",
]


def stored(name, rows):
    """The rows as they come back from the lake."""
    count = len(rows)
    provenance = {
        "feed": pa.array(["ward"] * count),
        "partition": pa.array([0] * count, pa.int32()),
        "offset": pa.array(range(count), pa.int64()),
        "received_at": pa.array([RECEIVED] * count, pa.timestamp("us", tz="UTC")),
        "received_date": pa.array([RECEIVED.date()] * count),
    }
    for column, values in provenance.items():
        rows = rows.append_column(column, values)
    return TABLES[name].conform(rows.drop_columns(["message"]))


def test_an_observation_of_a_concept_is_a_signal():
    row = signalled(observations=[observed(72.0, "bpm")])[0]
    assert list(row) == [*COLUMNS, "row", "message"]
    assert (row["concept"], row["value"], row["void"]) == ("heart_rate", 72.0, False)
    assert row["effective_at"] == RECEIVED - timedelta(minutes=10)


@pytest.mark.parametrize(
    "row",
    [
        observed(72.0, "bpm", status="entered_in_error"),
        observed(status="cancelled"),
        observed(status="corrected"),
        observed(900.0, "bpm"),
        observed(72.0, "furlong"),
        observed(code="consciousness", value_text="Sedated"),
    ],
)
def test_a_retraction_or_a_value_that_cannot_be_scored_is_void(row):
    signal = signalled(observations=[row])[0]
    assert (signal["void"], signal["value"]) == (True, None)


@pytest.mark.parametrize(
    "row",
    [
        observed(status="registered"),
        observed(status="final"),  # OBX-11 U without its value
        observed(72.0, "bpm", code="unmapped"),
        observed(72.0, "bpm", effective_at=None),
    ],
)
def test_a_row_that_says_nothing_about_a_value_is_no_signal(row):
    assert signalled(observations=[row]) == []


def test_a_retraction_withdraws_what_was_said_under_the_same_identity():
    first, second = signalled(
        observations=[
            observed(72.0, "bpm"),
            observed(72.0, "bpm", status="entered_in_error", message=1),
        ]
    )
    assert first["signal_id"] == second["signal_id"]
    assert (first["void"], second["void"]) == (False, True)


def test_a_verbal_response_that_cannot_be_examined_is_said_to_be_so_until_it_is_corrected():
    tube = {"code": "gcs_verbal", "value_text": "1.0 ET/Trach"}
    spoken = {"code": "gcs_verbal", "value_text": "5 Oriented", "status": "corrected", "message": 1}
    rows = signalled(observations=[tube, spoken])
    first, taken_back = (row for row in rows if row["concept"] == "gcs_verbal_untestable")
    assert (first["value"], first["void"], taken_back["void"]) == (1.0, False, True)
    assert first["signal_id"] == taken_back["signal_id"]
    assert [row["void"] for row in rows if row["concept"] == "gcs_verbal"] == [True, False]


def test_a_verbal_response_that_was_examined_says_nothing_of_a_tube():
    rows = signalled(observations=[{"code": "gcs_verbal", "value_text": "5 Oriented"}])
    assert [row["concept"] for row in rows] == ["gcs_verbal"]


def test_a_culture_counts_until_it_is_cancelled():
    order = {"code_text": "BLOOD CULTURE"}
    first, second = signalled(order_events=[order, {**order, "is_cancelled": True, "message": 1}])
    assert (first["concept"], first["value"], first["signal_id"]) == ("culture", 1.0, "order:O1")
    assert (second["void"], second["signal_id"]) == (True, "order:O1")
    assert signalled(order_events=[{"code_text": "GLUCOSE"}]) == []


def test_a_medication_counts_from_its_start_until_it_is_cancelled():
    drug = {"code_text": "Meropenem"}
    first, second = signalled(
        medication_events=[drug, {**drug, "event": "cancelled", "message": 1}]
    )
    assert (first["concept"], first["value"]) == ("antibiotic", 1.0)
    assert (first["signal_id"], first["effective_at"]) == ("medication:M1", RECEIVED)
    assert (second["void"], second["signal_id"]) == (True, "medication:M1")


def test_a_cancellation_without_a_start_is_dated_by_when_it_was_written():
    row = {"code_text": "Meropenem", "event": "cancelled", "started_at": None}
    assert signalled(medication_events=[row])[0]["effective_at"] == RECEIVED


def test_a_cancellation_that_names_no_drug_withdraws_whatever_the_order_was():
    rows = signalled(medication_events=[{"event": "cancelled", "started_at": None}])
    assert {row["signal_id"] for row in rows} == {"medication:M1"}
    assert {"antibiotic", "vasopressor"} <= {row["concept"] for row in rows}
    assert all(row["void"] for row in rows)


def test_a_cancellation_that_names_no_service_withdraws_a_culture():
    row = signalled(order_events=[{"is_cancelled": True}])[0]
    assert (row["concept"], row["void"], row["signal_id"]) == ("culture", True, "order:O1")


@pytest.mark.parametrize("event", ["not_given", "discontinued"])
def test_a_dose_not_given_or_a_stop_says_nothing_about_the_start(event):
    assert signalled(medication_events=[{"code_text": "Meropenem", "event": event}]) == []


def test_an_order_without_a_number_is_known_by_patient_and_content():
    rows = [{"code_text": "BLOOD CULTURE", "order_id": None, "patient_id": p} for p in ("P1", "P2")]
    first, second = signalled(order_events=rows)
    assert first["signal_id"] != second["signal_id"]


def test_a_birth_date_is_days_since_1970():
    row = signalled(patient_demographics=[{"birth_date": date(1970, 1, 11)}, {"sex": "F"}])[0]
    assert (row["concept"], row["value"], row["void"]) == ("birth_date", 10.0, False)
    assert row["signal_id"] == "birth_date:F|P1"


def test_no_facts_make_no_signals():
    assert signals({}).column_names == COLUMNS
    assert len(signals(facts(observations=[]))) == 0


def test_signals_of_stored_facts_are_those_of_fresh_ones():
    fresh = facts(
        observations=[observed(72.0, "bpm"), observed(900.0, "bpm", message=1)],
        order_events=[{"code_text": "BLOOD CULTURE"}],
        medication_events=[
            {"code_text": "Meropenem"},
            {
                "code_text": "Levophed-k",
                "event": "administered",
                "rate": 0.1,
                "rate_unit": "mcgkgmin",
                "ended_at": RECEIVED,
            },
        ],
        patient_demographics=[{"birth_date": date(1940, 5, 5)}],
        encounter_events=[{"event": "admit", "unit": "MICU"}, {"event": "discharge"}],
        diagnoses=[{"code_system": "I9", "code": "5856"}],
    )
    read = signals({name: stored(name, rows) for name, rows in fresh.items()})
    assert read.column_names == [*COLUMNS, "feed", "partition", "offset", "row", "received_at"]
    shared = [name for name in COLUMNS if name not in ("effective_at", "written")]
    assert read.select(shared).equals(signals(fresh).select(shared))
    born = read.filter(pa.compute.equal(read["concept"], "birth_date")).to_pylist()[0]
    assert born["effective_at"] == datetime(2026, 1, 1, 12, tzinfo=UTC)
