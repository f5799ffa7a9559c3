"""The 2am jobs in Dagster: one asset per extract, one job, one schedule.

Here: what Dagster shows and retries. Not here: landing (landing.py), or the marts that are kept in
batch by decision and read what lands here (dbt_project/).
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta

import dagster as dg

from lakehouse.errors import AppendError, LakehouseError
from lakehouse.lake import MARKER, Lake
from lakehouse.settings import Settings
from lakehouse.tables import Table
from orchestration.jobs import JOBS
from orchestration.jobs.contract import JobContract
from orchestration.legacy.errors import ExtractError, OptionalNotDeliveredError
from orchestration.legacy.extracts import EXTRACTS, columns_of
from orchestration.legacy.landing import Landed, land
from orchestration.legacy.schedule import nightly_schedule
from orchestration.migration.entering import is_scheduled
from orchestration.nights import cutoff_at, nightly_partitions, run_at
from orchestration.shown import table_metadata
from orchestration.stream_tables import column_schema

GROUP, JOB = "legacy", "nightly_legacy"
# For what may still come: the night's files, or the database. Two hours in all, so that the asset
# fails before the first of its readers arrives.
PATIENCE = dg.RetryPolicy(max_retries=12, delay=600)
# What has not come by then comes no more by itself: a backfill of old nights fails at once.
WAITING = timedelta(hours=2)
DAY = timedelta(days=1)
SCHEDULED = "dagster/schedule_name"


def clock() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


def definitions(
    settings: Settings,
    patience: dg.RetryPolicy = PATIENCE,
    now: Callable[[], datetime] = clock,
) -> dg.Definitions:
    """The assets of the nightly jobs, their job and its schedule; building them touches nothing."""
    assets = [_asset(extract, settings, patience, now) for extract in EXTRACTS]
    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.assets(*assets),
        description="Lands every extract of one night. One that fails keeps none of the others.",
    )
    return dg.Definitions(assets=assets, jobs=[job], schedules=[nightly_schedule(settings, JOB)])


def _asset(
    extract: str, settings: Settings, patience: dg.RetryPolicy, now: Callable[[], datetime]
) -> dg.AssetsDefinition:
    table, job = EXTRACTS[extract], _job_of(EXTRACTS[extract])

    @dg.asset(
        key=[GROUP, extract],
        group_name=GROUP,
        owners=[job.owner],
        kinds={_kind(settings), "deltalake"},
        tags={"zone": table.zone, "phi": table.phi, "job": job.name, "decision": job.decision},
        description=_description(job, table),
        metadata={
            "dagster/column_schema": column_schema(table),
            "dagster/table_name": table.name,
            "path": dg.MetadataValue.path(settings.lake / table.zone / table.name),
        },
        partitions_def=nightly_partitions(settings),
        freshness_policy=_freshness(job, settings),
        pool=GROUP,
        retry_policy=patience,
        # An optional extract may be absent, and a retired job is scheduled no more.
        output_required=False,
    )
    def landed(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        if _is_retired(context, settings, job):
            context.log.info("%s is retired: the schedule lands it no more", job.name)
            return
        night = date.fromisoformat(context.partition_key)
        is_tonight = now() - run_at(night, settings) < WAITING
        yield from _landed(context, settings, extract, night, is_tonight=is_tonight)

    return landed


def _is_retired(context: dg.AssetExecutionContext, settings: Settings, job: JobContract) -> bool:
    # By hand, or in a backfill, whatever is asked for is landed.
    if SCHEDULED not in context.run.tags or not (settings.lake / MARKER).exists():
        return False
    return not is_scheduled(Lake.open(settings.lake, create=False), job.name)


def _landed(
    context: dg.AssetExecutionContext,
    settings: Settings,
    extract: str,
    night: date,
    *,
    is_tonight: bool,
) -> Iterator[dg.MaterializeResult[None]]:
    table = EXTRACTS[extract]
    try:
        lake = Lake.open(settings.lake, create=True)
        found = land(lake, settings, extract, night)
    except OptionalNotDeliveredError as error:
        context.log.warning("%s", error)
        return
    except LakehouseError as error:
        failure = _failure(error, is_tonight=is_tonight)
        context.log.warning("%s", error)
    else:
        _compare_cutoffs(context, found, table, night, settings)
        shown = table_metadata(lake, table, partition=night.isoformat())
        yield dg.MaterializeResult(metadata=shown | _origin(found, table, night, settings))
        return
    # Outside of the handler, so that no text of an engine hangs on to it.
    raise failure


def _compare_cutoffs(
    context: dg.AssetExecutionContext, found: Landed, table: Table, night: date, settings: Settings
) -> None:
    ours = cutoff_at(night, _job_of(table).cutoff, settings)
    if found.cutoff is not None and found.cutoff != ours:
        context.log.warning(
            "%s says that it knew up to %s; by the settings hospital_zone and batch_hour it is %s,"
            " and differences are looked at as of then",
            *(found.source, found.cutoff, ours),
        )


def _failure(error: LakehouseError, *, is_tonight: bool) -> dg.Failure:
    """What, where and how to mend it; tried again only where waiting may help, and tonight."""
    told = {"what": str(error)}
    waits = isinstance(error, AppendError)
    if isinstance(error, ExtractError):
        told = {"what": error.what, "where": error.where, "how to mend": error.mend}
        waits = error.waits
    return dg.Failure(
        description=str(error),
        metadata={name: dg.MetadataValue.text(text) for name, text in told.items()},
        allow_retries=waits and is_tonight,
    )


def _origin(
    found: Landed, table: Table, night: date, settings: Settings
) -> dict[str, dg.MetadataValue]:
    cutoff = cutoff_at(night, _job_of(table).cutoff, settings)
    announced = "not said" if found.cutoff is None else found.cutoff.isoformat()
    return {
        "source": dg.MetadataValue.text(found.source),
        "source_sha256": dg.MetadataValue.text(found.sha256),
        "zone": dg.MetadataValue.text(found.zone),
        "landed_rows": dg.MetadataValue.int(found.rows),
        "ran_at": dg.MetadataValue.timestamp(run_at(night, settings)),
        "announced_cutoff": dg.MetadataValue.text(announced),
        "known_up_to": dg.MetadataValue.timestamp(cutoff),
    }


def _job_of(table: Table) -> JobContract:
    return next(job for job in JOBS.values() if table in job.landed)


def _kind(settings: Settings) -> str:
    if settings.extracts_url is None:
        return "csv"
    return settings.extracts_url.get_secret_value().partition(":")[0].partition("+")[0]


def _description(job: JobContract, table: Table) -> str:
    readers = ", ".join(f"{one.name} from {one.reads_at}" for one in job.consumers)
    quirks = "\n".join(f"- {quirk}" for quirk in job.quirks)
    return (
        f"{job.title}: what the nightly job produced, landed untouched as text.\n\n"
        f"Grain: {table.grain}.\n\n"
        f"Source: the night's extract, with {', '.join(f'`{n}`' for n in columns_of(table))}.\n\n"
        f"Kind: {job.kind}, of what was known at the {job.cutoff}. Read by: {readers}.\n\n"
        f"Decision: {job.decision}. {job.reason}\n\nQuirks:\n\n{quirks}"
    )


def _freshness(job: JobContract, settings: Settings) -> dg.FreshnessPolicy:
    """Landed between the job's run and the hour of its first reader."""
    first = min(time.fromisoformat(one.reads_at) for one in job.consumers)
    since_run = timedelta(hours=first.hour - settings.batch_hour, minutes=first.minute) % DAY
    return dg.FreshnessPolicy.cron(
        deadline_cron=f"{first.minute} {first.hour} * * *",
        # One hour more: the night in which the clock goes back is that much longer.
        lower_bound_delta=min(since_run + timedelta(hours=1), DAY - timedelta(minutes=1)),
        timezone=settings.hospital_zone,
    )
