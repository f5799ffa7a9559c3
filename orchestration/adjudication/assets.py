"""Adjudication in Dagster: five tables made together at one cut, with checks.

Here: factories of the assets, their job and their schedule. Not here: judging (judging.py), what
results show (charts.py).
"""

import json
from collections.abc import Iterator
from contextlib import closing

import dagster as dg
import duckdb
from pydantic import Field

from lakehouse.batch.sepsis import SEPSIS, SOFA_HOURLY
from lakehouse.cuts import Cut
from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import Table
from orchestration.adjudication import showing
from orchestration.adjudication.chunks import READ
from orchestration.adjudication.judging import Adjudication, adjudicate
from orchestration.shown import table_metadata
from orchestration.stream_tables import NAMESPACE, column_schema

GROUP = JOB = "adjudication"
# An op may not be called as a job is.
OP = "sepsis_adjudicated"
OWNER = "team:clinical-safety"
# Run monitoring ends a run that takes longer.
LONGEST_SECONDS = {"dagster/max_runtime": "7200"}
# After the nightly jobs, which start at the full hour.
MINUTE = 40
TOLD = {
    "key_is_unique": "No two rows have the same key.",
    "reason_or_result": "What is met has its times, what is not has a reason.",
    "rests_on_facts": "Every row of facts that is quoted is in the lake at this cut.",
}


class AdjudicationConfig(dg.Config):
    """What may be asked of one run."""

    cut: str = Field(
        default="",
        description="The cut to read at, as JSON, as the metadata of a materialisation shows it;"
        " the newest where empty. The same cut gives the same tables.",
    )


def definitions(settings: Settings) -> dg.Definitions:
    """The assets, their job and its schedule; building them touches nothing."""
    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.assets(*(_key(table) for table in SEPSIS)),
        tags=LONGEST_SECONDS,
        description="Judges every patient once more, with all that is known now.",
    )
    schedule = dg.ScheduleDefinition(
        name=f"{JOB}_schedule",
        job=job,
        cron_schedule=f"{MINUTE} {settings.batch_hour} * * *",
        execution_timezone=settings.hospital_zone,
        description=f"Every night at {settings.batch_hour:02}:{MINUTE} in {settings.hospital_zone},"
        " when the nightly jobs have begun.",
    )
    return dg.Definitions(assets=[_tables(settings)], jobs=[job], schedules=[schedule])


def _key(table: Table) -> dg.AssetKey:
    return dg.AssetKey([GROUP, table.name])


def _spec(table: Table, settings: Settings) -> dg.AssetSpec:
    facts = [dg.AssetKey([NAMESPACE, one.name]) for one in READ]
    return dg.AssetSpec(
        _key(table),
        deps=facts if table is SOFA_HOURLY else [*facts, _key(SOFA_HOURLY)],
        group_name=GROUP,
        owners=[OWNER],
        kinds={"duckdb", "deltalake"},
        tags={"zone": table.zone, "phi": table.phi},
        description=f"Grain: {table.grain}.\n\nKey: {', '.join(table.key)}.\n\nSource: the last"
        " version of every fact at one cut, by `clinical/adjudication`.",
        metadata={
            "dagster/column_schema": column_schema(table),
            "dagster/table_name": table.name,
            "path": dg.MetadataValue.path(settings.lake / table.zone / table.name),
        },
    )


def _checks(table: Table) -> list[dg.AssetCheckSpec]:
    names = [name for name in TOLD if name in showing.SQL_OF[table.name]]
    return [
        dg.AssetCheckSpec(name, asset=_key(table), blocking=True, description=TOLD[name])
        for name in names
    ]


def _tables(settings: Settings) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=OP,
        specs=[_spec(table, settings) for table in SEPSIS],
        check_specs=[check for table in SEPSIS for check in _checks(table)],
        pool=GROUP,
        op_tags=LONGEST_SECONDS,
    )
    def adjudication(
        context: dg.AssetExecutionContext, config: AdjudicationConfig
    ) -> Iterator[dg.MaterializeResult[None]]:
        lake, at = _opened(settings), _cut(config.cut)
        try:
            done = adjudicate(lake, settings, at)
        except LakehouseError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        context.log.info("judged in %.1f s", done.seconds)
        with closing(showing.opened(lake, done.cut)) as connection:
            for table in SEPSIS:
                yield _result(lake, connection, table, done)

    return adjudication


def _result(
    lake: Lake, connection: duckdb.DuckDBPyConnection, table: Table, done: Adjudication
) -> dg.MaterializeResult[None]:
    failed = showing.failures(connection, table)
    checked = [
        dg.AssetCheckResult(
            check_name=name,
            asset_key=_key(table),
            passed=not count,
            metadata={"failing_rows": count},
        )
        for name, count in failed.items()
    ]
    told = table_metadata(lake, table, cut=done.cut) | showing.of_table(connection, table)
    told["seconds"] = dg.MetadataValue.float(done.seconds)
    return dg.MaterializeResult(asset_key=_key(table), metadata=told, check_results=checked)


def _opened(settings: Settings) -> Lake:
    # First as a reader: a mistyped directory must not become an empty lake.
    try:
        Lake.open(settings.lake, create=False)
        return Lake.open(settings.lake, create=True)
    except LakehouseError as error:
        raise dg.Failure(str(error), allow_retries=False) from None


def _cut(text: str) -> Cut | None:
    try:
        return Cut.from_json(json.loads(text)) if text else None
    except (ValueError, KeyError, TypeError, AttributeError):
        reason = "`cut` is not a cut: give it as the metadata of a materialisation shows it"
        raise dg.Failure(reason, allow_retries=False) from None
