"""The hospital's nights: when a nightly job runs, and what it can have known.

Here: instants of a night in the hospital's zone, over daylight saving, and the partitions that
Dagster counts nights by. Not here: the jobs (orchestration/jobs).

A night is named by the local day on which its job runs. In the night in which the hour does not
exist the job runs an hour later by the wall clock; in the night in which it comes twice, the first
time: the law is that of `clinical.detection.batch_clock`, which alerts are measured against.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from clinical.detection.batch_clock import BatchClock
from lakehouse.settings import Settings
from orchestration.jobs.contract import Cutoff

if TYPE_CHECKING:
    import dagster as dg


def run_at(night: date, settings: Settings) -> datetime:
    """The instant (UTC) at which the jobs of a night run."""
    zone = ZoneInfo(settings.hospital_zone)
    before = datetime.combine(night, time(0), zone).astimezone(UTC) - timedelta(microseconds=1)
    return BatchClock(zone, settings.batch_hour).next_after(before)


def midnight(night: date, settings: Settings) -> datetime:
    """The instant (UTC) at which the day of a night's run begins."""
    return datetime.combine(night, time(0), ZoneInfo(settings.hospital_zone)).astimezone(UTC)


def cutoff_at(night: date, cutoff: Cutoff, settings: Settings) -> datetime:
    """The instant (UTC) up to which a job of this night can have known."""
    return midnight(night, settings) if cutoff == "midnight" else run_at(night, settings)


def nightly_partitions(settings: Settings) -> "dg.DailyPartitionsDefinition":
    """One partition per night, named YYYY-MM-DD by the day of its run, today's included."""
    # Dagster takes two seconds to import, and the command has no need of it.
    import dagster as dg  # noqa: PLC0415

    return dg.DailyPartitionsDefinition(
        start_date=settings.first_night.isoformat(),
        timezone=settings.hospital_zone,
        end_offset=1,
    )
