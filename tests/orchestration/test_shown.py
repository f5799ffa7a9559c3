"""What a run shows of a table: enough to see that it is right, nothing of one patient."""

from datetime import date

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.batch.legacy import LEGACY_LABS
from lakehouse.batch.reconciliation import NIGHTS
from lakehouse.lake import Lake
from lakehouse.publishing import replace_rows
from lakehouse.tables import ALERTS, OBSERVATIONS, PATIENT_DEMOGRAPHICS, TABLES
from orchestration.shown import SAFE, bar_chart, markdown_table, table_metadata

HOSTILE = "<script>x</script> ![p](http://example.invalid/p.png) | `a` [b](c)\n# d\u202e"
# What tells who somebody is, or what a sender wrote as he liked.
TELLING = {
    *("patient_id", "encounter_id", "order_id", "observation_id", "alert_id", "episode_id"),
    *("value", "value_text", "value_number", "value_code", "code_text", "code", "specimen"),
    *("effective_at", "event_at", "documented_at", "birth_date", "died_at", "family_name"),
    *("given_name", "raw", "surviving_id", "retired_id", "description", "transaction_id"),
    *("business_key", "legacy_value", "stream_value", "components", "evidence", "reason"),
}


def test_no_column_that_tells_of_a_patient_is_previewed():
    assert not TELLING & set(SAFE)


def test_table_shows_rows_version_nulls_times_and_a_preview(hospital):
    shown = table_metadata(hospital.lake, OBSERVATIONS)
    assert shown["dagster/row_count"].value > 1_000
    assert shown["delta_version"].value >= 0
    assert shown["bytes"].value > 0
    assert "`sub_id`" in shown["null_shares"].value
    assert shown["first_received_at"].value <= shown["last_received_at"].value
    assert "`mean_bp`" in shown["preview"].value


@pytest.mark.parametrize("name", TABLES)
def test_nothing_that_is_shown_holds_an_identifier(hospital, name):
    table = TABLES[name]
    lake = hospital.lake
    text = " ".join(str(value.value) for value in table_metadata(lake, table).values())
    for column in TELLING & set(table.schema.names):
        if pa.types.is_string(table.schema.field(column).type):
            shown_as_word = {word.strip("`") for word in text.split()}
            assert not shown_as_word & _distinct(lake, table, column) - {"N"}


def test_rows_that_few_share_are_not_counted(hospital):
    shown = table_metadata(hospital.lake, ALERTS)["preview"].value
    counts = [line.split("|")[-2].strip(" `") for line in shown.splitlines()[2:]]
    assert counts
    assert all(count == "< 5" or int(count) >= 5 for count in counts)


def test_demographics_show_no_name_and_no_birthday(hospital):
    shown = table_metadata(hospital.lake, PATIENT_DEMOGRAPHICS)["preview"].value
    assert shown.splitlines()[0] == "| feed | rows |"


def test_absent_table_has_no_rows_and_is_no_error(tmp_path):
    lake = Lake.open(tmp_path / "lake", create=True)
    assert table_metadata(lake, NIGHTS)["dagster/row_count"].value == 0
    assert table_metadata(lake, tmp_path / "no-mart")["dagster/row_count"].value == 0


def test_texts_of_a_sender_are_literal_in_a_preview(tmp_path):
    lake = Lake.open(tmp_path / "lake", create=True)
    _store_lab(lake, HOSTILE)
    shown = table_metadata(lake, LEGACY_LABS, partition="2026-01-05")
    assert shown["dagster/partition_row_count"].value == 1
    (row,) = shown["preview"].value.splitlines()[2:]
    assert row.count("|") == 4
    assert "`<script>x</script>" in row
    assert "\u202e" not in row


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_cells_stay_within_their_cell_and_their_code_span(texts):
    table = markdown_table(["c"] * len(texts), [texts])
    (row,) = table.split("\n")[2:]
    assert row.count("|") == len(texts) + 1
    assert row.count("`") % 2 == 0
    for cell in row.split("|")[1:-1]:
        assert cell.strip() == "" or (cell.strip()[0] == cell.strip()[-1] == "`")


def test_chart_is_a_picture_within_its_own_text():
    chart = bar_chart("Late ](x) $a$", ["2026-01-05", "$b"], {"late": [1, 2], "value": [0, 1]})
    assert chart.value.startswith("![Late   x   a ](data:image/png;base64,")


def _distinct(lake, table, column):
    with duckdb.connect() as connection:
        files = [str(path) for path in lake.path(table).rglob("*.parquet")]
        if not files:
            return set()
        rows = connection.execute(f'select distinct "{column}" from read_parquet(?)', [files])  # noqa: S608
        return {text for (text,) in rows.fetchall() if text and len(text) > 3}


def _store_lab(lake, unit):
    row = dict.fromkeys(LEGACY_LABS.schema.names, "1")
    row |= {"night": date(2026, 1, 5), "line": 1, "unit": unit}
    rows = pa.Table.from_pylist([row], LEGACY_LABS.schema)
    with duckdb.connect() as connection:
        connection.register("rows", rows)
        replace_rows(connection, lake, LEGACY_LABS, "rows", run="test", partitions=("2026-01-05",))
