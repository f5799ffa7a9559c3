"""What a routes file says, as values: receivers, people, schedules, roles, chains and the tree.

Here: the shapes. Not here: reading them (parsing.py), or what they mean for an alert (planning.py).
The words are Alertmanager's: receiver, route, match, continue, inhibit, silence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from clinical.detection.finding import Severity

Kind = Literal[
    "webhook", "email", "apprise", "fhir", "hl7", "pagerduty", "alertmanager", "board", "log"
]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

# These tell nobody who does not look: an alert whose whole chain has only them pages no one.
PASSIVE: frozenset[Kind] = frozenset({"board", "log"})
# These go nowhere without an address.
ADDRESSED: frozenset[Kind] = frozenset({"email"})
# A receiver that has not delivered after so long is helped by its fallback.
FALLBACK_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Receiver:
    """A road to people. `options` are its kind's own; secrets stand in them by where they are.

    `address` is where it goes for a role, and for people who have none of their own there.
    """

    name: str
    kind: Kind
    options: Mapping[str, Any] = field(default_factory=dict)
    address: str | None = None
    fallback: str | None = None
    fallback_after: timedelta = FALLBACK_AFTER


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is told: their receivers, each with their address there (None: needs none)."""

    name: str
    addresses: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Rotation:
    """People who take turns, by the wall clock of the schedule's zone.

    Each turn is `days` long, the first begins on `starts` at `begins`. Within it the person has the
    hours from `begins` to `ends` (the next day's where not later; the whole day where None), of
    days that begin on `weekdays`.
    """

    people: tuple[str, ...]
    starts: date
    days: int
    begins: time
    ends: time | None
    weekdays: frozenset[int]


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody who has it instead, from one moment until another."""

    person: str
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Schedule:
    """Who has a duty when: overrides first (the last named wins), then the first rotation."""

    name: str
    zone: ZoneInfo
    rotations: tuple[Rotation, ...]
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """A duty. `receivers` tell it where nobody is on its schedule, and people without their own.

    `schedule` names who has it, `units` where another schedule does. After `pages` pages in a
    shift, further ones go to the role `overflow`.
    """

    name: str
    receivers: tuple[str, ...]
    schedule: str | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    pages: int | None = None
    overflow: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """One step of a chain: whom to tell (roles), so long after the asking began."""

    tell: tuple[str, ...]
    after: timedelta


@dataclass(frozen=True, slots=True)
class Chain:
    """Who is told, and who next where nobody takes it; the last again after each `repeat`."""

    name: str
    links: tuple[Link, ...]
    repeat: timedelta


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which alerts of some severities wait; never the critical ones."""

    name: str
    begins: time
    ends: time
    severities: frozenset[Severity]


@dataclass(frozen=True, slots=True)
class Match:
    """What an alert has to be: every key that is named, by one of its values; `*` stands for any.

    A patient's alert without a unit has the unit "".
    """

    unit: tuple[str, ...] = ()
    severity: tuple[Severity, ...] = ()
    family: tuple[str, ...] = ()
    rule: tuple[str, ...] = ()
    role: tuple[str, ...] = ()
    shift: tuple[str, ...] = ()
    weekday: tuple[Weekday, ...] = ()
    technical: bool | None = None
    drill: bool | None = None


@dataclass(frozen=True, slots=True)
class Inhibition:
    """An open alert that hides others of the same patient, none of them more severe than itself.

    It hides no more once it was last told `within` so long ago: somebody forgot to close it.
    """

    source: Match
    target: Match
    within: timedelta


@dataclass(frozen=True, slots=True)
class Node:
    """A place in the tree; what it leaves out is its parent's. The root's chain is always named."""

    name: str
    match: Match
    chain: str
    quiet: str | None = None
    group: timedelta | None = None
    goes_on: bool = False
    children: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Routes:
    """A routes file that holds together: whatever it names is there."""

    zone: ZoneInfo
    shifts: Mapping[str, time]
    receivers: Mapping[str, Receiver]
    people: Mapping[str, Person]
    schedules: Mapping[str, Schedule]
    roles: Mapping[str, Role]
    chains: Mapping[str, Chain]
    quiet: Mapping[str, Quiet]
    inhibit: tuple[Inhibition, ...]
    root: Node

    def address(self, person: str | None, receiver: str) -> str | None:
        """The address of a person at a receiver, else the receiver's own; None where none is."""
        known = self.people.get(person) if person else None
        own = known.addresses.get(receiver) if known else None
        return own or self.receivers[receiver].address
