"""What a stream knows before its first message: shards and admissions, taken up at its start.

Here: taking them up ahead, so that neither a first message after a restart nor a wish to stop waits
for it. Not here: how the lake is read for it (streaming/recollection.py).
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from clinical.detection.batch_clock import BatchClock
from clinical.detection.shard import Shard
from clinical.wire.profile import FeedProfile
from lakehouse.catalogue import connect
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.tables import RAW_MESSAGES
from streaming.admission import Admission
from streaming.inbox.arrival import JOURNAL_PARTITION
from streaming.recollection import Recollection

_TABLES = ("observations", "encounter_events", "patient_demographics", "medication_events")
_FACILITIES = " union ".join(
    f'select facility from {name} where "partition" >= {JOURNAL_PARTITION}'  # noqa: S608 contracts
    for name in _TABLES
)
_HEARD = """
select feed, max(received_at) from raw_messages
where list_contains($feeds, feed) and "partition" >= $live group by feed
"""


class Knowing:
    """The lake's knowledge at a cut, by facility and by feed."""

    def __init__(
        self, lake: Lake, at: Cut, clock: BatchClock, profiles: Mapping[str, FeedProfile]
    ) -> None:
        """Nothing is taken up yet."""
        self._lake, self._at, self._profiles = lake, at, profiles
        self._recollection = Recollection(lake, at, clock)
        self._shards: dict[str, Shard] = {}
        self._admissions: dict[str, Admission] = {}

    def take_up(self, stopping: Callable[[], bool]) -> None:
        """Everything of the feeds that are live; what is not taken up now is when it is needed."""
        live = {feed for feed, partition in self._at if partition >= JOURNAL_PARTITION}
        for feed in sorted(live & set(self._profiles)):
            if not stopping():
                self._admissions[feed] = self.admission(feed)
        for facility in _facilities(self._lake, self._at) if live else ():
            if not stopping():
                self._shards[facility] = self.shard(facility)

    def admission(self, feed: str) -> Admission:
        """A feed's admission; once."""
        known = self._admissions.pop(feed, None)
        return known or self._recollection.admission(self._profiles[feed])

    def shard(self, facility: str) -> Shard:
        """A facility's shard; once."""
        return self._shards.pop(facility, None) or self._recollection.shard(facility)


def _facilities(lake: Lake, at: Cut) -> list[str]:
    with connect(lake, at=at) as connection:
        return sorted(facility for (facility,) in connection.execute(_FACILITIES).fetchall())


def last_heard(
    lake: Lake, profiles: Mapping[str, FeedProfile], now: datetime
) -> dict[str, datetime]:
    """When each feed whose silence matters was last heard, of those that have ever sent.

    A feed that is dated by its own clock does not say when it was heard: it counts from now.
    """
    feeds = [name for name, profile in profiles.items() if profile.silent_minutes > 0]
    if not feeds or not lake.has(RAW_MESSAGES):
        return {}
    with connect(lake, tables=(RAW_MESSAGES,)) as connection:
        values = {"feeds": feeds, "live": JOURNAL_PARTITION}
        found = connection.execute(_HEARD, values).fetchall()
    return {
        feed: at.astimezone(UTC) if profiles[feed].clock == "received" else now
        for feed, at in found
    }
