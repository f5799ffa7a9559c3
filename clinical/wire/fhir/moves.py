"""The places of an Encounter as moves.

Here: where the patient was from each time on that a place of the Encounter begins. Not here: what
a place is called (encounters.py), or what else happened to the visit.

An Encounter lists ward, room and bed as entries of their own; a bed that changes within a ward
leaves the ward as it was. Entries without a time stand for where the patient is now.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

Level = Literal["unit", "room", "bed"]
_GONE = frozenset({"completed"})


class Stop(NamedTuple):
    """One entry of the list: what it is called, and from when until when, in microseconds."""

    name: str | None
    level: Level
    status: str | None = None
    begin: int | None = None
    end: int | None = None


class Place(NamedTuple):
    """Where a patient is."""

    unit: str | None = None
    room: str | None = None
    bed: str | None = None


NOWHERE = Place()


class Move(NamedTuple):
    """Where a patient is from a time on, and where before."""

    to: Place = NOWHERE
    before: Place = NOWHERE
    at: int | None = None


def moves(stops: Sequence[Stop]) -> list[Move]:
    """The moves of a visit, oldest first; the last one is where the patient was seen last."""
    if len(stops) == 1:
        return [Move(_place(stops), NOWHERE, stops[0].begin)]
    begins = sorted({stop.begin for stop in stops if stop.begin is not None})
    if not begins:
        return [_undated(stops)] if stops else []
    found: list[Move] = []
    for at in begins:
        place = _place([stop for stop in stops if _holds(stop, at)])
        before = found[-1].to if found else NOWHERE
        if place != before:
            found.append(Move(place, before, at))
    return found


def _undated(stops: Sequence[Stop]) -> Move:
    past = [stop for stop in stops if stop.status in _GONE]
    current = [stop for stop in stops if stop.status not in _GONE]
    if not current:
        past, current = past[:-1], past[-1:]
    return Move(_place(current), Place(unit=_place(past).unit))


def _holds(stop: Stop, at: int) -> bool:
    """Whether a place was held at a time; one without a beginning is held from the first on."""
    begun = stop.begin is None or stop.begin <= at
    return begun and (stop.end is None or stop.end > at or stop.begin == at)


def _place(stops: Sequence[Stop]) -> Place:
    if len(stops) == 1:
        [stop] = stops
        if stop.level == "unit":
            return Place(stop.name)
    in_time = sorted(stops, key=lambda stop: stop.begin or 0)
    named = {stop.level: stop.name for stop in in_time}
    return Place(named.get("unit"), named.get("room"), named.get("bed"))
