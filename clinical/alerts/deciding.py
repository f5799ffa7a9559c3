"""What an act makes of an alert: the next life, or a refusal with its reason.

Here: `decide`, pure; it interprets table.py. Not here: when an escalation is due (escalation.py).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from clinical.alerts.life import CLOSED, UNTAKEN, Act, Event, Life, rank
from clinical.alerts.reasons import OTHER, REASONS
from clinical.alerts.refusal import Refusal, Why, refused
from clinical.alerts.table import ACTORS, OF_PEOPLE, SNOOZE_LIMIT, TRANSITIONS

# Without effect where the state stays: a second receipt, or the same person's second click.
_IDEMPOTENT: frozenset[Event] = frozenset({"deliver", "read", "acknowledge", "confirm"})
_NEEDS_REASON: frozenset[Event] = frozenset({"decline", "resolve", "retract", "expire"})


def decide(life: Life, act: Act) -> Life | Refusal:
    """The alert after an act, or why the act is refused.

    Times never go back: an act whose clock is behind the alert's counts as done when the alert last
    changed. An act that changes nothing gives the very same life, with its version.

    Args:
        life: The alert as it stands.
        act: What is done to it.
    """
    why = next(_objections(life, act), None)
    if why is not None:
        return refused(why, life, act)
    target = TRANSITIONS[life.state][act.event]
    if target == life.state and act.event in _IDEMPOTENT:
        return life
    at = _not_before(life, act.at)
    after = _EFFECTS.get(act.event, _plain)(life, act, at)
    return replace(after, version=life.version + 1)


def _not_before(life: Life, at: datetime) -> datetime:
    """A moment, but none before what the alert has seen already."""
    return max(at, life.changed_at, life.stepped_at or life.changed_at)


def _objections(life: Life, act: Act) -> Iterator[Why]:
    """Everything that speaks against an act; the first is told."""
    yield from _of_the_actor(act)
    if act.event not in TRANSITIONS[life.state]:
        yield _absent(life, act)
    if ACTORS[act.event] == "owner" and _is_others(life, act):
        yield "taken_by_other"
    if act.event == "resolve" and act.by and life.state in UNTAKEN and life.owner is None:
        yield "not_yet_taken"
    yield from _OF_THE_EVENT.get(act.event, _none)(life, act)
    yield from _of_the_reason(life, act)


def _of_the_actor(act: Act) -> Iterator[Why]:
    if ACTORS[act.event] == "desk" and act.by is not None:
        yield "desk_only"
    nameless = act.by is not None and not act.by.strip()
    if nameless or (act.event in OF_PEOPLE and act.by is None):
        yield "person_missing"


def _absent(life: Life, act: Act) -> Why:
    """Why the table has no such transition."""
    if life.state in CLOSED:
        return "closed"
    if act.event == "escalate":
        return "taken_by_other"
    if act.event == "snooze" and life.state == "snoozed":
        return "same_state"
    if act.event == "wake":
        return "same_state"
    return "already_told" if act.event == "expire" else "not_yet_taken"


def _is_others(life: Life, act: Act) -> bool:
    """Whether somebody else has the case; what is handed over may be taken by anyone."""
    if life.state == "handed_over" and act.event in {"acknowledge", "confirm"}:
        return False
    return act.by is not None and life.owner not in {None, act.by}


def _of_the_reason(life: Life, act: Act) -> Iterator[Why]:
    others = act.event == "unacknowledge" and life.owner != act.by
    if not (act.reason or "").strip():
        if act.event in _NEEDS_REASON or others:
            yield "reason_missing"
    elif act.by is not None and act.event in REASONS:
        if act.reason not in REASONS[act.event]:
            yield "reason_unknown"
        if act.reason == OTHER and not (act.note or "").strip():
            yield "reason_missing"


def _none(_life: Life, _act: Act) -> Iterator[Why]:
    return iter(())


def _of_hand_over(_life: Life, act: Act) -> Iterator[Why]:
    if not (act.to or "").strip():
        yield "nobody_named"
    if act.to == act.by:
        yield "to_self"


def _of_snooze(life: Life, act: Act) -> Iterator[Why]:
    at = _not_before(life, act.at)
    if act.until is None or act.until <= at:
        yield "no_end"
    elif act.until - at > SNOOZE_LIMIT[life.severity]:
        yield "too_long"


def _of_wake(life: Life, act: Act) -> Iterator[Why]:
    if life.snoozed_until is not None and act.at < life.snoozed_until:
        yield "not_yet"


def _of_expiry(life: Life, _act: Act) -> Iterator[Why]:
    if life.asking:
        yield "already_told"


_OF_THE_EVENT: Mapping[Event, Callable[[Life, Act], Iterator[Why]]] = {
    "hand_over": _of_hand_over,
    "snooze": _of_snooze,
    "wake": _of_wake,
    "expire": _of_expiry,
}


def _plain(life: Life, act: Act, at: datetime) -> Life:
    """A change of state alone; none where the state stays."""
    target = TRANSITIONS[life.state][act.event]
    return life if target == life.state else replace(life, state=target, changed_at=at)


def _taken(life: Life, act: Act, at: datetime) -> Life:
    """Somebody has it from now on; who had it before keeps the time at which they took it."""
    return replace(
        _plain(life, act, at),
        owner=act.by,
        taken_at=life.taken_at if life.owner == act.by else at,
        offered_to=None,
        snoozed_until=None,
        acknowledged_at=life.acknowledged_at or at,
    )


def _confirmed(life: Life, act: Act, at: datetime) -> Life:
    return replace(_taken(life, act, at), verdict="confirmed")


def _closed(life: Life, act: Act, at: datetime) -> Life:
    closed = replace(_plain(life, act, at), offered_to=None, snoozed_until=None)
    return closed if act.by is None else replace(closed, owner=act.by)


def _declined(life: Life, act: Act, at: datetime) -> Life:
    first = life.acknowledged_at or at
    return replace(_closed(life, act, at), verdict="declined", acknowledged_at=first)


def _asked_anew(life: Life, act: Act, at: datetime) -> Life:
    return replace(
        _plain(life, act, at),
        asked_at=at,
        asking=life.asking + 1,
        step=0,
        stepped_at=None,
        owner=None,
        taken_at=None,
        offered_to=None,
        snoozed_until=None,
    )


def _handed_over(life: Life, act: Act, at: datetime) -> Life:
    asked = _asked_anew(life, act, at)
    return replace(
        asked, owner=life.owner, taken_at=life.taken_at, offered_to=act.to, changed_at=at
    )


def _snoozed(life: Life, act: Act, at: datetime) -> Life:
    return replace(_plain(life, act, at), snoozed_until=act.until)


def _escalated(life: Life, act: Act, at: datetime) -> Life:
    return replace(_plain(life, act, at), step=life.step + 1, stepped_at=at)


def _worsened(life: Life, act: Act, at: datetime) -> Life:
    """Worse: it asks anew whoever has it, and a snooze ends. The severity never falls.

    Where nobody has taken it, the clock of the escalation runs on and its steps stay taken: who was
    asked is told again, and what is worse is never told later than what was better.
    """
    worse = replace(life, severity=max(life.severity, act.severity or life.severity, key=rank))
    if life.is_taken:
        return _asked_anew(worse, act, at)
    return replace(_plain(worse, act, at), asking=life.asking + 1)


_EFFECTS: Mapping[Event, Callable[[Life, Act, datetime], Life]] = {
    "acknowledge": _taken,
    "confirm": _confirmed,
    "unacknowledge": _asked_anew,
    "wake": _asked_anew,
    "hand_over": _handed_over,
    "snooze": _snoozed,
    "worsen": _worsened,
    "escalate": _escalated,
    "decline": _declined,
    "resolve": _closed,
    "retract": _closed,
    "expire": _closed,
}
