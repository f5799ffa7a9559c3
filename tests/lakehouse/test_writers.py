"""How files are written: told as steps where that is shorter, and read back by every engine."""

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, QueryBuilder

from lakehouse.appends import append
from lakehouse.compaction import compact
from lakehouse.tables import OBSERVATIONS, TABLES
from lakehouse.writers import PREFIXES, TOLD_AS

NAMES = ["order A|1", "order A|2", None, "Ünit|3", ""]


def fits(kind: pa.DataType, name: str) -> bool:
    if TOLD_AS[name] is PREFIXES:
        return pa.types.is_string(kind)
    return pa.types.is_integer(kind) or pa.types.is_timestamp(kind)


@pytest.fixture
def stored(lake, rows):
    """A table joined from two commits, whose identities have gaps, and the same rows as given."""
    given = rows(OBSERVATIONS, range(5))
    place = given.schema.get_field_index("observation_id")
    given = given.set_column(place, given.schema.field(place), pa.chunked_array([NAMES]))
    append(lake, OBSERVATIONS, "icu", 0, given.slice(0, 3), 2)
    append(lake, OBSERVATIONS, "icu", 0, given.slice(3), 4)
    assert compact(lake, OBSERVATIONS) == 2
    return DeltaTable(str(lake.path(OBSERVATIONS))), given


def test_every_column_told_as_steps_is_one_of_a_contract_and_of_a_fitting_type():
    for name in TOLD_AS:
        kinds = {t.schema.field(name).type for t in TABLES.values() if name in t.schema.names}
        assert kinds, name
        assert all(fits(kind, name) for kind in kinds), name


def test_files_hold_times_and_places_as_steps_and_identities_by_their_prefix(stored):
    table, _ = stored
    (file,) = table.file_uris()
    group = pq.ParquetFile(file.removeprefix("file://")).metadata.row_group(0)
    encodings = {
        group.column(n).path_in_schema: group.column(n).encodings for n in range(group.num_columns)
    }
    assert "DELTA_BINARY_PACKED" in encodings["offset"]
    assert "DELTA_BYTE_ARRAY" in encodings["observation_id"]
    assert "RLE_DICTIONARY" in encodings["patient_id"]


def test_both_engines_read_the_identities_as_they_were_given(stored):
    table, given = stored
    sql = 'select observation_id from {} order by "offset"'
    (file,) = table.file_uris()
    by_duckdb = duckdb.sql(sql.format(f"read_parquet('{file}')")).fetchall()
    found = QueryBuilder().register("t", table).execute(sql.format("t")).read_all()
    assert [name for (name,) in by_duckdb] == given["observation_id"].to_pylist()
    assert pa.table(found)["observation_id"].to_pylist() == given["observation_id"].to_pylist()
