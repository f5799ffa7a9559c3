"""What the picture's tests share.

Here: the bundled sample in a lake, replayed once. Not here: lakes of a few messages (lakes.py).
"""

import pytest

from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from streaming.replay import replay
from tests.streaming.feeds import SAMPLE


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The bundled sample's lake; read only."""
    lake = Lake.open(tmp_path_factory.mktemp("sample") / "lake", create=True)
    replay(lake, load_profile("mimic3"), [SAMPLE])
    return lake
