"""One event of a visit as the law of places reads it, and the order of events.

Here: the event, its place, and the order in which things happened. Not here: what follows.

Things happened in the order of their own times; of one moment, what was written down later comes
later. When a message arrived plays no part, so that late, repeated and shuffled messages settle to
one line.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self

from clinical.encounters.vocabulary import CANCELS, PLACING, RANK

TIMES = ("event_at", "documented_at", "received_at", "admitted_at", "discharged_at")
# What is read of encounter events, beside whose they are.
READ = (
    *("event", *TIMES, "patient_class", "unit", "room", "bed"),
    *("prior_unit", "prior_room", "prior_bed"),
)


class Place(NamedTuple):
    """A point of care with room and bed, as sent."""

    unit: str | None
    room: str | None = None
    bed: str | None = None

    @property
    def is_partial(self) -> bool:
        """Whether it names a unit and no more."""
        return self.room is None and self.bed is None


class Told(NamedTuple):
    """An event: when it happened and was written down (microseconds UTC), where, and from where."""

    event: str
    at: int
    written: int
    place: Place | None = None
    prior: Place | None = None
    patient_class: str | None = None
    admitted_at: int | None = None
    discharged_at: int | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The event of a row of `encounter_events`, whose times are times or microseconds."""
        return cls.read([_plain(row.get(name)) for name in READ])

    @classmethod
    def read(cls, values: Sequence[Any]) -> Self:
        """The event of the columns READ, times as microseconds."""
        event, event_at, documented_at, received_at, admitted_at, discharged_at = values[:6]
        patient_class, unit, room, bed, prior_unit, prior_room, prior_bed = values[6:]
        happened = event_at if event_at is not None else documented_at
        happened = happened if happened is not None else received_at or 0
        written = happened if documented_at is None else documented_at
        place = Place(unit, room, bed) if unit or room or bed else None
        prior = Place(prior_unit, prior_room, prior_bed)
        prior_place = prior if prior_unit or prior_room or prior_bed else None
        told = (event or "", happened, written, place, prior_place)
        return cls(*told, patient_class, admitted_at, discharged_at)

    @property
    def is_cancel(self) -> bool:
        """Whether it takes something back."""
        return self.event in CANCELS


def in_order(told: Iterable[Told]) -> list[Told]:
    """Events that bear on where a visit is, as they happened, each once."""
    known = {one for one in told if one.event in PLACING}
    return sorted(known, key=_order)


_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


def _plain(value: object) -> object:
    """A time as microseconds; what says nothing as nothing."""
    if isinstance(value, datetime):
        return (value - _BEGIN) // timedelta(microseconds=1)
    return None if value == "" else value


def _order(one: Told) -> tuple[object, ...]:
    return (
        one.at,
        one.written,
        RANK.get(one.event, len(RANK)),
        one.event,
        *_text(one.place),
        *_text(one.prior),
        one.patient_class or "",
        one.admitted_at or 0,
        one.discharged_at or 0,
    )


def _text(place: Place | None) -> tuple[str, str, str]:
    unit, room, bed = place or (None, None, None)
    return unit or "", room or "", bed or ""
