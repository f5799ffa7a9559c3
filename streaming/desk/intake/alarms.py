"""The lake's technical alarms, as cases of the desk.

Here: raising and ending the cases as the lake's ledger of alarms says. Not here: who raises an
alarm (lakehouse/alarms.py), or the desk's own faults (streaming/desk/tending.py).
"""

from datetime import datetime

from lakehouse.alarms import open_alarms
from lakehouse.batch.operations import ALARM_KINDS, ALARMS
from lakehouse.delta_log import newest_version
from streaming.desk.desk import Desk
from streaming.desk.store.counting import changing
from streaming.desk.store.writing import reading
from streaming.desk.technical import Fault, end_fault, open_faults, raise_fault


class Alarms:
    """Follows the ledger of alarms, which is small: it is read whole when it has changed."""

    def __init__(self, desk: Desk) -> None:
        """Not looked yet."""
        self._desk = desk
        self._version: int | None = None

    def look(self, now: datetime) -> bool:
        """Bring the cases in line with the ledger; whether anything changed."""
        desk = self._desk
        version = newest_version(desk.lake.path(ALARMS))
        if version == self._version:
            return False
        stands = {
            (one.kind, one.subject): Fault(one.kind, one.subject, one.since, one.detail)
            for one in open_alarms(desk.lake)
        }
        with reading(desk.engine) as connection:
            known = set(open_faults(connection, *ALARM_KINDS))
        if known != set(stands):
            self._follow(stands, known, now)
        self._version = version
        return known != set(stands)

    def _follow(
        self, stands: dict[tuple[str, str], Fault], known: set[tuple[str, str]], now: datetime
    ) -> None:
        desk = self._desk
        with changing(desk.engine) as connection:
            for kind, subject in known - set(stands):
                end_fault(connection, desk.planner, kind, subject, now)
            for fault in stands.values():
                raise_fault(connection, desk.planner, fault, now)
        desk.bell.ring()
