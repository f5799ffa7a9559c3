"""What a page shows of a patient, as plain values.

Here: identity, place, drugs, readings, scores and contexts as the picture gives them. Not here: how
they come about (picture.py and its neighbours), or how they look (streaming/desk/pages).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

# A patient as an alert names him: facility and identifier.
Key = tuple[str | None, str]
Change = Literal["new", "changed", "held", "resumed", "ended"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a patient is: the identifier that stands for him, all of them, and demographics."""

    facility: str | None
    survivor: str
    identifiers: tuple[str, ...]
    name: str | None = None
    birth_date: date | None = None
    sex: str | None = None
    deceased: bool | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """Where a patient is, since when; of the visit that began last."""

    unit: str | None
    room: str | None
    bed: str | None
    status: str
    since: datetime
    encounter_id: str | None
    patient_class: str | None


@dataclass(frozen=True, slots=True)
class Drug:
    """One drug of one order, as it stands, and what changed since the nightly list.

    `was` has, of a change, what the list said. `told_at` is when the message came that says so.
    """

    order_id: str
    drug: str | None
    code: str | None
    route: str | None
    dose: float | None
    dose_unit: str | None
    rate: float | None
    rate_unit: str | None
    started_at: datetime | None
    state: str
    state_since: datetime | None
    ends_at: datetime | None
    told_at: datetime
    feed: str
    partition: int
    offset: int
    row: int
    change: Change | None = None
    was: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MedicationList:
    """The drugs in force or held at a moment, and those of the nightly list that are no more."""

    at: datetime
    as_of: datetime | None
    listed_at: datetime
    drugs: tuple[Drug, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """The newest value of one concept that stands; `before` are those of the last day.

    `value` is in `unit`; `text` stands in its place where it is an answer or no number, then with
    the sender's unit. `sent` is what the sender wrote, in the sender's own unit.
    """

    concept: str
    label: str
    value: float | None
    comparator: str | None
    text: str | None
    unit: str | None
    sent: str | None
    effective_at: datetime
    received_at: datetime
    status: str | None
    is_verified: bool
    is_stale: bool
    abnormal: str | None
    feed: str
    partition: int
    offset: int
    row: int
    before: tuple[tuple[datetime, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """The newest row of one score's variant."""

    score: str
    variant: str
    state: str
    state_reason: str | None
    observed: float | None
    lowest: float | None
    highest: float | None
    missing: tuple[str, ...]
    effective_at: datetime | None
    received_at: datetime
    components: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A context that holds, since when, and the row it rests on."""

    context: str
    meaning: str
    certainty: str
    since: datetime
    feed: str
    partition: int
    offset: int
    row: int
