"""The states of a nightly job on its way out of the night, as literal tables.

Here: which event leads from which state to which, which gates each step needs, and what a red
safety gate does. Pure: state and event in, state out. Not here: how gates are computed (gates.py),
or who decided what and when (ledger.py).

    LEGACY -> SHADOW -> DUAL_RUN -> CUTOVER -> RETIRED

A hold or a red safety gate leads to HOLD, in which the nightly job serves; a rollback leads from
CUTOVER or RETIRED to DUAL_RUN, in which it serves as well.
"""

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where a job stands; in all but CUTOVER and RETIRED the nightly job serves its readers."""

    LEGACY = "LEGACY"
    SHADOW = "SHADOW"
    DUAL_RUN = "DUAL_RUN"
    CUTOVER = "CUTOVER"
    RETIRED = "RETIRED"
    HOLD = "HOLD"
    KEPT_IN_BATCH = "KEPT_IN_BATCH"


class Event(StrEnum):
    """What an entry of the ledger says has happened."""

    DECLARED = "declared"
    KEPT = "kept"
    PROMOTED = "promoted"
    DEMOTED = "demoted"
    HELD = "held"
    RESUMED = "resumed"
    ROLLED_BACK = "rolled_back"
    ATTESTED = "attested"
    REHEARSED = "rehearsed"


# What changes a state. A job that is held begins again in the shadow: its gates are looked at anew.
MOVES: Mapping[tuple[State | None, Event], State] = {
    (None, Event.DECLARED): State.LEGACY,
    (None, Event.KEPT): State.KEPT_IN_BATCH,
    (State.LEGACY, Event.PROMOTED): State.SHADOW,
    (State.SHADOW, Event.PROMOTED): State.DUAL_RUN,
    (State.DUAL_RUN, Event.PROMOTED): State.CUTOVER,
    (State.CUTOVER, Event.PROMOTED): State.RETIRED,
    (State.SHADOW, Event.HELD): State.HOLD,
    (State.DUAL_RUN, Event.HELD): State.HOLD,
    (State.HOLD, Event.RESUMED): State.SHADOW,
    # In SHADOW nobody sees the stream's rows: a red gate only keeps the job there. A retired job's
    # extract has stopped, and nothing would be left to serve: there a red gate is shown, and a
    # person decides.
    (State.DUAL_RUN, Event.DEMOTED): State.HOLD,
    (State.CUTOVER, Event.DEMOTED): State.HOLD,
    (State.CUTOVER, Event.ROLLED_BACK): State.DUAL_RUN,
    (State.RETIRED, Event.ROLLED_BACK): State.DUAL_RUN,
}

# What is written down without moving the job.
REMARKS: Mapping[Event, frozenset[State]] = {
    Event.ATTESTED: frozenset(State) - {State.KEPT_IN_BATCH},
    Event.REHEARSED: frozenset({State.SHADOW, State.DUAL_RUN, State.CUTOVER}),
}

GATES: Mapping[State, tuple[str, ...]] = {
    State.SHADOW: ("G1", "G2", "G3", "G4", "G5"),
    State.DUAL_RUN: ("G6", "G7", "G8", "G9", "G10", "G11", "G12"),
    State.CUTOVER: ("G13", "G14", "G15", "G16"),
    State.RETIRED: ("G17", "G18", "G19", "G20", "G21"),
}

# A red one of these takes the stream out of its readers' sight by itself.
SAFETY: tuple[str, ...] = ("G4", "G8", "G11")
SERVED_BY_STREAM: frozenset[State] = frozenset({State.CUTOVER, State.RETIRED})
# The nightly schedule of a job stops when it is retired, and only then.
UNSCHEDULED: frozenset[State] = frozenset({State.RETIRED})


def after(state: State | None, event: Event) -> State | None:
    """The state after an event; None where the event cannot happen in this state."""
    if state is not None and state in REMARKS.get(event, ()):
        return state
    return MOVES.get((state, event))


def next_of(state: State) -> State | None:
    """The state that a promotion leads to; None where there is none."""
    return MOVES.get((state, Event.PROMOTED))


def needed(target: State) -> tuple[str, ...]:
    """The gates that a promotion to a state needs: its own, and those of every step before it."""
    gates: tuple[str, ...] = ()
    for state, own in GATES.items():
        gates += own
        if state is target:
            return gates
    return ()


def possible(state: State) -> tuple[Event, ...]:
    """What can happen to a job in this state, in the order in which people would think of it."""
    return tuple(event for event in Event if after(state, event) is not None)
