"""The report as an asset: the page is kept, its findings and charts are previewed."""

import dagster as dg

from lakehouse.settings import Settings
from orchestration.report.assets import FILE, FOLDER, JOB, definitions
from tests.orchestration.hospital import Hospital


def ran(settings: Settings) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        job = definitions(settings).resolve_job_def(JOB)
        return job.execute_in_process(instance=instance, raise_on_error=False)


def test_a_run_keeps_the_page_and_shows_findings_and_charts(compared: Hospital, tmp_path):
    found = compared.copy(tmp_path)
    run = ran(found.settings)
    assert run.success
    [event] = run.get_asset_materialization_events()
    shown = dict(event.materialization.metadata)
    assert (found.settings.lake / FOLDER / FILE).read_text().startswith("<!doctype html>")
    assert "keys match or are explained" in shown["findings"].value
    assert shown["reconciliation"].value.startswith("![Nightly jobs beside the stream")
    assert "alert_answers" not in shown


def test_a_lake_that_is_not_there_fails_and_is_not_made(tmp_path):
    assert not ran(Settings(lake=tmp_path / "nowhere")).success
    assert not (tmp_path / "nowhere").exists()


def test_it_is_made_each_morning_after_the_nightly_jobs():
    [schedule] = definitions(Settings(batch_hour=2)).schedules
    assert schedule.cron_schedule == "30 6 * * *"
