"""Silence: a feed that has spoken and does not any more.

Here: when a feed is silent, by the clock it is told. Not here: the alarm (watch.py), or how long a
feed may be silent (its profile).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from clinical.wire.profile import FeedProfile


class Silence:
    """Feeds whose profile allows only so much silence; one that never sent is not silent."""

    def __init__(self, profiles: Mapping[str, FeedProfile], heard: Mapping[str, datetime]) -> None:
        """Args: heard: When each feed was last heard, of those that have ever sent."""
        self._allowed = {
            name: timedelta(minutes=profile.silent_minutes)
            for name, profile in profiles.items()
            if profile.silent_minutes > 0
        }
        self._heard = dict(heard)
        self._newest: dict[str, int] = {}

    @property
    def feeds(self) -> tuple[str, ...]:
        """The feeds that are listened to."""
        return tuple(sorted(self._allowed))

    def listen(self, newest: Mapping[str, int], now: datetime) -> None:
        """Note how far each feed has come; one that came further was heard now."""
        for feed, offset in newest.items():
            before = self._newest.get(feed)
            if (before is None and offset and feed not in self._heard) or (
                before is not None and offset > before
            ):
                self._heard[feed] = now
            self._newest[feed] = offset

    def silent(self, now: datetime) -> dict[str, bool]:
        """Of every feed that has ever sent, whether it has been silent for too long."""
        return {
            feed: now - self._heard[feed] >= allowed
            for feed, allowed in self._allowed.items()
            if feed in self._heard
        }

    def since(self, feed: str) -> datetime:
        """When a feed was last heard."""
        return self._heard[feed]
