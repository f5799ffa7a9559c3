"""One event of a visit as the law of places reads it, and the order of events.

Here: the event, its place, and the order in which things happened. Not here: what follows.

Things happened in the order of their own times; of one moment, what was written down later comes
later. When a message arrived plays no part, so that late, repeated and shuffled messages settle to
one line.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self

from clinical.encounters.vocabulary import CANCELS, PLACING, RANK


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

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The event of a row of `encounter_events`, whose times are times or microseconds."""
        at, written, received = (_microseconds(row.get(name)) for name in _TIMES)
        happened = next((one for one in (at, written, received) if one is not None), 0)
        return cls(
            row["event"] or "",
            happened,
            happened if written is None else written,
            _place(row, ""),
            _place(row, "prior_"),
            row["patient_class"],
            _microseconds(row["admitted_at"]),
        )

    @property
    def is_cancel(self) -> bool:
        """Whether it takes something back."""
        return self.event in CANCELS


def in_order(told: Iterable[Told]) -> list[Told]:
    """Events that bear on where a visit is, as they happened, each once."""
    known = {one for one in told if one.event in PLACING}
    return sorted(known, key=_order)


_TIMES = ("event_at", "documented_at", "received_at")
_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


def _microseconds(at: datetime | int | None) -> int | None:
    return (at - _BEGIN) // timedelta(microseconds=1) if isinstance(at, datetime) else at


def _place(row: Mapping[str, Any], which: str) -> Place | None:
    parts = (row.get(f"{which}{part}") for part in Place._fields)
    place = Place(*(part or None for part in parts))
    return place if any(place) else None


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
    )


def _text(place: Place | None) -> tuple[str, str, str]:
    unit, room, bed = place or (None, None, None)
    return unit or "", room or "", bed or ""
