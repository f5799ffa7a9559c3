"""The comparisons in Dagster: one asset per nightly job, with its checks, and one job for all.

Here: what Dagster shows of a comparison, and what fails it. Not here: comparing (comparing.py), or
landing the extract that is compared (orchestration/legacy).
"""

from collections.abc import Iterable, Iterator
from datetime import date

import dagster as dg

from lakehouse.batch.reconciliation import CLASSES, DIFFERENCES, MATCHED, UNEXPLAINED
from lakehouse.errors import AppendError, LakehouseError, LedgerMovedError
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from orchestration.jobs import JOBS
from orchestration.jobs.contract import JobContract
from orchestration.nights import nightly_partitions
from orchestration.reconciliation.comparing import compare
from orchestration.reconciliation.evidence import Night, newest_nights
from orchestration.shown import Shown, bar_chart, table_metadata
from orchestration.stream_tables import column_schema

GROUP, JOB = "reconciliation", "reconcile"
# Nights of the chart: as many as a job has to match in a row.
CHARTED = 14
# For a lost race or a full disk; a night that was not landed does not land by waiting.
PATIENCE = dg.RetryPolicy(max_retries=2, delay=30)

GRAIN, NO_UNEXPLAINED, WRONG_PATIENTS = (
    "grain",
    "no_unexplained_differences",
    "wrong_patients",
)

# What each job's rows of the stream are made from.
READS = {
    "census": ("encounter_events", "identity_events"),
    "vitals": ("observations", "identity_events"),
    "labs": ("observations", "identity_events"),
    "active_medications": ("medication_events", "encounter_events", "identity_events"),
}


def definitions(settings: Settings) -> dg.Definitions:
    """The comparisons and their job; building them touches nothing."""
    assets = [_asset(JOBS[name], settings) for name in DIFFERENCES]
    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.assets(*assets),
        description="Holds every nightly job of one night, landed before, against the stream.",
    )
    return dg.Definitions(assets=assets, jobs=[job])


def _asset(job: JobContract, settings: Settings) -> dg.AssetsDefinition:
    table = DIFFERENCES[job.name]
    key = dg.AssetKey([GROUP, job.name])
    lands = [dg.AssetKey(["legacy", one.name.removeprefix("legacy_")]) for one in job.landed]
    reads = [dg.AssetKey(["lake", name]) for name in READS[job.name]]

    @dg.asset(
        key=key,
        deps=[*lands, *reads],
        group_name=GROUP,
        owners=[job.owner],
        kinds={"duckdb", "deltalake"},
        tags={"zone": table.zone, "phi": table.phi, "job": job.name, "decision": job.decision},
        description=_description(job),
        metadata={
            "dagster/column_schema": column_schema(table),
            "dagster/table_name": table.name,
            "path": dg.MetadataValue.path(settings.lake / table.zone / table.name),
        },
        check_specs=_checks(key),
        partitions_def=nightly_partitions(settings),
        pool=GROUP,
        retry_policy=PATIENCE,
    )
    def compared(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        yield _compared(settings, job, date.fromisoformat(context.partition_key))

    return compared


def _compared(settings: Settings, job: JobContract, night: date) -> dg.MaterializeResult[None]:
    try:
        lake = Lake.open(settings.lake, create=True)
        found = compare(lake, settings, job.name, night)
        shown = _shown(lake, job, found)
    except LakehouseError as error:
        waits = isinstance(error, AppendError | LedgerMovedError)
        failure = dg.Failure(description=str(error), allow_retries=waits)
    else:
        return dg.MaterializeResult(metadata=shown, check_results=_results(found))
    # Outside of the handler, so that no text of an engine hangs on to it.
    raise failure


def _description(job: JobContract) -> str:
    return (
        f"Grain: {DIFFERENCES[job.name].grain}.\n\n"
        f"Source: the landed rows of the job `{job.name}` ({job.grain}), held against what the"
        f" stream knew at the night's cutoff ({job.cutoff}), key by key within the tolerances of"
        f" the job's contract. Every difference has one class: {', '.join(CLASSES[1:])}. Matched"
        " keys are counted in `reconciliation.nights` only."
    )


def _checks(asset: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            GRAIN,
            asset=asset,
            blocking=True,
            description="No key of the night comes twice or is null, on either side.",
        ),
        dg.AssetCheckSpec(
            NO_UNEXPLAINED,
            asset=asset,
            description=f"No difference of a class without a cause: {', '.join(UNEXPLAINED)}.",
        ),
        dg.AssetCheckSpec(
            WRONG_PATIENTS,
            asset=asset,
            blocking=True,
            description="No row is one patient's on one side and another's on the other.",
        ),
    ]


def _results(found: Night) -> list[dg.AssetCheckResult]:
    classes = {name: count for name, count in found.classes.items() if name in UNEXPLAINED}
    return [
        _result(
            GRAIN,
            found,
            passed=not found.repeated,
            counts={"legacy": found.legacy_repeated, "stream": found.stream_repeated},
            query=f"keys repeated in legacy.legacy_{found.job} for night {found.night}",
        ),
        _result(
            NO_UNEXPLAINED,
            found,
            passed=not found.unexplained,
            counts=classes,
            query=_query(found, "not is_explained"),
        ),
        _result(
            WRONG_PATIENTS,
            found,
            passed=not found.wrong_patients,
            counts={WRONG_PATIENTS: found.wrong_patients},
            query=_query(found, "is_wrong_patient"),
        ),
    ]


def _result(
    name: str, found: Night, *, passed: bool, counts: dict[str, int], query: str
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name,
        passed=passed,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            **{key: dg.MetadataValue.int(count) for key, count in counts.items()},
            "which rows": dg.MetadataValue.md(f"```sql\n{query}\n```"),
            "evidence_id": dg.MetadataValue.text(found.evidence_id),
        },
    )


def _query(found: Night, condition: str) -> str:
    return (
        f"select * from reconciliation.differences_{found.job}\n"  # noqa: S608 shown to people, not run
        f"where night = date '{found.night}' and {condition}"
    )


def _shown(lake: Lake, job: JobContract, found: Night) -> Shown:
    nights = [one for one in newest_nights(lake, job.name) if one.night <= found.night]
    chart = bar_chart(
        f"{job.title}, differences by class, last {CHARTED} nights compared",
        [one.night.isoformat() for one in nights[-CHARTED:]],
        _series(nights[-CHARTED:]),
    )
    own: Shown = {name: dg.MetadataValue.int(count) for name, count in found.classes.items()}
    told: Shown = {
        "evidence_id": dg.MetadataValue.text(found.evidence_id),
        "cutoff_at": dg.MetadataValue.timestamp(found.cutoff_at),
        "legacy_rows": dg.MetadataValue.int(found.legacy_rows),
        "stream_rows": dg.MetadataValue.int(found.stream_rows),
        "unexplained": dg.MetadataValue.int(found.unexplained),
        "nights": chart,
    }
    if found.match_share is not None:
        told["match_share"] = dg.MetadataValue.float(found.match_share)
    table = DIFFERENCES[job.name]
    kept = table_metadata(lake, table, partition=found.night.isoformat(), cut=found.at)
    return kept | own | told


def _series(nights: Iterable[Night]) -> dict[str, list[float]]:
    """Differences per class and night; a class that no night has is left out."""
    found = list(nights)
    heights = {
        name: [float(one.classes[name]) for one in found] for name in CLASSES if name != MATCHED
    }
    return {name: values for name, values in heights.items() if any(values)}
