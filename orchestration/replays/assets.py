"""The replays as assets.

Here: factories of the assets and their job, and when a run that broke off is tried again. Not here:
the replays (arrival.py, effective.py, bounded.py), and charts (charts.py).
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from lakehouse.batch.replays import (
    ALERTS_OF_RECORD,
    LATENESS,
    REPLAY_DIFFERENCES,
    REPLAY_RUNS,
    SCORES_OF_RECORD,
)
from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.lineage import SCORED_FACTS
from lakehouse.settings import Settings
from lakehouse.tables import RAW_MESSAGES, TABLES, Table
from orchestration.piped import RESOURCES, TRIES, WAIT_SECONDS, piped
from orchestration.replays import bounded, charts
from orchestration.replays.arrival import replay_in_arrival_order
from orchestration.replays.effective import replay_in_effective_order
from orchestration.replays.errors import ReplayError
from orchestration.replays.runs import ReplayRun
from orchestration.shown import table_metadata
from orchestration.stream_tables import column_schema

GROUP, JOB = "replays", "replay_and_lateness"
OWNER = "team:data-engineering"
CHECK = "equals_the_stream"
# Run monitoring ends a run that takes longer.
LONGEST_SECONDS = {"dagster/max_runtime": "7200"}

ARRIVAL, EFFECTIVE, LATE, BACKFILL = (
    dg.AssetKey([GROUP, name])
    for name in ("arrival_order", "effective_order", "lateness", "backfill")
)


class ArrivalConfig(dg.Config):
    """How much of the history is replayed."""

    nights: int | None = Field(
        None, ge=1, description="Only the last so many days; all of the history where left out."
    )


class BackfillConfig(dg.Config):
    """Which stored messages flow once more, and where to."""

    into: str = Field(description="Directory of the lake that takes the rows; new, or of the same.")
    feed: str | None = Field(None, description="This feed alone, as if there were no other.")
    since: str | None = Field(
        None, alias="from", description="First day (UTC) of receipt, YYYY-MM-DD."
    )
    until: str | None = Field(
        None, alias="to", description="Last day (UTC) of receipt, YYYY-MM-DD."
    )


def definitions(settings: Settings) -> dg.Definitions:
    """The replays' assets and their job; building them touches nothing."""
    return dg.Definitions(
        assets=[_arrival(settings), _effective(settings), _backfill(settings)],
        jobs=[
            dg.define_asset_job(
                JOB,
                selection=dg.AssetSelection.assets(ARRIVAL, EFFECTIVE, LATE),
                tags=LONGEST_SECONDS,
                description="Proves the stream by its replay, then makes the record of truth.",
            )
        ],
        resources=RESOURCES,
    )


def _about(settings: Settings, table: Table) -> dict[str, Any]:
    return {
        "dagster/column_schema": column_schema(table),
        "dagster/table_name": table.name,
        "path": dg.MetadataValue.path(settings.lake / table.zone / table.name),
    }


def _lake_keys(names: tuple[str, ...]) -> list[dg.AssetKey]:
    return [dg.AssetKey(["lake", name]) for name in names]


def _arrival(settings: Settings) -> dg.AssetsDefinition:
    @dg.asset(
        key=ARRIVAL,
        deps=_lake_keys(tuple(TABLES)),
        group_name=GROUP,
        owners=[OWNER],
        kinds={"bytewax", "duckdb", "deltalake"},
        tags={"zone": "replays", "phi": REPLAY_RUNS.phi},
        description=(
            f"Grain: {REPLAY_RUNS.grain}. Source: `raw_messages`, replayed in the order in which"
            " they were learnt into a scratch lake by the stream's own dataflow, and every table"
            f" held against the stored one. Rows that differ are in `{REPLAY_DIFFERENCES.name}`."
        ),
        metadata=_about(settings, REPLAY_RUNS),
        check_specs=[
            dg.AssetCheckSpec(
                CHECK,
                asset=ARRIVAL,
                blocking=True,
                description="The replay gives every row of every table, and no other.",
            )
        ],
        pool=GROUP,
        op_tags=LONGEST_SECONDS,
    )
    def arrival_order(
        context: dg.AssetExecutionContext, config: ArrivalConfig
    ) -> Iterator[dg.MaterializeResult[None]]:
        lake = _opened(settings)
        run = _tried(context, lambda: replay_in_arrival_order(lake, settings, nights=config.nights))
        shown = table_metadata(lake, REPLAY_RUNS, cut=run.cut) | charts.of_run(run)
        yield dg.MaterializeResult(metadata=shown, check_results=[_check(lake, run)])

    return arrival_order


