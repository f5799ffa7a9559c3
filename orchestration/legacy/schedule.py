"""When the nightly jobs run.

Here: the schedule in the hospital's zone, one run per night, over daylight saving. Not here: what a
night is (orchestration/nights.py), or what runs (assets.py).

It starts when the job of the night has run, never before. Where the hour is skipped both run when
the clock goes on; where it comes twice the job runs the first time, and Dagster starts the second
time, an hour later. What is landed is the same: the cutoff is the job's.
"""

from zoneinfo import ZoneInfo

import dagster as dg

from lakehouse.settings import Settings


def nightly_schedule(settings: Settings, job: str) -> dg.ScheduleDefinition:
    """Run a job of nightly partitions once a night, for the local day on which it runs.

    It is off until somebody turns it on: on one machine the drop folder may be empty.
    """
    zone = ZoneInfo(settings.hospital_zone)

    @dg.schedule(
        name=f"{job}_schedule",
        cron_schedule=f"0 {settings.batch_hour} * * *",
        execution_timezone=settings.hospital_zone,
        job_name=job,
        description=f"Every night at {settings.batch_hour:02}:00 in {settings.hospital_zone}; "
        "where the clock skips that hour, at once; where it comes twice, the second time. Of the"
        " schedules `nightly` and `nightly_legacy` one is enough: the first does what both do.",
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        night = context.scheduled_execution_time.astimezone(zone).date()
        if night < settings.first_night:
            return dg.SkipReason(f"{night} lies before the setting first_night")
        # The key makes a tick that is evaluated twice one run.
        return dg.RunRequest(run_key=night.isoformat(), partition_key=night.isoformat())

    return nightly
