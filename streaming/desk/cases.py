"""Cases: what the rest of the desk may ask of them and do to them.

Here: `Cases`, one transaction for each call. Not here: the questions (board.py), what follows from
an act (acting.py), or where cases come from (intake/).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from clinical.alerts import Act
from clinical.detection.finding import Severity
from clinical.routing import Override, Silence
from streaming.desk import board, drills, moving, silencing
from streaming.desk.acting import act_on
from streaming.desk.case_rows import Acted, CaseRow, Change, Entry, NotificationRow
from streaming.desk.planning import Planner
from streaming.desk.scopes import Scope
from streaming.desk.silencing import Cover, Wish
from streaming.desk.store.counting import changing
from streaming.desk.store.writing import reading
from streaming.desk.waking import Bell


def _nothing(_connection: Connection) -> None:
    """Nothing else belongs to the transaction."""


@dataclass(frozen=True, slots=True)
class Cases:
    """The cases of one store. `bell` is rung when there is something new to send."""

    engine: Engine
    planner: Planner
    bell: Bell

    def open(
        self, scope: Scope, *, unit: str | None = None, limit: int = 200, after: str | None = None
    ) -> list[CaseRow]:
        """Open cases, worst first: severity, untaken before taken, the oldest first.

        Args:
            scope: Whose.
            unit: One unit's alone.
            limit: At most so many.
            after: The case that the page before ended with.
        """
        with reading(self.engine) as connection:
            return board.open_cases(connection, scope, unit, limit, after)

    def counts(self, scope: Scope) -> Mapping[str | None, Mapping[str, int]]:
        """Open cases by unit and severity, without drills."""
        with reading(self.engine) as connection:
            return board.counts(connection, scope)

    def one(self, alert_id: str) -> CaseRow | None:
        """A case by its id."""
        with reading(self.engine) as connection:
            return board.one(connection, alert_id)

    def several(self, alert_ids: Sequence[str]) -> Mapping[str, CaseRow]:
        """Cases by their ids, open and closed; those that are not there are left out."""
        with reading(self.engine) as connection:
            return board.several(connection, alert_ids)

    def of_patient(
        self,
        facility: str,
        patient_ids: Sequence[str],
        since: datetime | None = None,
        limit: int = 50,
    ) -> list[CaseRow]:
        """A patient's cases, open and closed, the newest first."""
        with reading(self.engine) as connection:
            return board.of_patient(connection, (facility, patient_ids), since, limit)

    def entries(self, alert_id: str) -> list[Entry]:
        """A case's history, the oldest first."""
        with reading(self.engine) as connection:
            return board.entries(connection, alert_id)

    def entries_of(self, alert_ids: Sequence[str]) -> Mapping[str, list[Entry]]:
        """The history of several cases, by id."""
        with reading(self.engine) as connection:
            return board.entries_of(connection, alert_ids)

    def notifications(self, alert_id: str) -> list[NotificationRow]:
        """Everything that was or will be told of a case, the oldest first."""
        with reading(self.engine) as connection:
            return board.notifications(connection, alert_id)

    def changes_since(self, number: int, limit: int = 1000) -> list[Change]:
        """What changed after a change, in order."""
        with reading(self.engine) as connection:
            return board.changes_since(connection, number, limit)

    def newest_change(self) -> int:
        """The number of the newest change; 0 where nothing ever happened."""
        with reading(self.engine) as connection:
            return board.newest_change(connection)

    def history(self, scope: Scope, since: datetime, until: datetime) -> list[CaseRow]:
        """Cases that were raised from one moment until before another; no drills."""
        with reading(self.engine) as connection:
            return board.history(connection, scope, since, until)

    def act(
        self,
        alert_id: str,
        act: Act,
        key: str | None = None,
        with_it: Callable[[Connection, Acted], None] = lambda *_: None,
    ) -> Acted:
        """Do an act, with all that follows from it, in one transaction.

        Args:
            alert_id: The case.
            act: What is done, by whom and when.
            key: Of the request: the same request is not done twice.
            with_it: What else belongs to the transaction, such as a line of the audit; it is called
                with what became of the act, done or refused.
        """
        with changing(self.engine) as connection:
            acted = act_on(connection, self.planner, alert_id, act, key=key)
            with_it(connection, acted)
        self.bell.ring()
        return acted

    def move(self, alert_id: str, unit: str, now: datetime) -> Acted:
        """The patient has moved: the case follows, and the new unit is asked anew."""
        with changing(self.engine) as connection:
            acted = moving.move(connection, self.planner, alert_id, unit, now)
        self.bell.ring()
        return acted

    def drill(
        self,
        unit: str,
        severity: Severity,
        by: str,
        now: datetime,
        with_it: Callable[[Connection], None] = _nothing,
    ) -> str:
        """Raise an alert that is none, to see who answers; marked everywhere, counted nowhere."""
        with changing(self.engine) as connection:
            alert_id = drills.start(connection, self.planner, drills.Drill(unit, severity, by), now)
            with_it(connection)
        self.bell.ring()
        return alert_id

    def silence(self, wish: Wish, with_it: Callable[[Connection], None] = _nothing) -> int:
        """Keep a silence; gives its number.

        Raises:
            RoutesError: Its match has a key or a value that no match has.
            ValueError: It has no end after its beginning.
        """
        with changing(self.engine) as connection:
            number = silencing.silence(connection, wish)
            with_it(connection)
        return number

    def end_silence(
        self,
        number: int,
        by: str,
        now: datetime,
        with_it: Callable[[Connection], None] = _nothing,
    ) -> bool:
        """End a silence now; False where it is over already."""
        with changing(self.engine) as connection:
            ended = silencing.end_silence(connection, number, by, now)
            with_it(connection)
        return ended

    def silences(self, now: datetime) -> list[Silence]:
        """The silences that have not ended."""
        with reading(self.engine) as connection:
            return silencing.silences(connection, now)

    def cover(
        self,
        schedule: str,
        override: Override,
        by: str,
        with_it: Callable[[Connection], None] = _nothing,
    ) -> int:
        """Somebody has a schedule's duty instead; gives the number.

        Raises:
            ValueError: It has no end after its beginning.
        """
        with changing(self.engine) as connection:
            number = silencing.cover(connection, schedule, override, by)
            with_it(connection)
        return number

    def end_cover(
        self, number: int, now: datetime, with_it: Callable[[Connection], None] = _nothing
    ) -> bool:
        """End it now; False where it is over already."""
        with changing(self.engine) as connection:
            ended = silencing.end_cover(connection, number, now)
            with_it(connection)
        return ended

    def covers(self, now: datetime) -> list[Cover]:
        """Who stands in for whom, now or later."""
        with reading(self.engine) as connection:
            return silencing.covers(connection, now)
