"""Where a visit was, from when to when.

Here: the line of places of one visit, and what is known of the visit as a whole. Not here: which
events still stand (standing.py), whose visit it is (identities.py).

- An admission, a registration, a move, an arrival, a swap of beds, a change of class and a return
  say where the patient is from then on; the same place again is nothing new.
- An update that names another place says where the patient is then, unless the latest move before
  it was written down only after it: it did not know of the move. It opens nothing, except a visit
  of which no move was ever heard (inferred). One that names a unit alone means the bed known there.
- A discharge ends the stay. Of several in a row the one written down last counts. What moves the
  patient after a discharge begins a new stay; updates do not.
  The visit was discharged when it says itself (PV1-45), which may be before the bed was left.
  One that was written down after every move that is dated after it ends the visit all the same,
  when it was written; not where it only corrects a discharge that was known before those moves.
- Leave is a stay with the status `leave` at the place that is kept.
- A visit first heard of by a move or a discharge lay, from the admission that the message tells
  (PV1-44), at the place that it came from: inferred.
- Of several events of one moment the last counts; pending moves and plans say nothing of a place.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from clinical.encounters.standing import standing
from clinical.encounters.told import Place, Told, in_order
from clinical.encounters.vocabulary import (
    AWAY,
    DISCHARGE,
    INFERRED,
    LEAVE,
    MOVES,
    OCCUPIED,
    OPENINGS,
    PLANS,
    UPDATE,
)


class Stay(NamedTuple):
    """A visit at one place: [begins, ends), microseconds UTC; `ends` is None while it lasts."""

    begins: int
    ends: int | None
    place: Place | None
    patient_class: str | None
    status: str
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class Visit:
    """What is known of a visit: its stays, and whether it is planned, current, over or void."""

    stays: Sequence[Stay]
    status: str
    patient_class: str | None
    admitted_at: int | None
    discharged_at: int | None


class _Moment(NamedTuple):
    at: int
    event: str
    place: Place | None
    status: str
    patient_class: str | None


def visit(told: Iterable[Told]) -> Visit:
    """A visit out of its events, in any order, repeated or not."""
    events = in_order(told)
    stood = standing(events)
    line = _aware([one for one in stood if one.event not in PLANS])
    line = _discharged_once(_ended(line))
    is_planned = any(one.event in PLANS for one in stood)
    line = _placed(line, is_planned)
    stays = _inferred(line) + _stays(line)
    classes = [one.patient_class for one in line if one.patient_class]
    over = line[-1] if line and line[-1].event == DISCHARGE else None
    return Visit(
        stays,
        _status(line, stays, is_planned, bool(events)),
        classes[-1] if classes else None,
        _admitted(line, stays),
        over.discharged_at or over.at if over else None,
    )


def _aware(line: Sequence[Told]) -> list[Told]:
    """Without the updates that did not know of a move before them."""
    kept, moved = [], None
    for one in line:
        if one.event in MOVES or one.event == DISCHARGE:
            moved = one.written
        elif one.event == UPDATE and moved is not None and moved > one.written:
            continue
        kept.append(one)
    return kept


def _ended(line: Sequence[Told]) -> list[Told]:
    """With the last discharges after the moves that they knew of, though dated before them."""
    places = [place for place, one in enumerate(line) if one.event == DISCHARGE]
    tail = line[places[-1] + 1 :] if places else []
    moved = [one.written for one in tail if one.event in MOVES]
    if not moved:
        return list(line)
    last_move = max((n for n in range(places[-1]) if line[n].event in MOVES), default=-1)
    mine = [line[place] for place in places if place > last_move]
    if min(one.written for one in mine) <= max(moved):
        return list(line)
    late = [
        one._replace(at=max(one.at, one.written), discharged_at=one.discharged_at or one.at)
        for one in sorted(mine, key=lambda one: one.written)
    ]
    return [*(one for n, one in enumerate(line) if n <= last_move or n not in places), *late]


def _discharged_once(line: Sequence[Told]) -> list[Told]:
    """With one discharge of several that no move parts: the one written down last."""
    moves, best = 0, dict[int, int]()
    for number, one in enumerate(line):
        moves += one.event in MOVES
        if one.event == DISCHARGE:
            before = best.get(moves)
            if before is None or line[before].written <= one.written:
                best[moves] = number
    chosen = set(best.values())
    return [one for at, one in enumerate(line) if one.event != DISCHARGE or at in chosen]


def _placed(line: Sequence[Told], is_planned: bool) -> list[Told]:
    """Without updates and leave of a visit that is not begun, or over."""
    has_moves = any(one.event in MOVES for one in line)
    is_open, kept = not has_moves and not is_planned, []
    for one in line:
        if one.event in (UPDATE, LEAVE) and not is_open:
            continue
        is_open = one.event != DISCHARGE and (is_open or one.event in MOVES)
        kept.append(one)
    return kept


def _inferred(line: Sequence[Told]) -> list[Stay]:
    """The stay before the first that was heard of."""
    first = line[0] if line else None
    if first is None or first.admitted_at is None or first.admitted_at >= first.at:
        return []
    if first.event in OPENINGS or first.event in (UPDATE, LEAVE):
        return []
    place = first.place if first.event == DISCHARGE else first.prior
    if place is None:
        return []
    told = (first.admitted_at, first.at, place, first.patient_class, INFERRED, first.event)
    return [Stay(*told)]


def _stays(line: Sequence[Told]) -> list[Stay]:
    usual = OCCUPIED if any(one.event in MOVES for one in line) else INFERRED
    stays: list[Stay] = []
    segment: list[Told] = []
    known: str | None = None
    for one in line:
        if one.event != DISCHARGE:
            segment.append(one)
            continue
        stays += _laid(_moments(segment, usual, known), one)
        known = next((e.patient_class for e in reversed([*segment, one]) if e.patient_class), known)
        segment = []
    return stays + _laid(_moments(segment, usual, known), None)


def _moments(segment: Sequence[Told], usual: str, known: str | None) -> list[_Moment]:
    """Where the patient is after each event between two discharges; one per moment."""
    found: dict[int, _Moment] = {}
    whole = place = None
    status = usual
    for one in segment:
        if one.place is not None:
            is_partial = one.event == UPDATE and one.place.is_partial
            is_known = is_partial and whole is not None and whole.unit == one.place.unit
            place = whole if is_known else one.place
            whole = whole if is_partial else one.place
        if one.event != UPDATE:
            status = AWAY if one.event == LEAVE else usual
        known = one.patient_class or known
        found[one.at] = _Moment(one.at, one.event, place, status, known)
    return list(found.values())


def _laid(moments: Sequence[_Moment], end: Told | None) -> list[Stay]:
    moments = [one for one in moments if end is None or one.at < end.at]
    begins = [
        place for place, one in enumerate(moments) if not place or _differs(one, moments[place - 1])
    ]
    stays = []
    for low, high in pairwise([*begins, len(moments)]):
        first, last = moments[low], moments[high - 1]
        then = moments[high] if high < len(moments) else end
        ends, by = (then.at, then.event) if then else (None, None)
        stays.append(Stay(first.at, ends, first.place, last.patient_class, first.status, by))
    return stays


def _differs(one: _Moment, before: _Moment) -> bool:
    return (one.place, one.status) != (before.place, before.status)


def _admitted(line: Sequence[Told], stays: Sequence[Stay]) -> int | None:
    begun = [one.at for one in line if one.event in OPENINGS]
    told = [one.admitted_at for one in line if one.admitted_at is not None]
    if begun:
        return min(begun)
    return told[-1] if told else next((stay.begins for stay in stays), None)


def _status(line: Sequence[Told], stays: Sequence[Stay], is_planned: bool, was_heard: bool) -> str:
    if line and line[-1].event == DISCHARGE:
        return "discharged"
    if stays:
        return "leave" if stays[-1].status == AWAY else "current"
    if is_planned:
        return "planned"
    return "cancelled" if was_heard else "unknown"
