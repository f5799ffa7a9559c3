"""What a page shows, as values: a person, a reading, a trend, a row of the board.

Here: shapes. Not here: how they come about (rows.py, readings.py, trends.py) or look (templates/).
"""

from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import quote

from clinical.detection.finding import Severity


@dataclass(frozen=True, slots=True)
class Person:
    """A patient by two identifiers or more; what is None is not known, and is shown so."""

    name: str | None
    born: date | None
    age: str | None
    sex: str | None
    identifiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """One value an alert rests on. `href` leads to the message that brought it."""

    label: str
    value: str
    unit: str
    at: datetime | None
    points: int | None = None
    stale: bool = False
    missing: bool = False
    href: str | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A score with the readings it was made of; without a label, readings that no score took."""

    label: str
    value: str
    note: str
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """A line of 24 hours, in the units of an 88 by 36 drawing; `told` says it in words."""

    points: str
    end_x: float
    end_y: float
    newest: str
    marks: tuple[float, ...]
    told: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Who has an alert. `also` is what else must be known of it."""

    said: str
    since: datetime | None = None
    also: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One alert on the board. `order` sorts rows as text, worst first; ties go by the alert."""

    alert_id: str
    key: str
    order: str
    severity: Severity
    level: str
    title: str
    unit: str | None
    bed: str | None
    place: str | None
    person: Person | None
    patient_href: str | None
    readings: tuple[Reading, ...]
    missing: tuple[str, ...]
    trend: Trend | None
    standing: Standing
    untaken: bool
    taken: bool
    owner: str | None
    offered_to: str | None
    raised_at: datetime
    next_at: datetime | None
    next_told: tuple[str, ...]
    annotations: tuple[str, ...]
    drill: bool
    technical: bool

    @property
    def href(self) -> str:
        """The page of the alert."""
        return f"/alerts/{quote(self.alert_id, safe='')}"

    @property
    def spoken(self) -> str:
        """The row in a breath, without a name: what a screen reader says of a new alert."""
        told = (self.level, "drill" if self.drill else "", self.title, self.place or "")
        return ", ".join((*filter(None, told), self.standing.said))


@dataclass(frozen=True, slots=True)
class Level:
    """How many alerts of a severity are open."""

    severity: Severity
    level: str
    number: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many are open by severity, worst first. `urgent`: critical and high."""

    levels: tuple[Level, ...]

    @property
    def urgent(self) -> int:
        """Of the two worst severities together."""
        return sum(one.number for one in self.levels[:2])

    @property
    def total(self) -> int:
        """All of them."""
        return sum(one.number for one in self.levels)
