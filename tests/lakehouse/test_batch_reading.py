"""Reading batch tables: what was never written is empty, not missing."""

import duckdb
import pyarrow as pa
import pytest

from lakehouse.batch import BATCH_TABLES
from lakehouse.batch.migration import JOB_LEDGER
from lakehouse.batch_reading import attach_zone, read_batch
from lakehouse.catalogue import equip
from lakehouse.errors import LedgerMovedError
from lakehouse.ledgers import append_entry

ZONES = sorted({table.zone for table in BATCH_TABLES.values()})


@pytest.mark.parametrize("zone", ZONES)
def test_zone_that_was_never_written_shows_empty_tables_of_its_contracts(lake, zone):
    with duckdb.connect() as connection:
        equip(connection)
        attach_zone(connection, lake, zone)
        for table in BATCH_TABLES.values():
            if table.zone == zone:
                rows = connection.execute(f"from {zone}.{table.name}").to_arrow_table()
                assert rows.num_rows == 0
                assert rows.column_names == table.schema.names


@pytest.mark.parametrize("name", BATCH_TABLES)
def test_batch_table_lies_in_the_folder_of_its_zone(lake, name):
    table = BATCH_TABLES[name]
    assert lake.path(table) == lake.root / table.zone / name


@pytest.mark.parametrize("name", BATCH_TABLES)
def test_every_column_is_described_and_every_key_is_a_column(name):
    table = BATCH_TABLES[name]
    assert all(column.description for column in table.columns)
    assert set(table.key) <= set(table.schema.names)
    assert len(set(table.schema.names)) == len(table.columns)


def test_ledger_takes_each_number_of_a_line_once(lake):
    _decide(lake, "vitals", 1)
    with pytest.raises(LedgerMovedError, match="moved on"):
        _decide(lake, "vitals", 1)
    _decide(lake, "labs", 1)
    _decide(lake, "vitals", 2)
    found = read_batch(lake, JOB_LEDGER, ("job", "number"))
    assert found.to_pydict() == {"job": ["labs", "vitals", "vitals"], "number": [1, 1, 2]}


def _decide(lake, job, number):
    texts = dict.fromkeys(JOB_LEDGER.schema.names, "x") | {"job": job, "number": number}
    texts["at"] = pa.scalar(0, pa.timestamp("us", tz="UTC")).as_py()
    append_entry(lake, JOB_LEDGER, job, number, pa.Table.from_pylist([texts], JOB_LEDGER.schema))
