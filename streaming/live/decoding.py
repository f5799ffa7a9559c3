"""Decoding: an alarm where the decoder fails on what a feed sends, ended once it has not for long.

Here: from what was committed to the ledger of alarms. Not here: what becomes of such messages
(streaming/poison.py), or how often it is looked for (watch.py).
"""

import threading
from datetime import UTC, datetime, timedelta
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.alarms import end_alarm, open_alarms, raise_alarm
from lakehouse.lake import Lake
from streaming.logs import log
from streaming.poison import REASON

DECODER_FAILED: Final = "decoder_failed"
# One bad message an hour is still a defect; after a quiet hour it may be taken for mended. [P]
QUIET: Final = timedelta(hours=1)
_DETAIL = (
    "messages of it are in quarantine because the decoder failed on them, a defect of ours: update,"
    " then `pulsehouse quarantine replay --reason decoder_failed`"
)


class Decoding:
    """Told by the writer's thread, asked by the watch's."""

    def __init__(self, lake: Lake) -> None:
        """Alarms that an earlier process raised are this one's to end."""
        self._lake = lake
        self._lock = threading.Lock()
        now = datetime.now(UTC)
        self._last: dict[str, datetime] = {
            alarm.subject: now for alarm in open_alarms(lake) if alarm.kind == DECODER_FAILED
        }
        self._told = set(self._last)

    def committed(self, feed: str, messages: pa.Table, now: datetime) -> None:
        """Rows of `raw_messages` are stored; now and then the decoder failed on one."""
        if pc.any(pc.equal(messages["reason"], REASON)).as_py():
            with self._lock:
                self._last[feed] = now

    def look(self, now: datetime) -> None:
        """Raise or end alarms.

        Raises:
            AppendError: An alarm could not be stored; the next look tries again.
        """
        with self._lock:
            last = dict(self._last)
        for feed, at in last.items():
            is_quiet = now - at >= QUIET
            if not is_quiet and feed not in self._told:
                raise_alarm(self._lake, DECODER_FAILED, feed, _DETAIL, now)
                log().error("alarm_raised", kind=DECODER_FAILED, subject=feed)
                self._told.add(feed)
            if is_quiet and feed in self._told:
                end_alarm(self._lake, DECODER_FAILED, feed, "it has not failed for an hour", now)
                self._told.discard(feed)
