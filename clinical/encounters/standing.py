"""Which events of a visit still stand: cancellations carried out.

Here: which event a cancellation takes back. Not here: where the visit was (timeline.py).

A cancellation is about the event of its kind that has its very time: EVN-6 of both is when the
cancelled thing happened. Of several such, that of its place goes before others, and what was
written down before the cancellation before what was written later. Where no event has that time
the cancellation takes back the latest of its kind before it that no other one took back, like a
closing bracket. Whichever of the two comes first to us, the result is one.

A cancelled transfer names the place that the patient never went to (PV1-6, and some senders repeat
the transfer's own PV1-3): if the visit was never sent to either, the cancellation waits.

A visit of which nothing was heard but that it was not left, or not moved, is where that says: such
cancellations stand as updates. A visit whose every admission was taken back did not happen until
the last taking back was written.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from clinical.encounters.told import Place, Told
from clinical.encounters.vocabulary import (
    CANCELS,
    DELETE,
    OPENINGS,
    PLANS,
    STAYS,
    UPDATE,
)

_Moment = tuple[str, int, Place | None]


class _Bracket(NamedTuple):
    at: int
    closes: bool
    event: str
    place: Place | None
    prior: Place | None = None


def standing(events: Sequence[Told]) -> list[Told]:
    """The events that stand, of events in order."""
    if all(one.event in STAYS for one in events):
        return [one._replace(event=UPDATE) for one in events]
    cancels = [one for one in events if one.is_cancel]
    kept = [one for one in events if not one.is_cancel]
    if cancels:
        kept = _uncancelled(kept, cancels)
        kept = _happened(kept, cancels)
    deleted = max((one.written for one in events if one.event == DELETE), default=None)
    return [
        one for one in kept if one.event != DELETE and (deleted is None or one.written > deleted)
    ]


def _uncancelled(events: list[Told], cancels: Sequence[Told]) -> list[Told]:
    exactly = [(cancel, _exactly(cancel, events)) for cancel in cancels]
    gone = {one for _, found in exactly for one in found}
    events = [one for one in events if one not in gone]
    unmatched = [
        cancel for cancel, found in exactly if not found and not _is_elsewhere(cancel, events)
    ]
    for kind in CANCELS:
        mine = [cancel for cancel in unmatched if cancel.event == kind]
        if mine:
            taken = _nested([one for one in events if one.event in CANCELS[kind]], mine)
            events = [one for one in events if (one.event, one.at, one.place) not in taken]
    return events


def _exactly(cancel: Told, events: Iterable[Told]) -> list[Told]:
    """The events that a cancellation is about, told by their time."""
    found = [
        one
        for one in events
        if one.at == cancel.at and one.event in CANCELS[cancel.event] and _may_be(cancel, one)
    ]
    best = min((_distance(cancel, one) for one in found), default=None)
    return [one for one in found if _distance(cancel, one) == best]


def _may_be(cancel: Told, one: Told) -> bool:
    named = cancel.event == "cancel_transfer" and cancel.prior and one.place
    return not named or one.place in (cancel.prior, cancel.place)


def _distance(cancel: Told, one: Told) -> tuple[bool, bool]:
    meant = cancel.prior if cancel.event == "cancel_transfer" and cancel.prior else cancel.place
    return one.place != meant, one.written > cancel.written


def _is_elsewhere(cancel: Told, events: Iterable[Told]) -> bool:
    """Whether a cancelled transfer names places to which the visit had not been sent by then."""
    if cancel.event != "cancel_transfer" or not cancel.prior:
        return False
    sent = (one.place for one in events if one.event == "transfer" and one.at <= cancel.at)
    return not any(place in (None, cancel.prior, cancel.place) for place in sent)


def _nested(events: Iterable[Told], cancels: Iterable[Told]) -> set[_Moment]:
    """The events that cancellations close like brackets; an event or cancellation counts once."""
    opened = {_Bracket(one.at, False, one.event, one.place) for one in events}
    closed = {_Bracket(one.at, True, one.event, one.place, one.prior) for one in cancels}
    taken: set[_Moment] = set()
    still_open: list[_Bracket] = []
    for bracket in sorted(opened | closed, key=_order):
        if not bracket.closes:
            still_open.append(bracket)
        elif still_open:
            found = still_open.pop()
            taken.add((found.event, found.at, found.place))
    return taken


def _order(one: _Bracket) -> tuple[int, bool, str, *tuple[str, ...]]:
    return (one.at, one.closes, one.event, *((part or "") for part in one.place or ("", "", "")))


def _happened(events: list[Told], cancels: Iterable[Told]) -> list[Told]:
    last = max((one.written for one in cancels if one.event == "cancel_admit"), default=None)
    if last is None:
        return events
    begun = min((one.at for one in events if one.event in OPENINGS), default=None)
    return [
        one
        for one in events
        if one.event in PLANS or one.at > last or (begun is not None and one.at >= begun)
    ]
