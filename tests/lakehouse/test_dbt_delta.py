"""Publishing marts: what is replaced, what stays, and what is refused."""

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable, QueryBuilder

from lakehouse.appends import append
from lakehouse.catalogue import attach
from lakehouse.cuts import Cut, cut
from lakehouse.dbt_delta import Plugin
from lakehouse.errors import AppendError
from lakehouse.publishing import Publication, publish
from lakehouse.tables import OBSERVATIONS, RAW_MESSAGES


def test_rows_replace_those_of_the_build_before(tmp_path):
    _publish(tmp_path, "values ('a', 1), ('b', 2)")
    assert _publish(tmp_path, "values ('c', 3)") == [("c", 3)]


def test_model_without_rows_leaves_an_empty_mart(tmp_path):
    _publish(tmp_path, "values ('a', 1)")
    assert _publish(tmp_path, "select 'a', 1 where false") == []


def test_named_partitions_alone_are_replaced(tmp_path):
    _publish(tmp_path, "values ('a', 1), ('b', 2)")
    rows = _publish(tmp_path, "values ('a', 9), ('b', 9)", partitions=("a",))
    assert rows == [("a", 9), ("b", 2)]


def test_partition_without_new_rows_is_cleared(tmp_path):
    _publish(tmp_path, "values ('a', 1), ('b', 2)")
    assert _publish(tmp_path, "values ('b', 9)", partitions=("a",)) == [("b", 2)]


def test_no_partition_named_replaces_nothing(tmp_path):
    _publish(tmp_path, "values ('a', 1)")
    assert _publish(tmp_path, "values ('a', 9)", partitions=()) == [("a", 1)]


@pytest.mark.parametrize("ward", ["O'Neill", "a') or true --", '"; drop', "100 %/..", "a\\'"])
def test_partition_may_have_any_name(tmp_path, ward):
    quoted = ward.replace("'", "''")
    _publish(tmp_path, f"values ('{quoted}', 1), ('b', 2)")
    assert _publish(tmp_path, "select 'a', 1 where false", partitions=(ward,)) == [("b", 2)]


def test_partitions_of_a_mart_with_other_columns_are_refused(tmp_path):
    _publish(tmp_path, "values ('a', 1)")
    with pytest.raises(AppendError, match="columns of mart `mart` have changed"):
        _publish(tmp_path, "values ('a', 1.5::double)", partitions=("a",))
    assert _read(tmp_path / "marts" / "mart") == [("a", 1)]


def test_mart_without_a_key_is_refused():
    with pytest.raises(ValueError, match="unique_key"):
        Publication("mart", "run", ())


def test_partitions_without_their_column_are_refused():
    with pytest.raises(ValueError, match="partition_by"):
        Publication("mart", "run", ("ward",), partitions=("a",))


def test_attached_tables_end_at_the_cut(lake, rows):
    for table in (OBSERVATIONS, RAW_MESSAGES):
        append(lake, table, "icu", 0, rows(table, range(10)), 9)
    assert cut(lake)["icu", 0] == 9
    with duckdb.connect() as connection:
        attach(connection, lake, "lake", at=Cut({("icu", 0): 4}))
        (count,) = connection.cursor().execute("select count(*) from lake.observations").fetchone()
    assert count == 5


@pytest.mark.parametrize("given", ["", '[{"feed": "icu", "partition": 0, "offset": 4}]'])
def test_plugin_reads_at_the_cut_it_is_given_or_the_newest(lake, rows, given):
    for table in (OBSERVATIONS, RAW_MESSAGES):
        append(lake, table, "icu", 0, rows(table, range(10)), 9)
    plugin = Plugin("lake", {"lake": str(lake.root), "cut": given})
    with duckdb.connect() as connection:
        plugin.configure_connection(connection)
        (count,) = connection.execute("select count(*) from lake.observations").fetchone()
    assert count == (5 if given else 10)


def _publish(root, values, *, partitions=None):
    publication = Publication("mart", "run-1", ("ward", "patient"), "ward", partitions)
    path = root / "marts" / "mart"
    with duckdb.connect() as connection:
        draft = f"create view draft as select * from ({values}) as t (ward, patient)"  # noqa: S608
        connection.execute(draft)
        publish(connection, "draft", path, publication)
    return _read(path)


def _read(path):
    table = QueryBuilder().register("mart", DeltaTable(str(path)))
    rows = pa.table(table.execute("select ward, patient from mart order by ward, patient"))
    return list(zip(rows["ward"].to_pylist(), rows["patient"].to_pylist(), strict=True))
