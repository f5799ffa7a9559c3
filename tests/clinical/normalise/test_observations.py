"""Concept, identity and laws of normalised observations."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.concepts import CONCEPTS
from clinical.normalise import NormalisationError, check, normalise
from clinical.normalise.observations import observation_id
from clinical.wire.decoded import MESSAGES, Decoded
from clinical.wire.profile import CodeRule, FeedProfile
from lakehouse.tables import OBSERVATIONS
from tests.clinical.normalise.factories import (
    PROFILE,
    RECEIVED,
    normalised,
    observed,
    one,
    received,
    table,
)

BARE = FeedProfile(name="bare")
LOINC = {"code": "8867-4", "code_system": "LN"}


def test_the_feeds_map_comes_before_loinc():
    profile = FeedProfile(name="odd", codes={("LN", "8867-4"): CodeRule("respiratory_rate")})
    assert one(18.0, "/min", **LOINC, profile=profile)["concept"] == "respiratory_rate"


def test_the_alternate_code_speaks_where_the_first_is_unknown():
    alternate = {"alternate_code": "heart_rate", "alternate_system": "L"}
    assert one(72.0, "bpm", code="99", **alternate)["concept"] == "heart_rate"


def test_a_rule_without_a_code_system_holds_in_any():
    assert one(72.0, code="anywhere", code_system="whatever")["concept"] == "heart_rate"


@pytest.mark.parametrize(
    "system", ["LN", "LOINC", "http://loinc.org", "urn:oid:2.16.840.1.113883.6.1"]
)
def test_loinc_is_known_by_each_of_its_names(system):
    row = one(72.0, "/min", code="8867-4", code_system=system, profile=BARE)
    assert (row["concept"], row["loinc_code"]) == ("heart_rate", "8867-4")


def test_a_loinc_code_in_a_local_system_is_a_local_code():
    row = one(72.0, "/min", code="8867-4", code_system="L", profile=BARE)
    assert (row["concept"], row["loinc_code"]) == (None, None)


def test_the_loinc_code_is_the_maps_then_the_one_sent_then_the_concepts_first():
    mapped = FeedProfile(name="m", codes={("L", "1"): CodeRule("heart_rate", "11111-1")})
    assert one(72.0, "/min", code="1", profile=mapped)["loinc_code"] == "11111-1"
    sent = {"alternate_code": "76282-3", "alternate_system": "LN"}
    assert one(72.0, "/min", **sent)["loinc_code"] == "76282-3"
    assert one(72.0, "/min")["loinc_code"] == CONCEPTS["heart_rate"].loinc[0]
    unmapped = one(1.0, "/min", code="76282-3", code_system="LN", profile=BARE)
    assert (unmapped["concept"], unmapped["loinc_code"]) == (None, "76282-3")


def test_the_maps_unit_speaks_for_a_code_that_sends_none():
    assert one(72.0, code="hr_unitless")["value"] == 72.0


def test_a_culture_reported_by_loinc_took_place():
    row = one(code="600-7", code_system="LN", value_text="No growth to date", profile=BARE)
    assert (row["concept"], row["value"], row["is_scored"]) == ("culture", 1.0, True)


def test_a_profile_that_names_an_unknown_concept_is_refused():
    profile = FeedProfile(name="typo", codes={("L", "1"): CodeRule("hart_rate")})
    with pytest.raises(NormalisationError, match="hart_rate"):
        one(72.0, "bpm", profile=profile)


@pytest.mark.parametrize(
    "answers", [{"consciousness": {"Alert": "Z"}}, {"gcs_eye": {"None": "one"}}, {"nose": {}}]
)
def test_a_profile_that_names_an_unknown_answer_is_refused(answers):
    with pytest.raises(NormalisationError):
        check(FeedProfile(name="typo", answers=answers))


def test_a_correction_has_the_identity_of_what_it_corrects():
    first, second = normalised(
        "observations",
        observed(72.0, "bpm"),
        observed(27.0, "/min", status="corrected", message=1, comparator="<"),
    )
    assert first["observation_id"] == second["observation_id"]


@pytest.mark.parametrize(
    "other",
    [
        {"order_id": "O2"},
        {"code": "spo2"},
        {"code_system": "M"},
        {"sub_id": "2"},
        {"effective_at": RECEIVED},
        {"order_id": None},
    ],
)
def test_another_order_code_part_or_time_is_another_observation(other):
    rows = normalised("observations", observed(72.0, "bpm"), observed(72.0, "bpm", **other))
    assert rows[0]["observation_id"] != rows[1]["observation_id"]


def test_without_an_order_number_the_patient_is_part_of_the_identity():
    one_patient = one(72.0, "bpm", order_id=None)
    another = one(72.0, "bpm", order_id=None, patient_id="P2")
    assert one_patient["observation_id"].startswith("F|P1||L|heart_rate||")
    assert one_patient["observation_id"] != another["observation_id"]


def test_a_separator_within_a_part_does_not_blur_two_identities():
    rows = [{"order_id": "a|L", "code": "b"}, {"order_id": "a", "code": "L|b", "code_system": "L"}]
    rows += [{"order_id": "a%7CL", "code": "b"}]
    found = normalised("observations", *(observed(1.0, **row) for row in rows))
    assert len({row["observation_id"] for row in found}) == len(rows)


def test_rows_are_numbered_within_their_message():
    rows = [observed(72.0, "bpm", message=message) for message in (0, 0, 2, 2, 2, 5)]
    assert [row["row"] for row in normalised("observations", *rows)] == [0, 1, 0, 1, 2, 0]


def test_tables_without_rows_and_tables_of_no_concern_pass():
    facts = {
        "observations": table("observations"),
        "patient_demographics": table("patient_demographics", {"sex": "F"}),
    }
    found = normalise(Decoded(MESSAGES.empty_table(), facts), received(), PROFILE)
    assert len(found["observations"]) == 0
    assert found["patient_demographics"].to_pylist()[0]["sex"] == "F"


def test_columns_are_those_of_the_stored_contract():
    provenance = {"feed", "partition", "offset", "received_at", "received_date"}
    found = normalised("observations", observed(72.0, "bpm"))[0]
    assert set(found) == {column.name for column in OBSERVATIONS.columns} - provenance | {"message"}


ROWS = st.builds(
    dict,
    code=st.sampled_from(["heart_rate", "temperature", "fio2", "consciousness", "gcs_verbal", "x"]),
    value_number=st.none() | st.floats(),
    value_text=st.none() | st.sampled_from(["Alert", "Sedated", "5 Oriented", "7", ""]),
    unit_as_sent=st.sampled_from([None, "", "bpm", "Cel", "[degF]", "%", "mmHg"]),
    comparator=st.sampled_from([None, "<", ">", "<=", ">="]),
    status=st.sampled_from(["final", "corrected", "cancelled", "registered", None]),
    order_id=st.sampled_from([None, "O1", "O|2", "O%3"]),
    time_flag=st.sampled_from([None, "bad_time"]),
    effective_at=st.none() | st.just(RECEIVED),
)


@settings(deadline=None)
@given(st.lists(ROWS, max_size=8), st.lists(ROWS, max_size=8))
def test_a_batch_is_normalised_as_its_halves_are(left, right):
    first, second = table("observations", *left), table("observations", *right)
    both = table("observations", *left, *({**row, "message": 1} for row in right))
    halves = [_normalised(first), _normalised(second)]
    halves[1] = halves[1].set_column(0, "message", pa.array([1] * len(right), pa.int32()))
    assert _normalised(both).equals(pa.concat_tables(halves).combine_chunks())


@settings(deadline=None)
@given(st.lists(ROWS, max_size=12))
def test_only_a_finite_plausible_value_is_scored_and_every_other_row_has_a_reason(rows):
    for row in _normalised(table("observations", *rows)).to_pylist():
        assert row["is_scored"] == (row["not_scored_reason"] is None)
        assert row["value"] is None or abs(row["value"]) < float("inf")
        if row["is_scored"]:
            concept = CONCEPTS[row["concept"]]
            low, high = concept.plausible_low, concept.plausible_high
            assert row["value"] is not None
            assert low is None or low <= row["value"] <= high


def _normalised(rows):
    facts = {"observations": rows}
    return normalise(Decoded(MESSAGES.empty_table(), facts), received(), PROFILE)["observations"]


TEXTS = st.one_of(st.none(), st.sampled_from(["", "a", "O|1", "100%", "%7C", "x%|y"]))


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS), min_size=1, max_size=8))
def test_few_rows_have_the_identities_that_many_have(parts):
    names = ("order_id", "code_system", "code", "sub_id", "facility", "patient_id")
    sent = [observed(1.0, **dict(zip(names, row, strict=True))) for row in parts]
    sent.append(observed(1.0, effective_at=None))
    few = table("observations", *sent)
    many = table("observations", *sent * 40)
    assert observation_id(many).to_pylist() == observation_id(few).to_pylist() * 40
