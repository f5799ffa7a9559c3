"""The ledger of alert rules, as the intake sees it: looked at every few seconds.

Here: when it is read, and what holds where it cannot be. Not here: what it means
(lakehouse/going_live.py).

A ledger that cannot be read changes nothing: what was known of it holds on, and a house of which
nothing is known gets every alert.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import pyarrow as pa

from lakehouse.batch.migration import ALERT_LEDGER
from lakehouse.going_live import GoingLive, going_live
from lakehouse.lake import Lake
from streaming.desk import tail
from streaming.desk.tail import BEGINNING, TailError
from streaming.logs import log

# A decision reaches the wards after so long at the latest.
EVERY: Final = timedelta(seconds=5)


class Ledger:
    """What the ledger said when it was last looked at."""

    def __init__(self, lake: Lake) -> None:
        """Know nothing yet."""
        self._path = lake.path(ALERT_LEDGER)
        self._cursor = BEGINNING
        self._known = GoingLive()
        self._looked: datetime | None = None
        self._failed = False

    def stands(self, now: datetime) -> GoingLive:
        """How the ledger stands, give or take `EVERY`."""
        # A clock that was set back is a reason to look, too.
        if self._looked is None or not timedelta(0) <= now - self._looked < EVERY:
            self._looked = now
            self._look()
        return self._known

    def _look(self) -> None:
        try:
            if tail.grown(self._path, self._cursor).cursor == self._cursor:
                return
            whole = tail.grown(self._path)
            self._known = going_live(pa.concat_tables(self._rows(whole)))
        except (TailError, OSError, pa.ArrowInvalid) as error:
            self._say(error)
            return
        self._cursor, self._failed = whole.cursor, False

    def _rows(self, whole: tail.Growth) -> Iterator[pa.Table]:
        yield ALERT_LEDGER.schema.empty_table()
        yield from tail.read(whole, ALERT_LEDGER.schema)

    def _say(self, error: Exception) -> None:
        if not self._failed:
            log().warning("ledger_unread", table=ALERT_LEDGER.name, error=type(error).__name__)
        self._failed = True
