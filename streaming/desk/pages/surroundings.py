"""What stands around a case on a page: the patient, the bed, the line of 24 hours, colleagues.

Here: asking the picture and the accounts, once for a whole board. Not here: the picture itself, or
what a row makes of it (rows.py).
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select

from streaming.desk.accounts.tables import PEOPLE
from streaming.desk.case_rows import CaseRow
from streaming.desk.desk import Desk
from streaming.desk.pages.rows import Around
from streaming.desk.picture.picture import Picture
from streaming.desk.picture.views import Location
from streaming.desk.store.writing import reading

Key = tuple[str | None, str]
_LOGGER: Final = logging.getLogger(__name__)


def colleagues(desk: Desk) -> Mapping[str, str]:
    """How everybody with an account is called, by the name of the account."""
    with reading(desk.engine) as connection:
        rows = connection.execute(select(PEOPLE.c.name, PEOPLE.c.display)).all()
    return {row.name: row.display for row in rows}


def surroundings(desk: Desk, cases: Iterable[CaseRow], now: datetime) -> Mapping[str, Around]:
    """What is known around each case, by alert id."""
    cases = list(cases)
    names, picture = colleagues(desk), picture_of(desk)
    keys = keys_of(cases)
    if picture is None or not keys:
        return {case.alert_id: Around(names=names) for case in cases}
    try:
        return _known(picture, cases, names, now)
    except Exception as error:
        # An alert without a name is still an alert: the board outlives what stands around it.
        _LOGGER.exception("no picture", exc_info=False, extra={"kind": type(error).__name__})
        return {case.alert_id: Around(names=names, is_lost=True) for case in cases}


def _known(
    picture: Picture, cases: list[CaseRow], names: Mapping[str, str], now: datetime
) -> Mapping[str, Around]:
    keys = keys_of(cases)
    known = picture.identities(keys, now)
    places = picture.locations(keys, now)
    lines = picture.sparkline(keys, now)
    return {
        case.alert_id: Around(known.get(at), bed_of(places.get(at)), lines.get(at, ()), names)
        for case in cases
        for at in [(case.facility, case.patient_id or "")]
    }


def picture_of(desk: Desk) -> Picture | None:
    """The picture of the lake; None where this process keeps none up."""
    return getattr(desk, "picture", None)


def place_of(place: Location | None) -> str | None:
    """Unit, room and bed in words."""
    unit = place.unit if place else None
    return " · ".join(filter(None, (unit, bed_of(place)))) or None


def bed_of(place: Location | None) -> str | None:
    """Room and bed in words; the unit stands beside them."""
    if place is None:
        return None
    bed = f"Bed {place.bed}" if place.bed else None
    room = f"Room {place.room}" if place.room and place.room != place.bed else None
    return ", ".join(filter(None, (room, bed))) or None


def keys_of(cases: Iterable[CaseRow]) -> list[Key]:
    """The patients of cases, each once."""
    found = ((case.facility, case.patient_id) for case in cases)
    return list(dict.fromkeys((f, p) for f, p in found if f is not None and p is not None))


def audited_of(cases: Iterable[CaseRow]) -> list[str]:
    """The same, as the audit writes them."""
    return [f"{facility}/{patient}" for facility, patient in keys_of(cases)]
