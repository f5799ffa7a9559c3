"""Lakes that the tests of the migration share: one per stage, copied where a test writes."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse.lake import Lake
from orchestration.migration.deciding import attest, promote
from orchestration.migration.rehearsal import rehearse
from tests.orchestration.migration import evidence

PROMOTED = ("census", "Dr Example", "agreed")
PEOPLE = ("G5", "G10", "G12", "G14", "G16", "G20")


@pytest.fixture(scope="session")
def proven_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with landed, matching nights 1 to 5 of the census and an equal replay."""
    root = tmp_path_factory.mktemp("proven") / "lake"
    lake = evidence.small_lake(root)
    evidence.land_census(lake)
    for place in range(1, 6):
        evidence.compared(lake, place)
    evidence.replayed(lake)
    return root


@pytest.fixture
def proven(proven_root: Path, tmp_path: Path) -> Lake:
    """A copy of that lake to write to."""
    shutil.copytree(proven_root, tmp_path / "lake")
    return Lake.open(tmp_path / "lake", create=True)


@pytest.fixture(scope="session")
def flipped_root(proven_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That lake with the census cut over at night 5."""
    root = tmp_path_factory.mktemp("flipped") / "lake"
    shutil.copytree(proven_root, root)
    lake, settings = Lake.open(root, create=True), evidence.settings_of(root)
    _signed(lake)
    promote(lake, settings, *PROMOTED)
    promote(lake, settings, *PROMOTED)
    rehearse(lake, settings, *PROMOTED)
    promote(lake, settings, *PROMOTED)
    return root


@pytest.fixture
def flipped(flipped_root: Path, tmp_path: Path) -> Lake:
    """A copy of the lake that was cut over."""
    shutil.copytree(flipped_root, tmp_path / "flipped")
    return Lake.open(tmp_path / "flipped", create=True)


@pytest.fixture
def bare(tmp_path: Path) -> Lake:
    """A lake without any evidence."""
    return evidence.small_lake(tmp_path / "lake", days=2)


@pytest.fixture
def signed() -> Callable[[Lake, str], None]:
    """Attest everything that people can, and rehearse, for a job."""
    return _signed


def _signed(lake: Lake, job: str = "census") -> None:
    for gate in PEOPLE:
        attest(lake, evidence.settings_of(lake.root), job, gate, "Dr Example", "seen")
