"""Evaluation in Dagster: what the rules in force were worth on the lake's patients.

Here: factories of the assets, their job and its schedule. Not here: the evaluation
(backtesting.py), storing it (storing.py), or its charts (charts.py).
"""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from lakehouse.batch.evaluation import ALERT_LOAD, EVALUATION, NEWS2_CALIBRATION, RULE_EVALUATION
from lakehouse.cuts import Cut
from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import Table
from orchestration.evaluation import charts, onsets
from orchestration.evaluation.backtesting import Facts, backtest
from orchestration.evaluation.chunks import TABLES, chunked
from orchestration.evaluation.rules import CURRENT
from orchestration.evaluation.storing import store
from orchestration.shown import table_metadata
from orchestration.stream_tables import NAMESPACE, column_schema

GROUP = JOB = "evaluation"
# An op may not be called as a job is.
OP = "rules_evaluated"
OWNER = "team:clinical-safety"
# Run monitoring ends a run that takes longer.
LONGEST_SECONDS = {"dagster/max_runtime": "7200"}
# On Mondays, after the nightly jobs and the adjudication of that night.
CRON = "50 {hour} * * 1"
# What each table shows, by the names of charts.
DRAWN: Mapping[str, tuple[str, ...]] = {
    RULE_EVALUATION.name: ("sensitivity_and_ppv", "lead_times", "differences"),
    ALERT_LOAD.name: ("alert_load", "alerts_per_shift"),
    NEWS2_CALIBRATION.name: ("news2_calibration",),
}


class EvaluationConfig(dg.Config):
    """What may be asked of one run."""

    against: str = Field(
        default="",
        description="A version of the rules to compare with: a directory or a git revision.",
    )
    onset: str = Field(
        default=onsets.DEFAULT,
        description="Variant of the adjudicated onsets that sepsis rules are held against.",
    )


def definitions(settings: Settings) -> dg.Definitions:
    """The assets, their job and its schedule; building them touches nothing."""
    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.assets(*(_key(table) for table in EVALUATION)),
        tags=LONGEST_SECONDS,
        description="Runs the rules in force over all facts, and measures their alerts.",
    )
    schedule = dg.ScheduleDefinition(
        name=f"{JOB}_schedule",
        job=job,
        cron_schedule=CRON.format(hour=settings.batch_hour),
        execution_timezone=settings.hospital_zone,
        description="Every Monday, when the nightly jobs and the adjudication have begun.",
    )
    return dg.Definitions(assets=[_tables(settings)], jobs=[job], schedules=[schedule])


def _key(table: Table) -> dg.AssetKey:
    return dg.AssetKey([GROUP, table.name])


def _spec(table: Table, settings: Settings) -> dg.AssetSpec:
    facts = [dg.AssetKey([NAMESPACE, one.name]) for one in TABLES]
    return dg.AssetSpec(
        _key(table),
        deps=[*facts, dg.AssetKey(["adjudication", onsets.TABLE])],
        group_name=GROUP,
        owners=[OWNER],
        kinds={"duckdb", "deltalake"},
        tags={"zone": table.zone, "phi": table.phi},
        description=f"Grain: {table.grain}.\n\nKey: {', '.join(table.key)}.\n\nSource: the rules in"
        " force, run again over the facts of the lake, and held against outcomes by"
        " `clinical/evaluation`, where each figure is defined.",
        metadata={
            "dagster/column_schema": column_schema(table),
            "dagster/table_name": table.name,
            "path": dg.MetadataValue.path(settings.lake / table.zone / table.name),
        },
    )


def _tables(settings: Settings) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=OP,
        specs=[_spec(table, settings) for table in EVALUATION],
        pool=GROUP,
        op_tags=LONGEST_SECONDS,
    )
    def evaluation(
        context: dg.AssetExecutionContext, config: EvaluationConfig
    ) -> Iterator[dg.MaterializeResult[None]]:
        try:
            lake, at, told = _evaluated(settings, config)
        except LakehouseError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        context.log.info("evaluated %d observations", told["observations"])
        for table in EVALUATION:
            yield _result(lake, table, at, told)

    return evaluation


def _evaluated(settings: Settings, config: EvaluationConfig) -> tuple[Lake, Cut, dict[str, Any]]:
    # First as a reader: a mistyped directory must not become an empty lake.
    Lake.open(settings.lake, create=False)
    lake = Lake.open(settings.lake, create=True)
    versions = [CURRENT, config.against] if config.against else [CURRENT]
    with (
        tempfile.TemporaryDirectory(prefix="pulsehouse-evaluation-") as work,
        chunked(lake, None, None) as found,
    ):
        known = onsets.stored_onsets(lake, config.onset)
        facts = Facts(found.place, found.period, None, known)
        told = backtest(facts, settings, Path(work), versions, lambda _name, _count: None).to_json()
        store(lake, told, found.cut)
        return lake, found.cut, told


def _result(
    lake: Lake, table: Table, at: Cut, told: Mapping[str, Any]
) -> dg.MaterializeResult[None]:
    shown = table_metadata(lake, table, cut=at)
    drawn = charts.charts(told)
    shown |= {
        name: dg.MetadataValue.md(charts.picture(drawn[name], name))
        for name in DRAWN[table.name]
        if name in drawn
    }
    shown["rules_version"] = dg.MetadataValue.text(told["rules"]["rules_version"])
    shown["onset"] = dg.MetadataValue.text(told["onset"] or "not adjudicated")
    return dg.MaterializeResult(asset_key=_key(table), metadata=shown)
