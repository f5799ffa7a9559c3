"""What Dagster loads: every asset of the house, wired to one lake.

Here: the factory, and the one instance that workspace.yaml names. Not here: what an asset is.
"""

from pathlib import Path

import dagster as dg

from lakehouse.settings import Settings
from orchestration.stream_tables import stream_tables


def build_definitions(lake: Path) -> dg.Definitions:
    """Fresh definitions over the lake at `lake`; building them touches nothing."""
    return dg.Definitions(assets=stream_tables(lake))


defs = build_definitions(Settings.load().lake)
