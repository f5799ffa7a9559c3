"""Reloading: a profile that changes while its feed flows is used from the next batch on.

Here: telling of changes and faults, and which version each place is read by from which offset on.
Not here: noticing a change (lakehouse/feed_versions.py), or how often it is looked for (watch.py).
"""

from datetime import datetime
from typing import Final

from lakehouse.alarms import end_alarm, open_alarms, raise_alarm
from lakehouse.cuts import Place
from lakehouse.feed_versions import FeedVersions
from lakehouse.lake import Lake
from lakehouse.profile_versions import record_version
from streaming.logs import log

PROFILE_BROKEN: Final = "profile_broken"


class Reloading:
    """Told by the dataflow's thread of batches, asked by the watch's."""

    def __init__(self, lake: Lake, versions: FeedVersions) -> None:
        """Alarms that an earlier process raised are this one's to end."""
        self._lake, self._versions = lake, versions
        self._reading: dict[Place, str] = {}
        self._notes: list[tuple[Place, int, str]] = []
        alarms = open_alarms(lake)
        self._told = {
            alarm.subject: alarm.detail for alarm in alarms if alarm.kind == PROFILE_BROKEN
        }
        for feed, fault in versions.faults.items():
            log().error("profile_not_loaded", feed=feed, detail=fault)

    def begins(self, place: Place, offset: int) -> None:
        """A batch of a place begins: what follows is read by the newest version of its profile."""
        self._versions.take_up(place[0])
        version = self._versions[place[0]].fingerprint
        if self._reading.get(place) != version:
            self._reading[place] = version
            self._notes.append((place, offset, version))

    def look(self, now: datetime, unread: frozenset[str] = frozenset()) -> None:
        """See what changed, and tell of it.

        Args:
            now: When.
            unread: Feeds that the inbox has messages of and that nobody reads.

        Raises:
            AppendError: It could not be stored; the next look tries again.
        """
        for change in self._versions.look():
            if change.what == "broken":
                log().error("profile_broken", feed=change.feed, detail=change.detail)
            else:
                log().info(f"profile_{change.what}", feed=change.feed, version=change.detail)
        self._alarm(now, unread)
        while self._notes:
            place, offset, version = self._notes[0]
            if record_version(self._lake, place, offset, version, now):
                self._tell(place, offset, version)
            del self._notes[0]

    @staticmethod
    def _tell(place: Place, offset: int, version: str) -> None:
        feed, partition = place
        log().info(
            "profile_in_force",
            feed=feed,
            partition=partition,
            first_offset=offset,
            version=version,
        )

    def _alarm(self, now: datetime, unread: frozenset[str]) -> None:
        faults = {feed: self._detail(feed) for feed in {*self._versions.faults, *unread}}
        for feed in sorted(set(faults) - set(self._told)):
            raise_alarm(self._lake, PROFILE_BROKEN, feed, faults[feed], now)
            self._told[feed] = faults[feed]
        for feed in sorted(set(self._told) - set(faults)):
            end_alarm(self._lake, PROFILE_BROKEN, feed, "its profile can be used again", now)
            log().info("profile_mended", feed=feed)
            del self._told[feed]

    def _detail(self, feed: str) -> str:
        fault = self._versions.faults.get(feed, f"feed `{feed}` has no profile")
        if feed in self._versions:
            return f"{fault}; the version before stays in force until that is mended"
        return f"{fault}; its messages wait in the inbox until that is mended"
