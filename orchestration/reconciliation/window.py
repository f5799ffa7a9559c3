"""The span of one night. Here: its instants, and as SQL writes them. Not here: rows."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from lakehouse.catalogue import quoted_text
from lakehouse.settings import Settings
from orchestration.jobs.contract import JobContract
from orchestration.nights import cutoff_at, run_at

# Landed nights on either side of the one compared, among which the other side may have a row.
ADJACENT = 7


@dataclass(frozen=True, slots=True)
class Window:
    """One job's night: after `opens`, up to `closes`, known up to `cutoff`."""

    night: date
    opens: datetime
    closes: datetime
    cutoff: datetime

    @property
    def night_sql(self) -> str:
        """The night as a literal."""
        return _date(self.night)

    @property
    def opens_sql(self) -> str:
        """The run of the night before."""
        return _instant(self.opens)

    @property
    def closes_sql(self) -> str:
        """The run of this night."""
        return _instant(self.closes)

    @property
    def cutoff_sql(self) -> str:
        """Up to when the job can have known."""
        return _instant(self.cutoff)

    @property
    def around(self) -> list[date]:
        """This night and its neighbours."""
        return [self.night + timedelta(days=n) for n in range(-ADJACENT, ADJACENT + 1)]

    @property
    def first_sql(self) -> str:
        """The first of the neighbours, as a literal."""
        return _date(self.around[0])

    @property
    def last_sql(self) -> str:
        """The last of the neighbours, as a literal."""
        return _date(self.around[-1])


def window_of(job: JobContract, night: date, settings: Settings) -> Window:
    """The window of a job's night in the hospital's zone."""
    return Window(
        night=night,
        opens=run_at(night - timedelta(days=1), settings),
        closes=run_at(night, settings),
        cutoff=cutoff_at(night, job.cutoff, settings),
    )


# Constants are pushed down to the files that are read, bound values are not.
def _instant(at: datetime) -> str:
    return f"timestamptz {quoted_text(at.isoformat())}"


def _date(day: date) -> str:
    return f"date {quoted_text(day.isoformat())}"
