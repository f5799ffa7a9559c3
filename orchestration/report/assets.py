"""The quality report as an asset: made each morning, kept beside the lake's tables, and previewed.

Here: the asset, its job and its schedule. Not here: the report (reading.py, page.py).
"""

from pathlib import Path

import dagster as dg

from lakehouse.batch.evaluation import RULE_EVALUATION
from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from orchestration.report import charts
from orchestration.report.page import write
from orchestration.report.reading import DAYS, Report, report
from orchestration.report.section import Answer
from orchestration.stream_tables import NAMESPACE

GROUP = "report"
JOB = "quality_report"
KEY = dg.AssetKey([GROUP, "quality"])
OWNER = "team:quality"
FOLDER, FILE = "reports", "quality.html"
# After the nightly jobs, before the ward round.
CRON, HOURS_LATER = "30 {hour} * * *", 4
STREAM = ("raw_messages", "observations", "encounter_events", "alerts", "patient_demographics")
MARTS = ("readmissions_by_quarter", "census_hourly")
COLUMNS = {
    "name": ("string", "The section."),
    "finding": ("string", "What its rows say, in one computed sentence."),
    "table": ("string", "Where its rows come from."),
    "rows": ("list", "Counts, shares and quartiles; none tells of one patient."),
}


def definitions(settings: Settings) -> dg.Definitions:
    """The asset, its job and its schedule; building them touches nothing."""
    asset = _quality(settings)
    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.assets(KEY),
        description="Makes the quality report, a page of HTML, of all that the lake holds now.",
    )
    schedule = dg.ScheduleDefinition(
        name=f"{JOB}_schedule",
        job=job,
        cron_schedule=CRON.format(hour=(settings.batch_hour + HOURS_LATER) % 24),
        execution_timezone=settings.hospital_zone,
        description="Every morning, when the nightly jobs are done.",
    )
    return dg.Definitions(assets=[asset], jobs=[job], schedules=[schedule])


def _quality(settings: Settings) -> dg.AssetsDefinition:
    schema = dg.TableSchema(
        [dg.TableColumn(name, kind, told) for name, (kind, told) in COLUMNS.items()]
    )

    @dg.asset(
        key=KEY,
        deps=[
            *(dg.AssetKey([NAMESPACE, name]) for name in STREAM),
            *(dg.AssetKey(["marts", name]) for name in MARTS),
            dg.AssetKey(["evaluation", RULE_EVALUATION.name]),
            dg.AssetKey(["migration", "job_ledger"]),
        ],
        group_name=GROUP,
        owners=[OWNER],
        kinds={"duckdb", "altair"},
        tags={"zone": GROUP, "phi": "none"},
        pool=GROUP,
        description=f"Grain: one page, of the last {DAYS} days received.\n\nSource: the lake at one"
        " cut, its marts, the comparisons, the evaluation and the migration's status.",
        metadata={"dagster/column_schema": schema},
    )
    def quality(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        try:
            lake = Lake.open(settings.lake, create=False)
            found = report(lake, settings, tell=lambda asked: context.log.info("%s", asked.name))
        except LakehouseError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        path = lake.root / FOLDER / FILE
        path.parent.mkdir(exist_ok=True)
        write(found, path)
        return dg.MaterializeResult(metadata=_shown(found, path))

    return quality


def _shown(found: Report, path: Path) -> dict[str, dg.MetadataValue]:
    findings = "\n\n".join(f"**{one.question.title}.** {one.finding}" for one in found.answers)
    return {
        "page": dg.MetadataValue.path(path),
        "findings": dg.MetadataValue.md(findings),
        "cut": dg.MetadataValue.json(found.cut.to_json()),
        **{one.question.name: shown for one in found.answers if (shown := _picture(one))},
    }


def _picture(answer: Answer) -> dg.MetadataValue | None:
    chart = charts.drawn(answer)
    if chart is None:
        return None
    return dg.MetadataValue.md(charts.picture(chart, answer.question.title))
