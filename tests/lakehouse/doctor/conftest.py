"""A ward for each test: made and fed once, and copied."""

from pathlib import Path

import pytest

from lakehouse.compaction import compact
from lakehouse.tables import RAW_MESSAGES
from tests.lakehouse.doctor.wards import SHARES, Ward


@pytest.fixture(scope="session")
def first_ward(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    """Twenty-four messages in six epochs."""
    made = Ward(tmp_path_factory.mktemp("first") / "lake")
    assert made.lake
    made.receive(24)
    made.stream(step=4)
    return made


@pytest.fixture(scope="session")
def compacted_ward(first_ward: Ward, tmp_path_factory: pytest.TempPathFactory) -> Ward:
    """The same with its small files joined, and one more epoch after that."""
    made = first_ward.copied(tmp_path_factory.mktemp("compacted") / "lake")
    for table in (*SHARES, RAW_MESSAGES):
        compact(made.lake, table)
    made.receive(4, start=24)
    made.stream(step=4)
    return made


@pytest.fixture
def ward(first_ward: Ward, tmp_path: Path) -> Ward:
    return first_ward.copied(tmp_path / "lake")
