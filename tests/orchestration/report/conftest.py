"""A hospital whose census was compared, with two marts: what the quality report is made of."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lakehouse.lake import Lake
from orchestration.report.reading import Report, report
from tests.orchestration.dbt_runs import dbt
from tests.orchestration.hospital import Hospital
from tests.pulsehouse.conftest import run_command

NOW = datetime(2026, 2, 1, 6, 30, tzinfo=UTC)
NIGHTS = ("--from", "2026-01-06", "--to", "2026-01-09")
# Longer than the hospital's two weeks: everything.
DAYS = 60


@pytest.fixture(scope="session")
def compared(hospital: Hospital, tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    """Read only."""
    found = hospital.copy(tmp_path_factory.mktemp("compared"))
    words = ("migrate", "reconcile", "census", *NIGHTS, "--extracts", found.extracts)
    done = run_command(*words, "--lake", found.settings.lake, PULSEHOUSE_FIRST_NIGHT="2026-01-05")
    assert done.code == 0, done.err
    dbt(found.lake, "run", "--select", "+readmissions_by_quarter", "+census_hourly")
    return found


@pytest.fixture(scope="session")
def made(compared: Hospital) -> Report:
    return report(compared.lake, compared.settings, days=DAYS, now=NOW)


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake that holds nothing."""
    place = tmp_path_factory.mktemp("bare") / "lake"
    Lake.open(place, create=True)
    return place
