"""Quality in Dagster: checks of every table of the stream, and the rows that failed them.

Here: which checks there are, what they stop, and the job that runs them. Not here: rules
(suites.py), evaluating them (checking.py), or what results show (showing.py).

A blocking check that fails with ERROR keeps whatever depends on its table from running in the same
run. External assets are in no selection, so a job that builds on the tables has to select these
checks by name: `dg.AssetSelection.checks(*checks(settings))`.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import dagster as dg

from lakehouse.batch.quality import FAILED_ROWS
from lakehouse.cuts import Cut
from lakehouse.cuts import cut as cut_now
from lakehouse.errors import AppendError, LakehouseError, LedgerMovedError
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import RAW_MESSAGES, TABLES, Table
from orchestration.quality import showing
from orchestration.quality.checking import check
from orchestration.quality.evidence import failed_rows, history, keep
from orchestration.quality.ledger_equation import Imbalance, imbalances
from orchestration.quality.rules import Suite
from orchestration.quality.suites import suites_of
from orchestration.quality.volume import held_against_history
from orchestration.stream_tables import NAMESPACE, column_schema

GROUP = "quality"
OWNER = "team:data-quality"
JOB = "quality"
# One at a time: two would number their evidence alike, and Great Expectations is large.
POOL = "quality"
LEDGER_EQUATION = "ledger_equation"
VOLUME_AND_LATENESS = "volume_and_lateness"
# Another writer of the evidence was faster: wait, look again.
AGAIN = dg.RetryPolicy(max_retries=2, delay=5)
ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN
DESCRIBED = {
    "schema": "Columns, their order, types and nullability are those of the contract.",
    "values": "No null, unknown word or second row of one key where the contract allows none.",
    "units_and_ranges": "Units, codes and ranges are those of the concept and score tables.",
}


def definitions(settings: Settings) -> dg.Definitions:
    """The checks, their job, and the rows that failed; building them touches nothing."""
    made = checks(settings)
    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.checks(*made),
        # Importing Great Expectations takes seconds: once per run, not once per table.
        executor_def=dg.in_process_executor,
        description="Checks every table of the stream, up to the newest cut.",
    )
    return dg.Definitions(assets=[_failed_rows(settings)], asset_checks=made, jobs=[job])


def checks(settings: Settings) -> list[dg.AssetChecksDefinition]:
    """Every check of the stream's tables: one step per table, and the ledger equation."""
    return [_ledger_equation(settings), *(_table_checks(t, settings) for t in TABLES.values())]


def _failed_rows(settings: Settings) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=[GROUP, FAILED_ROWS.name],
        deps=[_key(name) for name in TABLES],
        group_name=GROUP,
        owners=[OWNER],
        kinds={"greatexpectations", "deltalake"},
        tags={"zone": FAILED_ROWS.zone, "phi": FAILED_ROWS.phi},
        description=(
            f"Grain: {FAILED_ROWS.grain}.\n\nKey: {', '.join(FAILED_ROWS.key)}."
            " A row is named by its place in the feed; its values stay in its own table.\n\n"
            "Source: written by the checks of the stream's tables; asset checks show the counts."
        ),
        metadata={
            "dagster/column_schema": column_schema(FAILED_ROWS),
            "dagster/table_name": FAILED_ROWS.name,
            "path": dg.MetadataValue.path(settings.lake / FAILED_ROWS.zone / FAILED_ROWS.name),
        },
    )


