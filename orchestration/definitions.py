"""What Dagster loads: every asset of the house, wired to one deployment.

Here: the factory, and the one instance that workspace.yaml names. Not here: what an asset is: each
room of the batch side has a `definitions(settings)` of its own.
"""

from pathlib import Path

import dagster as dg

from lakehouse.settings import Settings
from orchestration.stream_tables import stream_tables


def build_definitions(settings: Settings) -> dg.Definitions:
    """Fresh definitions of one deployment; building them touches nothing."""
    return dg.Definitions(assets=stream_tables(settings.lake))


def _here() -> Settings:
    """The settings of the directory that Dagster is started in, with paths that stay true in it."""
    settings = Settings.load()
    return settings.model_copy(
        update={"lake": Path(settings.lake).absolute(), "extracts": settings.extracts.absolute()}
    )


defs = build_definitions(_here())
