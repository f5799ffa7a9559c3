"""Questions to the store about cases: what is open, how many, what happened since.

Here: reading. Not here: acting on cases (acting.py), or how they look (pages/).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, true, tuple_

from streaming.desk.case_rows import CaseRow, Change, Entry, NotificationRow, case_of
from streaming.desk.scopes import Scope
from streaming.desk.store.counting import ENTRY_NUMBERS, newest
from streaming.desk.store.models import CASES, ENTRIES, NOTIFICATIONS

_ENTRY: Final = tuple(ENTRIES.c[name] for name in Entry.__slots__)
_NOTIFICATION: Final = tuple(NOTIFICATIONS.c[name] for name in NotificationRow.__slots__)
# The board's order, worst first: severity, untaken before taken, the oldest first.
_PLACE: Final = (CASES.c.taken, CASES.c.raised_at, CASES.c.alert_id)
_ORDER: Final = (CASES.c.rank.desc(), *_PLACE)


def open_cases(
    connection: Connection, scope: Scope, unit: str | None, limit: int, after: str | None
) -> list[CaseRow]:
    """Open cases, worst first; `after` names the case that the page before ended with."""
    wanted = [CASES.c.is_open, _within(scope)]
    if unit is not None:
        wanted.append(or_(CASES.c.unit == unit, CASES.c.technical))
    if after is not None:
        wanted.append(_beyond(connection, after))
    wanted_rows = select(CASES).where(*wanted).order_by(*_ORDER).limit(limit)
    rows = connection.execute(wanted_rows).mappings()
    return [case_of(row) for row in rows]


def counts(connection: Connection, scope: Scope) -> dict[str | None, dict[str, int]]:
    """Open cases by unit and severity; drills are not counted."""
    groups = (CASES.c.unit, CASES.c.severity)
    rows: Iterable[Any] = connection.execute(
        select(*groups, func.count())
        .where(CASES.c.is_open, CASES.c.drill.is_(False), _within(scope))
        .group_by(*groups)
    )
    found: dict[str | None, dict[str, int]] = {}
    for unit, severity, count in rows:
        found.setdefault(unit, {})[severity] = count
    return found


def one(connection: Connection, alert_id: str) -> CaseRow | None:
    """A case by its id."""
    found = connection.execute(select(CASES).where(CASES.c.alert_id == alert_id))
    row = found.mappings().one_or_none()
    return None if row is None else case_of(row)


def several(connection: Connection, alert_ids: Sequence[str]) -> dict[str, CaseRow]:
    """Cases by their ids, open and closed; those that are not there are left out."""
    rows = connection.execute(select(CASES).where(CASES.c.alert_id.in_(alert_ids)))
    return {row["alert_id"]: case_of(row) for row in rows.mappings()}


def of_patient(
    connection: Connection,
    patient: tuple[str, Sequence[str]],
    since: datetime | None,
    limit: int,
) -> list[CaseRow]:
    """A patient's cases, open and closed, the newest first; `patient`: facility, identifiers."""
    facility, patient_ids = patient
    wanted = [CASES.c.facility == facility, CASES.c.patient_id.in_(patient_ids)]
    if since is not None:
        wanted.append(CASES.c.raised_at >= since)
    newest = select(CASES).where(*wanted).order_by(CASES.c.raised_at.desc()).limit(limit)
    return [case_of(row) for row in connection.execute(newest).mappings()]


def entries(connection: Connection, alert_id: str) -> list[Entry]:
    """A case's history, the oldest first."""
    rows = connection.execute(
        select(*_ENTRY).where(ENTRIES.c.alert_id == alert_id).order_by(ENTRIES.c.number)
    )
    return [Entry(**row) for row in rows.mappings()]


def entries_of(connection: Connection, alert_ids: Sequence[str]) -> Mapping[str, list[Entry]]:
    """The history of several cases."""
    rows = connection.execute(
        select(*_ENTRY).where(ENTRIES.c.alert_id.in_(alert_ids)).order_by(ENTRIES.c.number)
    )
    found: dict[str, list[Entry]] = {}
    for row in rows.mappings():
        found.setdefault(row["alert_id"], []).append(Entry(**row))
    return found


def notifications(connection: Connection, alert_id: str) -> list[NotificationRow]:
    """Everything that was or will be told of a case, the oldest first."""
    mine = NOTIFICATIONS.c.alert_id == alert_id
    rows = connection.execute(select(*_NOTIFICATION).where(mine).order_by(NOTIFICATIONS.c.number))
    return [NotificationRow(**row) for row in rows.mappings()]


def changes_since(connection: Connection, number: int, limit: int) -> list[Change]:
    """What changed after a change; a case that moved changed on both units."""
    rows = connection.execute(
        select(ENTRIES).where(ENTRIES.c.number > number).order_by(ENTRIES.c.number).limit(limit)
    )
    found = []
    for row in rows:
        units = dict.fromkeys((row.unit_before or row.unit, row.unit))
        found += [Change(row.number, row.alert_id, unit, row.at) for unit in units]
    return found


def newest_change(connection: Connection) -> int:
    """The number of the newest change; 0 where nothing ever happened."""
    return newest(connection, ENTRY_NUMBERS)


def history(
    connection: Connection, scope: Scope, since: datetime, until: datetime
) -> list[CaseRow]:
    """Cases that were raised from one moment until before another; no drills."""
    raised = and_(CASES.c.raised_at >= since, CASES.c.raised_at < until)
    wanted = (raised, CASES.c.drill.is_(False), _within(scope))
    rows = connection.execute(select(CASES).where(*wanted).order_by(CASES.c.raised_at))
    return [case_of(row) for row in rows.mappings()]


def _within(scope: Scope) -> ColumnElement[bool]:
    """Of the scope's units; a patient whose unit nobody knows is in everyone's who has a unit."""
    if scope.units is None:
        return true()
    if not scope.units:
        return CASES.c.technical
    return or_(CASES.c.unit.in_(sorted(scope.units)), CASES.c.unit.is_(None), CASES.c.technical)


def _beyond(connection: Connection, alert_id: str) -> ColumnElement[bool]:
    """What the board shows below a case."""
    place = (CASES.c.rank, *_PLACE)
    found = connection.execute(select(*place).where(CASES.c.alert_id == alert_id)).one_or_none()
    if found is None:
        return true()
    lower = CASES.c.rank < found.rank
    # Without types the values would be bound as what they are, not as they are stored.
    here = tuple_(*found[1:], types=[column.type for column in _PLACE])
    return or_(lower, and_(CASES.c.rank == found.rank, tuple_(*_PLACE) > here))
