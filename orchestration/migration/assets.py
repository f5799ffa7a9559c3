"""The migration in Dagster: the ledger, its checks, the served views, and jobs to decide with.

Here: what Dagster shows and may start. Not here: rules and gates (the other modules of this room);
every function here calls one of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import duckdb

from lakehouse.batch.migration import JOB_LEDGER
from lakehouse.catalogue import quoted_name
from lakehouse.columns import PROVENANCE
from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from orchestration.jobs import JOBS
from orchestration.jobs.contract import JobContract
from orchestration.mart_models import marts
from orchestration.migration import deciding
from orchestration.migration.checks import check_specs, gates_of, listing, results
from orchestration.migration.decision_jobs import decision_jobs
from orchestration.migration.ledger import Entry
from orchestration.migration.reporting import JobStatus
from orchestration.migration.served import MART_OF, opened
from orchestration.shown import Shown, markdown_table, table_metadata
from orchestration.stream_tables import column_schema

GROUP = "migration"
LEDGER = dg.AssetKey([GROUP, JOB_LEDGER.name])
OWNER = "team:data-engineering"
EVERY_QUARTER_HOUR = "*/15 * * * *"
# Where no lake is: views over it have every column and no row.
NOWHERE = Path("no-lake")
MOVING = [job for job in JOBS.values() if job.decision == "to_migrate"]


def definitions(settings: Settings) -> dg.Definitions:
    """The ledger with its checks, one served view per job, and the jobs; nothing is touched."""
    types = _served_types(settings)
    served = [_served(job, types.get(job.name, {})) for job in JOBS.values()]
    return dg.Definitions(
        assets=[_ledger(settings), *served],
        jobs=decision_jobs(settings),
    )


def _ledger(settings: Settings) -> dg.AssetsDefinition:
    @dg.asset(
        key=LEDGER,
        group_name=GROUP,
        owners=[OWNER],
        kinds={"deltalake", "python"},
        tags={"zone": JOB_LEDGER.zone, "phi": JOB_LEDGER.phi},
        deps=_evidence(),
        description=_ledger_description(),
        metadata={
            "dagster/column_schema": column_schema(JOB_LEDGER),
            "dagster/table_name": JOB_LEDGER.name,
            "path": dg.MetadataValue.path(settings.lake / JOB_LEDGER.zone / JOB_LEDGER.name),
        },
        check_specs=check_specs(LEDGER, MOVING),
        automation_condition=_looks_again(),
        pool=JOB_LEDGER.name,
    )
    def job_ledger(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult[None]]:
        yield _looked_at(context, settings)

    return job_ledger


def _looked_at(context: dg.AssetExecutionContext, settings: Settings) -> dg.MaterializeResult[None]:
    now = datetime.now(UTC)
    try:
        lake = Lake.open(settings.lake, create=True)
        deciding.declare_all(lake, settings, now)
        demoted = deciding.demote_red(lake, settings, now)
        found, safety = gates_of(lake, settings, now)
        shown = table_metadata(lake, JOB_LEDGER) | _shown(found, demoted)
    except LakehouseError as error:
        failure = dg.Failure(description=str(error), allow_retries=False)
    else:
        for entry in demoted:
            context.log.warning("%s was put on hold: %s", entry.line[0], entry.reason)
        return dg.MaterializeResult(metadata=shown, check_results=results(LEDGER, found, safety))
    # Outside of the handler, so that no text of an engine hangs on to it.
    raise failure


def _shown(found: Sequence[JobStatus], demoted: Sequence[Entry]) -> Shown:
    jobs = ("job", "state", "served by", "nights matching", "unexplained", "next step")
    gates = {f"gates of {one.job}": listing(one.gates) for one in found if one.gates}
    return {
        "jobs": dg.MarkdownMetadataValue(
            markdown_table(jobs, [_row(one) for one in found]),
        ),
        "demoted": dg.MetadataValue.json([entry.line[0] for entry in demoted]),
        **gates,
    }


def _row(one: JobStatus) -> tuple[object, ...]:
    nights = f"{one.matching} of {one.wanted}" if one.gates else ""
    return (one.job, str(one.state), one.served_by, nights, one.unexplained, one.next_step)


def _served(job: JobContract, types: Mapping[str, str]) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=["served", job.name],
        group_name="served",
        owners=[job.owner],
        kinds={"duckdb", "view"},
        tags={"phi": "pseudonymous", "job": job.name, "decision": job.decision},
        deps=[LEDGER, *_sides(job)],
        description=_served_description(job),
        metadata={
            "dagster/column_schema": dg.TableSchema(columns=_served_columns(job, types)),
            "dagster/table_name": f"served.{job.name}",
        },
    )


def _sides(job: JobContract) -> Iterator[dg.AssetKey]:
    if job.name in MART_OF:
        yield dg.AssetKey(["marts", MART_OF[job.name]])
        return
    yield dg.AssetKey(["legacy", job.name])
    yield dg.AssetKey(["reconciliation", job.name])


def _served_columns(job: JobContract, types: Mapping[str, str]) -> list[dg.TableColumn]:
    if job.name in MART_OF:
        told = marts()[MART_OF[job.name]].columns
        own = [dg.TableColumn(column.name, column.type, column.description) for column in told]
    else:
        own = [dg.TableColumn(n, kind, _meaning(n, job)) for n, kind in types.items()]
    by = "legacy, stream, or batch for a job that stays there."
    return [*own, dg.TableColumn("served_by", "varchar", by)]


def _meaning(name: str, job: JobContract) -> str:
    told = {column.name: column.description for column in (*PROVENANCE, *job.landed[0].columns)}
    if any(one.name == name for one in job.compared):
        return told.get(name, f"Compared column of the job; {job.title.lower()}.")
    return told.get(name, f"Part of the job's row: {job.grain}.")


def _served_types(settings: Settings) -> dict[str, dict[str, str]]:
    """The columns of every served view, read off views over a lake that is not there."""
    with opened(Lake(NOWHERE), settings) as connection:
        return {job.name: _types(connection, job) for job in MOVING}


def _types(connection: duckdb.DuckDBPyConnection, job: JobContract) -> dict[str, str]:
    rows = connection.execute(f"describe served.{quoted_name(job.name)}").fetchall()
    return {row[0]: row[1].lower() for row in rows if row[0] != "served_by"}


def _evidence() -> list[dg.AssetKey]:
    compared = [dg.AssetKey(["reconciliation", job.name]) for job in MOVING]
    replayed = dg.AssetKey(["replays", "arrival_order"])
    return [*compared, replayed, dg.AssetKey(["lake", "raw_messages"])]


def _looks_again() -> dg.AutomationCondition[dg.AssetKey]:
    # Not at every message: what a message brings is looked at when the clock says so.
    live = dg.AssetSelection.keys(["lake", "raw_messages"])
    updated = dg.AutomationCondition.any_deps_updated().ignore(live)
    ticked = dg.AutomationCondition.cron_tick_passed(EVERY_QUARTER_HOUR)
    idle = ~dg.AutomationCondition.in_progress()
    return ((updated | ticked) & idle).with_label("evidence_is_new_or_a_quarter_hour_has_passed")


def _ledger_description() -> str:
    return (
        f"Grain: {JOB_LEDGER.grain}.\n\n"
        "Source: decisions of people (the jobs `promote_job`, `rollback_job`, `attest_gate`, "
        "`rehearse_rollback`, or `pulsehouse migrate`), and the automatic demotion.\n\n"
        "To materialise it is to look at every gate: a job with a red safety gate is put on hold. "
        "Append-only; the last entry of a job is its state, and decides what `served.<job>` shows."
    )


def _served_description(job: JobContract) -> str:
    if job.name in MART_OF:
        return (
            f"Grain: {job.grain}.\n\nSource: the mart `{MART_OF[job.name]}`. "
            f"Stays in batch by decision: {job.reason}"
        )
    return (
        f"Grain: {job.grain}.\n\n"
        f"Source: the rows that the nightly job landed, until the job is cut over; then these up "
        "to the night of the flip, and the stream's after it, those of today among them. "
        "`served_by` says of each row which. The ledger's last entry decides."
    )
