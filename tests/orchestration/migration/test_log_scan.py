"""The scan of logs: finds names and identifiers, shows none, and knows what it cannot look for."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from lakehouse.appends import append
from lakehouse.lake import Lake
from lakehouse.tables import PATIENT_DEMOGRAPHICS, RAW_MESSAGES
from orchestration.migration import log_scan
from orchestration.migration.log_scan import log_files, scan

AT = datetime(2026, 1, 5, tzinfo=UTC)
PEOPLE = [
    ("MRN-0042", "Featherstonehaugh", "Ann"),
    ("90017", "van der Meulen", "Konstantin"),
    ("12345678", "Li", None),
]


@pytest.fixture
def lake(tmp_path):
    lake = Lake.open(tmp_path / "lake", create=True)
    for table in (PATIENT_DEMOGRAPHICS, RAW_MESSAGES):
        rows = [
            dict.fromkeys(table.schema.names)
            | {"feed": "adt", "partition": 0, "offset": place, "row": 0, "received_at": AT}
            | {"received_date": AT.date()}
            | _columns(table, person)
            for place, person in enumerate(PEOPLE)
        ]
        append(lake, table, "adt", 0, pa.Table.from_pylist(rows, table.schema), len(PEOPLE) - 1)
    return lake


def _columns(table, person):
    if table is RAW_MESSAGES:
        return {"disposition": "parsed"}
    return dict(zip(("patient_id", "family_name", "given_name"), person, strict=True))


def _log(tmp_path, text):
    file = tmp_path / "run.log"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    "line",
    [
        "loaded mrn-0042 twice",
        "family=Featherstonehaugh;",
        'row: ["KONSTANTIN"]',
        "x\nMEULEN",
        "id 12345678.",
    ],
)
def test_a_name_or_identifier_is_found_whatever_its_case(lake, tmp_path, line):
    file = _log(tmp_path, line)
    assert scan([file], lake).found == {file: 1}


@pytest.mark.parametrize(
    "line", ["a feather", "90017 rows", "Ann and Li", "Featherstonehaughs", "123456789", ""]
)
def test_words_counts_and_parts_of_names_are_not_found(lake, tmp_path, line):
    assert scan([_log(tmp_path, line)], lake).found == {}


def test_a_name_across_the_end_of_a_chunk_is_found(lake, tmp_path):
    filler = "x " * (log_scan.CHUNK_BYTES // 2 - 3)
    file = _log(tmp_path, f"{filler}Featherstonehaugh {filler}")
    assert scan([file], lake).found == {file: 1}


def test_a_log_of_bytes_that_are_no_text_is_read_too(lake, tmp_path):
    file = tmp_path / "events.db"
    file.write_bytes(bytes(range(256)) * 10 + b"\0MRN-0042\0" + b"\xff" * 20)
    found = scan([file], lake)
    assert (found.files, found.looked_for, found.found) == (1, 5, {file: 1})


def test_logs_are_those_of_dagster_home(tmp_path):
    inner = tmp_path / "logs" / "run"
    inner.mkdir(parents=True)
    (inner / "event.log").write_text("x")
    assert inner / "event.log" in log_files({"DAGSTER_HOME": str(tmp_path)})
    assert inner / "event.log" not in log_files({})
