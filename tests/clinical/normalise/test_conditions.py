"""Conditions by the codes of diagnoses, procedures and flags: both sides of each list."""

from datetime import timedelta

import pyarrow as pa
import pytest

from clinical.concepts import CONCEPTS
from clinical.concepts.context_codes import (
    CONTEXT_CODES,
    flag_answer,
    procedure_concept,
    stands_for,
)
from clinical.normalise import conditions
from clinical.normalise.conditions import PREGNANCY_HOURS
from clinical.normalise.signal_rows import UTC
from tests.clinical.normalise.factories import RECEIVED, signalled

KIDNEY, END_STAGE = "chronic_kidney_disease", "end_stage_renal_disease"
ESRD = {"code_system": "I10", "code": "N18.6"}
PREGNANT = {"code_system": "I10", "code": "Z33.1"}
_TIMES = ("started_at", "ended_at", "documented_at")
_TEXTS = {
    "procedures": ("procedure_id", "code", "concept", "status"),
    "flags": ("flag_id", "code", "concept", "value_code", "kind", "status"),
}


def stored(name, *rows):
    """Rows of a table as it is stored, as far as signals read it."""
    texts = ("facility", "patient_id", "encounter_id", *_TEXTS[name])
    kinds = dict.fromkeys(texts, pa.string()) | dict.fromkeys(_TIMES, UTC)
    usual = {"facility": "F", "patient_id": "P1", "documented_at": RECEIVED}
    full = [{**dict.fromkeys(kinds), **usual, **row} for row in rows]
    return pa.Table.from_pylist(full, schema=pa.schema(kinds))


def _shown(tables):
    return [
        {
            "concept": row["concept"],
            "at": row["effective_at"],
            "value": row["value"],
            "void": row["void"],
        }
        for table in tables
        for row in table.to_pylist()
    ]


def procedure_signals(rows):
    return _shown(conditions.procedure_signals(rows))


def flag_signals(rows):
    return _shown(conditions.flag_signals(rows))


def told(**row):
    return [found["concept"] for found in signalled(diagnoses=[row])]


@pytest.mark.parametrize(
    ("system", "code", "concepts"),
    [
        ("I9", "585", [KIDNEY]),
        ("I9", "5851", [KIDNEY]),
        ("I9", "585.5", [KIDNEY]),
        ("I9C", "5856", [KIDNEY, END_STAGE]),
        ("I9", "5859", [KIDNEY]),
        ("I9", "584.9", []),
        ("I9", "586", []),
        ("I10", "N18", [KIDNEY]),
        ("I10", "N18.1", [KIDNEY]),
        ("I10", "N18.32", [KIDNEY]),
        ("http://hl7.org/fhir/sid/icd-10-cm", "N18.6", [KIDNEY, END_STAGE]),
        ("I10", "n18.9", [KIDNEY]),
        ("I10", "N17.9", []),
        ("I10", "N19", []),
        (None, "N186", [KIDNEY, END_STAGE]),
        ("SCT", "5856", []),
        ("I9", None, []),
    ],
)
def test_a_code_stands_for_the_conditions_of_its_list(system, code, concepts):
    assert told(code_system=system, code=code) == concepts


def test_a_condition_is_dated_by_when_it_was_told():
    [row] = signalled(diagnoses=[{"code_system": "I9", "code": "5853"}])
    assert (row["effective_at"], row["value"], row["void"]) == (RECEIVED, 1.0, False)
    assert row["signal_id"] == "chronic_kidney_disease:F|P1|5853"


def test_a_condition_is_dated_by_its_beginning_where_that_is_told():
    onset = RECEIVED - timedelta(days=400)
    [row] = signalled(diagnoses=[{**ESRD, "onset_at": onset, "diagnosis_id": "C1"}])[-1:]
    assert (row["effective_at"], row["void"]) == (onset, False)
    assert row["signal_id"] == "end_stage_renal_disease:F|P1|C1"
    [row] = signalled(diagnoses=[{**ESRD, "onset_at": RECEIVED + timedelta(days=1)}])[-1:]
    assert row["effective_at"] == RECEIVED


@pytest.mark.parametrize(
    ("status", "void"),
    [
        (None, False),
        ("active", False),
        ("recurrence", False),
        ("refuted", True),
        ("entered_in_error", True),
        ("unconfirmed", True),
        ("provisional", True),
        ("differential", True),
        ("resolved", True),
        ("inactive", True),
    ],
)
def test_only_a_condition_that_was_said_and_holds_counts(status, void):
    rows = signalled(diagnoses=[{**ESRD, "status": status}])
    assert [row["void"] for row in rows] == [void, void]


def test_a_pregnancy_holds_until_its_end():
    began, ended = RECEIVED - timedelta(days=200), RECEIVED - timedelta(days=5)
    told = {**PREGNANT, "status": "resolved", "onset_at": began, "ended_at": ended}
    yes, no = signalled(diagnoses=[told])
    assert (yes["concept"], yes["effective_at"], yes["value"]) == ("pregnancy", began, 1.0)
    assert (no["concept"], no["effective_at"], no["value"]) == ("pregnancy", ended, 0.0)
    assert yes["signal_id"] != no["signal_id"]
    taken_back = signalled(diagnoses=[{**told, "status": "entered_in_error"}])
    assert [(row["void"], row["signal_id"]) for row in taken_back] == [
        (True, yes["signal_id"]),
        (True, no["signal_id"]),
    ]


