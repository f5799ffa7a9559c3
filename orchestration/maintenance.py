"""Upkeep of the lake in Dagster: four assets, one job, one schedule.

Here: what is done to which table, and what a run shows of it. Not here: how, and what keeps it safe
beside the stream (lakehouse/compaction.py, lakehouse/maintenance.py).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import dagster as dg
from pydantic import Field

from lakehouse import maintenance as upkeep
from lakehouse.batch.reconciliation import NIGHTS
from lakehouse.batch.replays import REPLAY_RUNS
from lakehouse.compaction import compact
from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import TABLES
from orchestration.shown import markdown_table
from orchestration.stream_tables import NAMESPACE, OWNER

GROUP = "maintenance"
# One at a time: each is safe beside the stream, and cheaper alone.
POOL = GROUP
DAILY = "30 4 * * *"
# Appended to by batch work, a row or two at a time.
APPENDED = (NIGHTS, REPLAY_RUNS)

Row = tuple[Any, ...]


class VacuumConfig(dg.Config):
    """What one vacuum may do."""

    dry_run: bool = Field(
        default=True, description="Only count the files that would be deleted. Delete where false."
    )
    hours: int = Field(
        default=upkeep.LEAST_RETENTION_HOURS,
        ge=upkeep.LEAST_RETENTION_HOURS,
        description="Hours for which a file stays after it was taken out of its table.",
    )


def definitions(settings: Settings) -> dg.Definitions:
    """Upkeep, in the order in which it makes sense, and when."""
    assets = [
        _asset(settings, "compaction", _compacted, (), COMPACTION),
        _asset(settings, "checkpoints", _checkpointed, ("compaction",), CHECKPOINTS),
        _asset(settings, "log_cleanup", _cleaned, ("checkpoints",), LOG_CLEANUP),
        _vacuum(settings),
    ]
    job = dg.define_asset_job(
        GROUP,
        selection=dg.AssetSelection.groups(GROUP),
        tags={"source": "schedule", "reason": "upkeep"},
        description="Joins small files, writes checkpoints, cleans old log files, and counts what a"
        " vacuum would delete. The stream may run beside it.",
    )
    schedule = dg.ScheduleDefinition(
        name=f"{GROUP}_schedule",
        job=job,
        cron_schedule=DAILY,
        execution_timezone=settings.hospital_zone,
        description="Every morning, after the nightly jobs. It is off until somebody turns it on.",
    )
    return dg.Definitions(assets=assets, jobs=[job], schedules=[schedule])


COMPACTION = (
    "Grain: one table of the lake that has small files.\n\nSource: the tables that the stream and"
    " the comparisons append to. Their small files are joined day by day; rows stay as they are,"
    " and a table that another process compacts is left to it."
)
CHECKPOINTS = (
    "Grain: one table or mart of the lake.\n\nSource: its log, written down as one file, so that"
    " opening it does not read every commit. The place that each feed has reached goes with it."
)
LOG_CLEANUP = (
    "Grain: one table that the stream appends to, but `raw_messages`, whose log alone tells the"
    " order in which messages were learnt.\n\nSource: its log files older than 30 days that a"
    " checkpoint stands for; they are deleted."
)
VACUUM = (
    "Grain: one table or mart of the lake.\n\nSource: its data files that were taken out at least a"
    " week ago, by compaction or by a newer build. What a version needs that a ledger names is"
    " kept. A run only counts them unless its configuration says `dry_run: false`."
)
COLUMNS = {
    "compaction": (("table", "string"), ("files_joined", "int64")),
    "checkpoints": (("table", "string"), ("version", "int64"), ("lines", "int64")),
    "log_cleanup": (
        ("table", "string"),
        ("log_files_deleted", "int64"),
        ("first_version", "int64"),
    ),
    "vacuum": (
        ("table", "string"),
        ("files", "int64"),
        ("bytes", "int64"),
        ("versions_kept_for_ledgers", "string"),
    ),
}
MEANINGS = {
    "table": "The table, or `marts.` and the mart.",
    "files_joined": "Small files that went into bigger ones.",
    "version": "Version of the checkpoint.",
    "lines": "Places of feeds and ledgers that the checkpoint carries.",
    "log_files_deleted": "Commits whose file is gone.",
    "first_version": "First version whose commit has a file.",
    "files": "Data files that nothing in reach needs.",
    "bytes": "Their size.",
    "versions_kept_for_ledgers": "Versions that a ledger names, whose files stay.",
}


def _declared(
    name: str, after: Sequence[str], description: str
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    columns = [dg.TableColumn(n, kind, MEANINGS[n]) for n, kind in COLUMNS[name]]
    tables = [dg.AssetKey([NAMESPACE, table]) for table in TABLES]
    return dg.asset(
        key=[GROUP, name],
        deps=[dg.AssetKey([GROUP, one]) for one in after] or tables,
        group_name=GROUP,
        owners=[OWNER],
        kinds={"deltalake"},
        tags={"zone": GROUP, "phi": "none"},
        description=description,
        metadata={"dagster/column_schema": dg.TableSchema(columns)},
        pool=POOL,
    )


def _asset(
    settings: Settings,
    name: str,
    work: Callable[[Lake], Iterator[Row]],
    after: Sequence[str],
    description: str,
) -> dg.AssetsDefinition:
    @_declared(name, after, description)
    def done() -> dg.MaterializeResult[None]:
        return _told(name, list(work(_opened(settings))))

    return done


def _vacuum(settings: Settings) -> dg.AssetsDefinition:
    @_declared("vacuum", ("log_cleanup",), VACUUM)
    def done(config: VacuumConfig) -> dg.MaterializeResult[None]:
        lake = _opened(settings)
        named = upkeep.named_versions(lake)
        rows = []
        for name, path in upkeep.stored(lake).items():
            found = upkeep.vacuum(
                lake,
                name,
                path,
                keep=named.get(name, ()),
                hours=config.hours,
                dry_run=config.dry_run,
            )
            if found is not None:
                kept = ", ".join(map(str, found.kept_versions))
                rows.append((found.table, found.files, found.bytes, kept))
        return _told("vacuum", rows, dry_run=config.dry_run)

    return done


def _compacted(lake: Lake) -> Iterator[Row]:
    for table in (*TABLES.values(), *APPENDED):
        yield table.name, compact(lake, table)


def _checkpointed(lake: Lake) -> Iterator[Row]:
    for name, path in upkeep.stored(lake).items():
        found = upkeep.checkpoint(name, path)
        yield found.table, found.version, found.transactions


def _cleaned(lake: Lake) -> Iterator[Row]:
    for name, path in upkeep.stored(lake).items():
        if upkeep.may_be_cleaned(name):
            found = upkeep.clean_log(name, path)
            yield found.table, found.files, found.first_version


def _opened(settings: Settings) -> Lake:
    try:
        # A lake that is not there is not made by its upkeep.
        Lake.open(settings.lake, create=False)
        return Lake.open(settings.lake, create=True)
    except LakehouseError as error:
        raise dg.Failure(str(error), allow_retries=False) from None


def _told(name: str, rows: Sequence[Row], **more: bool) -> dg.MaterializeResult[None]:
    header = [column for column, _ in COLUMNS[name]]
    numbers = {n: i for i, (n, kind) in enumerate(COLUMNS[name]) if kind == "int64"}
    sums = {
        column: sum(row[place] for row in rows)
        for column, place in numbers.items()
        if column not in ("version", "first_version")
    }
    table = dg.MetadataValue.md(markdown_table(header, rows))
    return dg.MaterializeResult(
        metadata={"dagster/row_count": len(rows), "tables": table, **sums, **more}
    )
