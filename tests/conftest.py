"""What every room's tests share: the way to the public data sets."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# No timing is asserted in tests, also not by Hypothesis: a busy machine must not make a law fail.
# CI judges a change, so it tries the same examples each time; elsewhere each run seeks new ones.
settings.register_profile("house", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("house")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The public data sets: PULSEHOUSE_SHARED_DATA, else ../shared/data beside the repository.

    Where they are absent the test skips, unless PULSEHOUSE_REQUIRE_SHARED_DATA says that they must
    be there, as in CI.
    """
    place = Path(os.environ.get("PULSEHOUSE_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not place.is_dir():
        reason = "the public data sets are not here: set PULSEHOUSE_SHARED_DATA to their folder"
        if os.environ.get("PULSEHOUSE_REQUIRE_SHARED_DATA"):
            pytest.fail(reason)
        pytest.skip(reason)
    return place