def _check(lake: Lake, run: ReplayRun) -> dg.AssetCheckResult:
    """Red where rows differ; a warning where nothing was proved, since other rules made rows."""
    return dg.AssetCheckResult(
        check_name=CHECK,
        asset_key=ARRIVAL,
        passed=run.is_equal is True,
        severity=(
            dg.AssetCheckSeverity.WARN if run.is_equal is None else dg.AssetCheckSeverity.ERROR
        ),
        description=run.verdict,
        metadata=charts.of_run(run) | charts.of_differences(lake, run),
    )


def _effective(settings: Settings) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="effective_order_and_lateness",
        specs=[
            _spec(
                settings,
                EFFECTIVE,
                SCORES_OF_RECORD,
                [ARRIVAL, *_lake_keys((*SCORED_FACTS, "encounter_events", "identity_events"))],
                f"Beside it lies `{ALERTS_OF_RECORD.name}`. Source: the last version of every fact,"
                " identities resolved, folded in the order in which the facts were true.",
            ),
            _spec(
                settings,
                LATE,
                LATENESS,
                [EFFECTIVE, *_lake_keys(("scores", "alerts"))],
                "Source: the record of truth held against what the stream knew, and when.",
            ),
        ],
        pool=GROUP,
        op_tags=LONGEST_SECONDS,
    )
    def effective_order_and_lateness(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult[None]]:
        lake = _opened(settings)
        run = _tried(context, lambda: replay_in_effective_order(lake, settings))
        made = table_metadata(lake, SCORES_OF_RECORD, cut=run.cut) | charts.of_run(run)
        yield dg.MaterializeResult(asset_key=EFFECTIVE, metadata=made)
        late = table_metadata(lake, LATENESS, cut=run.cut) | charts.of_lateness(lake)
        yield dg.MaterializeResult(asset_key=LATE, metadata=late)

    return effective_order_and_lateness


def _spec(
    settings: Settings, key: dg.AssetKey, table: Table, deps: list[dg.AssetKey], told: str
) -> dg.AssetSpec:
    return dg.AssetSpec(
        key,
        deps=deps,
        group_name=GROUP,
        owners=[OWNER],
        kinds={"duckdb", "deltalake"},
        tags={"zone": table.zone, "phi": table.phi},
        description=f"Grain: {table.grain}. {told}",
        metadata=_about(settings, table),
    )


def _backfill(settings: Settings) -> dg.AssetsDefinition:
    @dg.asset(
        key=BACKFILL,
        deps=_lake_keys((RAW_MESSAGES.name,)),
        group_name=GROUP,
        owners=[OWNER],
        kinds={"bytewax", "deltalake"},
        tags={"zone": "raw", "phi": RAW_MESSAGES.phi},
        description=(
            f"Grain: {RAW_MESSAGES.grain}. Source: `raw_messages`, through the stream's dataflow"
            " once more, into another lake, which gets every table. No transports; stamped with"
            " the rules that ran. Started again, it goes on where it stopped."
        ),
        metadata={"dagster/column_schema": column_schema(RAW_MESSAGES)},
        pool=GROUP,
        op_tags=LONGEST_SECONDS,
    )
    def backfill(
        context: dg.AssetExecutionContext, config: BackfillConfig, pipes: dg.PipesSubprocessClient
    ) -> dg.MaterializeResult[None]:
        command = bounded.command(
            settings.lake,
            Path(config.into),
            settings,
            feed=config.feed,
            since=_day(config.since, "from"),
            until=_day(config.until, "to"),
        )
        return piped(context, pipes, command, name=BACKFILL.path[-1])

    return backfill


def _day(text: str | None, name: str) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        reason = f"`{name}` is no day: write it as YYYY-MM-DD"
        raise dg.Failure(reason, allow_retries=False) from None


def _opened(settings: Settings) -> Lake:
    # First as a reader: a mistyped directory must not become an empty lake.
    try:
        Lake.open(settings.lake, create=False)
        return Lake.open(settings.lake, create=True)
    except LakehouseError as error:
        raise dg.Failure(str(error), allow_retries=False) from None


def _tried(context: dg.AssetExecutionContext, replay: charts.Replay) -> ReplayRun:
    try:
        run = replay()
    except ReplayError as error:
        if error.was_killed:
            raise dg.RetryRequested(TRIES, WAIT_SECONDS) from error
        raise dg.Failure(str(error), allow_retries=False) from None
    except LakehouseError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    context.log.info(run.verdict)
    return run
