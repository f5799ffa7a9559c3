"""What Dagster loads: every asset of the house, wired to one deployment.

Here: the factory, and the one instance that workspace.yaml names. Not here: what an asset is: each
room of the batch side has a `definitions(settings)` of its own.
"""

from collections.abc import Callable
from pathlib import Path

import dagster as dg

from lakehouse.settings import Settings
from orchestration import maintenance, marts
from orchestration.adjudication import assets as adjudication
from orchestration.automation import (
    facts_by_night,
    follow_late_facts,
    late_facts_sensor,
    nightly,
)
from orchestration.evaluation import assets as evaluation
from orchestration.failures import failure_sensor
from orchestration.legacy import assets as legacy
from orchestration.migration import assets as migration
from orchestration.quality import assets as quality
from orchestration.quarantine import assets as quarantine
from orchestration.reconciliation import assets as reconciliation
from orchestration.replays import assets as replays
from orchestration.report import assets as quality_report
from orchestration.stream_observation import stream_checks, stream_sensor
from orchestration.stream_tables import stream_tables

ROOMS: tuple[Callable[[Settings], dg.Definitions], ...] = (
    legacy.definitions,
    replays.definitions,
    adjudication.definitions,
    evaluation.definitions,
    quarantine.definitions,
    reconciliation.definitions,
    quality.definitions,
    migration.definitions,
    marts.definitions,
    quality_report.definitions,
    maintenance.definitions,
)


def build_definitions(settings: Settings) -> dg.Definitions:
    """Fresh definitions of one deployment; building them touches nothing of the lake."""
    rooms = dg.Definitions.merge(stream(settings), *(room(settings) for room in ROOMS))
    return dg.Definitions.merge(follow_late_facts(rooms), nightly(settings), over_all_rooms())


def stream(settings: Settings) -> dg.Definitions:
    """The stream's tables, and what looks at them."""
    return dg.Definitions(
        assets=[*stream_tables(settings.lake), facts_by_night(settings)],
        asset_checks=[stream_checks(settings)],
        sensors=[stream_sensor(settings), late_facts_sensor(settings)],
    )


def over_all_rooms() -> dg.Definitions:
    """What concerns every room: failures, and in which process runs are."""
    return dg.Definitions(
        sensors=[failure_sensor()],
        # A process per step would import everything again each time: seven seconds a step.
        executor=dg.in_process_executor,
    )


def _here() -> Settings:
    """The settings of the directory that Dagster is started in, with paths that stay true in it."""
    settings = Settings.load()
    return settings.model_copy(
        update={"lake": Path(settings.lake).absolute(), "extracts": settings.extracts.absolute()}
    )


defs = build_definitions(_here())
