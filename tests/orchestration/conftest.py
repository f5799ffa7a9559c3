"""What the tests of the batch side share: a small hospital, rendered once a session."""

from pathlib import Path

import pytest

from tests.orchestration.hospital import Hospital, rendered


@pytest.fixture(scope="session")
def hospital(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    """Twelve stays over 14 nights from 2026-01-05: read only; `.copy(tmp_path)` may be written."""
    return rendered(shared_data, tmp_path_factory.mktemp("hospital") / "built")