def test_a_pregnancy_that_began_longer_ago_than_one_lasts_does_not_count():
    long_ago = RECEIVED - timedelta(hours=PREGNANCY_HOURS + 1)
    assert told(**PREGNANT, onset_at=long_ago, status="active") == []
    just = RECEIVED - timedelta(hours=PREGNANCY_HOURS)
    assert told(**PREGNANT, onset_at=just, status="active") == ["pregnancy"]


def test_a_code_of_no_resuscitation_is_a_word_of_when_it_was_told():
    row = {"code_system": "I10", "code": "Z66", "onset_at": RECEIVED - timedelta(days=90)}
    [found] = signalled(diagnoses=[row])
    assert (found["concept"], found["value"]) == ("code_status", 1.0)
    assert found["effective_at"] == RECEIVED


@pytest.mark.parametrize(
    ("system", "code"), [("I10", "Z51.5"), ("I9", "V66.7"), ("SCT", "103735009")]
)
def test_palliative_care_is_not_taken_for_comfort_care(system, code):
    assert told(code_system=system, code=code) == []


@pytest.mark.parametrize(
    ("system", "code", "concepts"),
    [
        ("I9", "V22.2", ["pregnancy"]),
        ("I10", "V22.2", []),  # a motorcycle, in ICD-10
        (None, "V22.2", []),
        ("I10", "Z33.1", ["pregnancy"]),
        ("I10C", "O09.90", ["pregnancy"]),
        ("I10", "O80", []),  # a delivery ends it
        ("SCT", "77386006", ["pregnancy"]),
        ("http://snomed.info/sct", "46177005", [KIDNEY, END_STAGE]),
        ("urn:oid:2.16.840.1.113883.6.96", "46177005", [KIDNEY, END_STAGE]),
        ("2.16.840.1.113883.6.90", "N18.6", [KIDNEY, END_STAGE]),
        ("LOCAL", "N18.6", []),
    ],
)
def test_a_code_is_read_in_its_own_system(system, code, concepts):
    assert told(code_system=system, code=code) == concepts


DONE = {"concept": "dialysis", "procedure_id": "7", "code": "X", "status": "completed"}


@pytest.mark.parametrize(
    ("status", "void"),
    [
        (None, False),
        ("in_progress", False),
        ("stopped", False),
        ("planned", True),
        ("not_done", True),
        ("unknown", True),
        ("entered_in_error", True),
    ],
)
def test_a_procedure_counts_once_it_was_begun(status, void):
    started = RECEIVED - timedelta(hours=3)
    [row] = procedure_signals(
        stored("procedures", {**DONE, "status": status, "started_at": started})
    )
    assert row == {
        "concept": "dialysis",
        "at": started,
        "value": None if void else 1.0,
        "void": void,
    }


def test_a_procedure_without_a_meaning_or_a_beginning():
    assert procedure_signals(stored("procedures", {"code": "X"})) == []
    [row] = procedure_signals(stored("procedures", DONE))
    assert row["at"] == RECEIVED


FLAGGED = {"concept": "code_status", "value_code": "dnr", "kind": "flag", "status": "active"}


@pytest.mark.parametrize(
    ("row", "void"),
    [
        ({}, False),
        ({"status": "inactive"}, True),
        ({"status": "entered_in_error"}, True),
        ({"ended_at": RECEIVED - timedelta(days=1)}, True),
        ({"ended_at": RECEIVED + timedelta(days=1)}, False),
    ],
)
def test_a_flag_holds_while_it_is_active(row, void):
    [found] = flag_signals(stored("flags", {**FLAGGED, **row}))
    assert (found["concept"], found["at"], found["void"]) == ("code_status", RECEIVED, void)
    assert found["value"] == (None if void else 1.0)


@pytest.mark.parametrize("answer", [None, "perhaps"])
def test_a_flag_with_another_answer_says_nothing(answer):
    assert flag_signals(stored("flags", {**FLAGGED, "value_code": answer})) == []


def test_every_context_code_names_its_source_and_is_of_a_concept_and_its_answer():
    assert len(CONTEXT_CODES) > 150
    for row in CONTEXT_CODES:
        assert row.source, row
        assert row.version, row
        assert row.name, row
        concept = CONCEPTS[row.concept]
        assert (row.answer in concept.answers) if row.answer else concept.kind == "event"
        assert row in stands_for(row.kind, row.system, row.code.rstrip("*"))


def test_a_procedure_code_and_a_flag_code_are_known_in_their_system():
    assert procedure_concept("C4", "90935") == "dialysis"
    assert procedure_concept("I10P", "0BH17EZ") == "intubation"
    assert procedure_concept("I9CP", "39.95") == "dialysis"
    assert procedure_concept("http://snomed.info/sct", "271280005") == "extubation"
    assert procedure_concept(None, "90935") is None
    assert flag_answer("SCT", "304253006") == ("code_status", "dnr")
    assert flag_answer("SCT", "133918004") == ("code_status", "comfort_care")
    assert flag_answer("http://terminology.hl7.org/CodeSystem/consentcategorycodes", "dnr") is None
