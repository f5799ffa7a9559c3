"""What the tests of the nightly extracts share."""

from pathlib import Path

import pytest

from tests.orchestration.legacy.dropping import Drop


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    return Drop(tmp_path)
