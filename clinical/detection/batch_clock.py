"""The 2am job's clock: when a nightly job would have seen what we know now.

Here: the runs around an instant, in the hospital's zone, over daylight saving. Not here: the
job.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class BatchClock:
    """A job that runs every day at `hour` local time.

    In the night in which that hour does not exist it runs an hour later by the wall clock; in the
    night in which it comes twice, the first time.
    """

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    hour: int = 2

    def next_after(self, known_at: datetime) -> datetime:
        """The first run strictly after an instant (UTC in, UTC out)."""
        today = known_at.astimezone(self.zone).date()
        run = self._run_on(today)
        return run if run > known_at else self._run_on(today + timedelta(days=1))

    def last_until(self, known_at: datetime) -> datetime:
        """The last run at or before an instant (UTC in, UTC out)."""
        today = known_at.astimezone(self.zone).date()
        run = self._run_on(today)
        return run if run <= known_at else self._run_on(today - timedelta(days=1))

    def _run_on(self, day: date) -> datetime:
        return datetime.combine(day, time(self.hour), self.zone).astimezone(UTC)