def _table_checks(table: Table, settings: Settings) -> dg.AssetChecksDefinition:
    suites = suites_of(table)

    @dg.multi_asset_check(
        name=f"quality_of_{table.name}",
        specs=[*(_spec(suite) for suite in suites), _volume_spec(table)],
        can_subset=True,
        pool=POOL,
        retry_policy=AGAIN,
    )
    def evaluate(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        chosen = {key.name for key in context.selected_asset_check_keys}
        lake, at = _opened(settings)
        for suite in suites:
            if suite.family in chosen:
                yield _evaluated(lake, suite, at)
        _report_failed_rows(context, lake, at)
        if VOLUME_AND_LATENESS in chosen:
            yield _held_against_history(lake, table, at)

    return evaluate


def _ledger_equation(settings: Settings) -> dg.AssetChecksDefinition:
    @dg.multi_asset_check(
        name=LEDGER_EQUATION,
        specs=[
            dg.AssetCheckSpec(
                LEDGER_EQUATION,
                asset=_key(name),
                blocking=True,
                description="Every message is counted once, and every row stands on a message.",
            )
            for name in TABLES
        ],
        can_subset=True,
    )
    def balance(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        lake = Lake.open(settings.lake, create=False)
        found = imbalances(lake)
        for key in context.selected_asset_check_keys:
            yield _balanced(lake, key.asset_key, found)

    return balance


def _balanced(lake: Lake, key: dg.AssetKey, found: Sequence[Imbalance]) -> dg.AssetCheckResult:
    """A lost message concerns every table; a row without one only its own."""
    name = key.path[-1]
    mine = [one for one in found if one.table in {name, RAW_MESSAGES.name}]
    shown = showing.shown_imbalances(mine)
    return dg.AssetCheckResult(
        passed=not mine,
        asset_key=key,
        check_name=LEDGER_EQUATION,
        severity=ERROR,
        metadata=shown | showing.shown_counts(lake) if name == RAW_MESSAGES.name else shown,
        description=f"{len(mine)} imbalances." if mine else "The books balance.",
    )


def _evaluated(lake: Lake, suite: Suite, at: Cut) -> dg.AssetCheckResult:
    try:
        before = history(lake, suite)
        checked = check(lake, suite, before.clean_at, at)
        keep(lake, checked, before.checks + 1, datetime.now(UTC))
    except LakehouseError as error:
        failure = dg.Failure(
            str(error), allow_retries=isinstance(error, AppendError | LedgerMovedError)
        )
    else:
        return dg.AssetCheckResult(
            passed=checked.is_clean,
            asset_key=_key(suite.table),
            check_name=suite.family,
            severity=ERROR,
            metadata=showing.shown_check(checked, before.checks + 1),
            description=showing.told_check(checked),
        )
    # Outside of the handler, so that no text of an engine hangs on to it.
    raise failure


def _held_against_history(lake: Lake, table: Table, at: Cut) -> dg.AssetCheckResult:
    usual = held_against_history(lake, table, at)
    return dg.AssetCheckResult(
        passed=not usual.unusual,
        asset_key=_key(table.name),
        check_name=VOLUME_AND_LATENESS,
        severity=WARN,
        metadata=showing.shown_history(usual),
        description=showing.told_history(usual),
    )


def _report_failed_rows(context: dg.AssetCheckExecutionContext, lake: Lake, at: Cut) -> None:
    """The checks write it, so they say so: no step of its own does."""
    context.op_execution_context.log_event(
        dg.AssetMaterialization(
            [GROUP, FAILED_ROWS.name],
            metadata={
                "dagster/row_count": failed_rows(lake),
                "cut": dg.MetadataValue.json(at.to_json()),
            },
        )
    )


def _opened(settings: Settings) -> tuple[Lake, Cut]:
    try:
        # A lake that is not there is an error, not one to be made.
        Lake.open(settings.lake, create=False)
        lake = Lake.open(settings.lake, create=True)
    except LakehouseError as error:
        failure = dg.Failure(str(error), allow_retries=False)
    else:
        return lake, cut_now(lake)
    raise failure


def _spec(suite: Suite) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        suite.family,
        asset=_key(suite.table),
        blocking=True,
        description=DESCRIBED[suite.family],
        metadata={"rules": dg.MetadataValue.json([rule.name for rule in suite.rules])},
    )


def _volume_spec(table: Table) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        VOLUME_AND_LATENESS,
        asset=_key(table.name),
        description="Rows per hour, and how late they were written down, are as on days before.",
    )


def _key(name: str) -> dg.AssetKey:
    return dg.AssetKey([NAMESPACE, name])
