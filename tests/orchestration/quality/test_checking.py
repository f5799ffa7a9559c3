"""Checks of a lake: a clean one passes, and each kind of break is found in its very rows."""

import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.batch.quality import FAILED_ROWS, QUALITY_CHECKS
from lakehouse.batch_reading import read_batch
from lakehouse.catalogue import connect
from lakehouse.cuts import Cut, cut
from lakehouse.tables import ALERTS, OBSERVATIONS, RAW_MESSAGES, SCORES
from orchestration.quality.checking import KEPT_PER_RULE, check
from orchestration.quality.evidence import failed_rows, history, keep
from orchestration.quality.rules import PLACE, InSet, Suite
from orchestration.quality.suites import SUITES
from orchestration.quality.validation import QualityError, Validator, frame
from tests.orchestration.quality.breaking import change, double

NOTHING = Cut({})
NOW = datetime(2026, 1, 20, tzinfo=UTC)
HEART_RATE = "concept = 'heart_rate' and is_scored and \"offset\" % 50 = 0"


@pytest.fixture
def lake(hospital, tmp_path):
    return hospital.copy(tmp_path).lake


def checked(lake, suite, since=NOTHING):
    return check(lake, SUITES[suite], since, cut(lake))


def places(rows):
    return sorted(zip(*(rows[name].to_pylist() for name in PLACE), strict=True))


@pytest.mark.parametrize("name", SUITES)
def test_the_lake_of_the_stream_passes_every_suite(hospital, name):
    found = checked(hospital.lake, name)
    assert found.failed == {}
    assert found.is_clean


def test_every_row_up_to_the_cut_is_looked_at(hospital):
    with connect(hospital.lake) as connection:
        rows = connection.sql("select count(*) from observations").fetchall()[0][0]
    assert checked(hospital.lake, "observations.values").rows == rows


# Table, which rows, what they become, and what fails then.
BREAKS = {
    "a scored value outside of the plausible range": (
        *(OBSERVATIONS, HEART_RATE, {"value": "9000.0"}),
        *("units_and_ranges", "scored_value_is_not_above_plausible"),
    ),
    "a scored value that is missing": (
        *(OBSERVATIONS, HEART_RATE, {"value": "null::double"}),
        *("units_and_ranges", "scored_value_is_there"),
    ),
    "a unit that is not the concept's": (
        *(OBSERVATIONS, HEART_RATE, {"ucum_unit": "'kg'"}),
        *("units_and_ranges", "unit_is_the_concepts"),
    ),
    "a missing unit": (
        *(OBSERVATIONS, HEART_RATE, {"ucum_unit": "null"}),
        *("units_and_ranges", "unit_is_the_concepts"),
    ),
    "a LOINC code of another concept": (
        *(OBSERVATIONS, HEART_RATE, {"loinc_code": "'718-7'"}),
        *("units_and_ranges", "loinc_code_is_the_concepts"),
    ),
    "an answer with another's number": (
        *(OBSERVATIONS, 'value_code is not null and "offset" % 9 = 0', {"value": "77.0"}),
        *("units_and_ranges", "answer_stands_for_its_number"),
    ),
    "a scored row with a reason why it is not": (
        *(OBSERVATIONS, HEART_RATE, {"not_scored_reason": "'future'"}),
        *("units_and_ranges", "what_is_not_scored_has_a_reason"),
    ),
    "an unknown status": (
        *(OBSERVATIONS, HEART_RATE, {"status": "'perhaps'"}),
        *("values", "status_is_a_known_one"),
    ),
    "an unknown concept": (
        *(OBSERVATIONS, HEART_RATE, {"concept": "'phlogiston'"}),
        *("values", "concept_is_a_known_one"),
    ),
    "a partition of another day": (
        *(OBSERVATIONS, HEART_RATE, {"received_at": "received_at + interval 3 days"}),
        *("values", "received_date_is_that_of_received_at"),
    ),
    "an unknown disposition": (
        *(RAW_MESSAGES, '"offset" in (5, 9)', {"disposition": "'lost'"}),
        *("values", "disposition_is_a_known_one"),
    ),
    "a score above its most points": (
        *(SCORES, "score = 'news2' and \"offset\" % 50 = 0", {"highest": "21.0"}),
        *("units_and_ranges", "highest_is_in_the_scores_range"),
    ),
    "a score below none": (
        *(SCORES, "score = 'sirs' and \"offset\" % 50 = 0", {"lowest": "-1.0"}),
        *("units_and_ranges", "lowest_is_in_the_scores_range"),
    ),
    "a variant that the score does not have": (
        *(SCORES, "score = 'sirs' and \"offset\" % 50 = 0", {"variant": "'mine'"}),
        *("units_and_ranges", "variant_is_one_of_the_score"),
    ),
    "an unknown severity": (
        *(ALERTS, "true", {"severity": "'dire'"}),
        *("values", "severity_is_a_known_one"),
    ),
    "an alert whose night was over": (
        *(ALERTS, "true", {"batch_at": "raised_at - interval 1 hour"}),
        *("units_and_ranges", "the_night_comes_after_the_alert"),
    ),
}


