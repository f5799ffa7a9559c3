"""Listening: alarms about feeds that fell silent, raised once and ended when they speak again.

Here: from what the inbox has to the ledger of alarms. Not here: what silence is (silence.py), or
how often it is listened for (watch.py).
"""

from datetime import datetime
from typing import Final

from lakehouse.alarms import end_alarm, open_alarms, raise_alarm
from lakehouse.lake import Lake
from streaming import metrics
from streaming.live.silence import Silence
from streaming.live.tail import Tail
from streaming.logs import log

FEED_SILENT: Final = "feed_silent"


class Listener:
    """One for all processes of a stream: a feed's messages may come to any of them."""

    def __init__(self, lake: Lake, tail: Tail, silence: Silence) -> None:
        """Alarms that an earlier process raised are this one's to end."""
        self._lake, self._tail, self._silence = lake, tail, silence
        alarms = open_alarms(lake) if silence.feeds else []
        self._told = {alarm.subject for alarm in alarms if alarm.kind == FEED_SILENT}

    def look(self, now: datetime) -> None:
        """Hear what came, and raise or end alarms.

        Raises:
            AppendError: An alarm could not be stored; the next look tries again.
        """
        newest: dict[str, int] = {}
        for place in self._tail.places() if self._silence.feeds else ():
            following = self._tail.next_offset(place)
            if following is not None:
                newest[place[0]] = newest.get(place[0], 0) + following
        self._silence.listen(newest, now)
        for feed, is_silent in self._silence.silent(now).items():
            metrics.SILENT.labels(feed).set(is_silent)
            if is_silent and feed not in self._told:
                self._raise(feed, now)
            if not is_silent and feed in self._told:
                self._end(feed, now)

    def _raise(self, feed: str, now: datetime) -> None:
        since = self._silence.since(feed)
        detail = (
            f"nothing was heard of it since {since:%Y-%m-%d %H:%M:%S}Z: scores that rest on it go"
            " stale; look at the sender and its interface engine"
        )
        raise_alarm(self._lake, FEED_SILENT, feed, detail, now)
        log().error("feed_silent", feed=feed, seconds=int((now - since).total_seconds()))
        self._told.add(feed)

    def _end(self, feed: str, now: datetime) -> None:
        end_alarm(self._lake, FEED_SILENT, feed, "it was heard again", now)
        log().info("feed_heard_again", feed=feed)
        self._told.discard(feed)