@pytest.mark.parametrize("case", BREAKS)
def test_a_break_is_found_in_the_rows_that_have_it(lake, case):
    table, where, columns, family, rule = BREAKS[case]
    broken = change(lake, table, where, **columns)
    found = checked(lake, f"{table.name}.{family}")
    assert found.failed[rule] == broken.num_rows
    mine = found.places.filter(pa.compute.equal(found.places["rule"], rule))
    assert places(mine) == places(broken)


@pytest.mark.parametrize("table", [OBSERVATIONS, ALERTS, RAW_MESSAGES], ids=lambda t: t.name)
def test_a_key_that_is_there_twice_is_found_in_both_rows(lake, table):
    first = f'"offset" = (select min("offset") from {table.name})'  # noqa: S608
    doubled = double(lake, table, first)
    found = checked(lake, f"{table.name}.values")
    assert found.failed == {"key_is_unique": 2 * doubled.num_rows}
    assert set(places(found.places)) == set(places(doubled))


def test_a_changed_schema_is_found_with_its_columns(lake):
    path = str(lake.path(ALERTS))
    with connect(lake, tables=(ALERTS,)) as connection:
        rows = connection.execute(
            "select * replace (band::bigint as band), 1 as added from alerts"
        ).to_arrow_table()
    write_deltalake(
        path, rows, mode="overwrite", schema_mode="overwrite", partition_by=["received_date"]
    )
    found = checked(lake, "alerts.schema")
    assert {"columns_are_the_contracts", "types_are_the_contracts"} <= found.failed.keys()
    assert {"added", "band"} <= set(found.columns)


def test_rows_of_one_rule_are_kept_up_to_a_limit_and_counted_whole(lake):
    broken = change(lake, OBSERVATIONS, "true", status="'perhaps'")
    found = checked(lake, "observations.values")
    assert broken.num_rows > KEPT_PER_RULE
    assert found.failed == {"status_is_a_known_one": broken.num_rows}
    assert found.places.num_rows == KEPT_PER_RULE


def test_rows_before_the_last_clean_cut_are_not_looked_at_again(lake):
    at = cut(lake)
    half = Cut({place: reached // 2 for place, reached in at.items()})
    first, second = check(lake, SUITES["scores.values"], NOTHING, half), None
    second = checked(lake, "scores.values", half)
    assert first.rows + second.rows == checked(lake, "scores.values").rows
    assert checked(lake, "scores.values", at).rows == 0


def test_where_the_line_went_back_everything_is_looked_at(lake):
    beyond = Cut({place: reached + 1 for place, reached in cut(lake).items()})
    assert checked(lake, "scores.values", beyond).rows == checked(lake, "scores.values").rows


def test_only_a_clean_check_moves_the_line_so_bad_rows_stay_found(lake):
    suite = SUITES["alerts.values"]
    keep(lake, checked(lake, suite.name), 1, NOW)
    assert history(lake, suite).clean_at == cut(lake)
    other = SUITES["observations.values"]
    change(lake, OBSERVATIONS, HEART_RATE, status="'perhaps'")
    for number in (1, 2):
        before = history(lake, other)
        assert before.clean_at == NOTHING
        keep(lake, check(lake, other, before.clean_at, cut(lake)), number, NOW)
    assert history(lake, other).checks == 2
    assert len(read_batch(lake, QUALITY_CHECKS)) == 3


def test_the_failed_rows_of_the_newest_check_can_be_asked_for_and_joined(lake):
    broken = change(lake, OBSERVATIONS, HEART_RATE, ucum_unit="'kg'")
    suite = "observations.units_and_ranges"
    keep(lake, checked(lake, suite), 1, NOW)
    rows = read_batch(lake, FAILED_ROWS)
    assert places(rows) == places(broken)
    assert failed_rows(lake) == broken.num_rows
    change(lake, OBSERVATIONS, HEART_RATE, ucum_unit="'/min'")
    keep(lake, checked(lake, suite), 2, NOW)
    assert failed_rows(lake) == 0


def test_evidence_tells_counts_and_no_value(lake):
    change(lake, OBSERVATIONS, HEART_RATE, status="'perhaps'")
    keep(lake, checked(lake, "observations.values"), 1, NOW)
    (entry,) = read_batch(lake, QUALITY_CHECKS).to_pylist()
    assert list(json.loads(entry["failed_by_rule"])) == ["status_is_a_known_one"]
    assert "perhaps" not in str(entry)


def test_a_rule_that_cannot_be_evaluated_is_our_error_and_not_bad_rows():
    rule = InSet("known", "no_such_column", ("a",))
    validator = Validator.of("observations.values", [rule])
    rows = pa.table({"status": ["secret"]})
    with pytest.raises(QualityError, match=r"known.*could not be evaluated") as caught:
        validator.failed(frame(rows, []))
    assert "secret" not in str(caught.value)


def test_frames_are_backed_by_numpy():
    rows = pa.table({"a": ["x", None], "b": [1.0, None], "c": [True, None]})
    kinds = frame(rows, []).dtypes
    assert not any("pyarrow" in repr(kind) or "Arrow" in type(kind).__name__ for kind in kinds)


def test_a_suite_of_no_rows_passes(tmp_path, hospital):
    suite = Suite("identity_events", "values", SUITES["identity_events.values"].rules)
    assert check(hospital.lake, SUITES[suite.name], NOTHING, cut(hospital.lake)).rows == 0
