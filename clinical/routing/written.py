"""What may stand in a routes file, key by key: the shapes that its text is held against.

Here: keys and their types, as a person writes them. Not here: what they become (routes.py).
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from types import NoneType
from typing import Annotated, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from clinical.detection.finding import Severity
from clinical.routing import words
from clinical.routing.routes import FALLBACK_AFTER, Kind, Weekday

Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Name = Annotated[str, StringConstraints(pattern=r"^[\w.@ -]{1,100}$")]
Text = Annotated[str, StringConstraints(max_length=200)]
Clock = Annotated[time, BeforeValidator(words.clock)]
Day = Annotated[date, BeforeValidator(words.day)]
Duration = Annotated[timedelta, BeforeValidator(words.duration)]
Moment = Annotated[datetime, BeforeValidator(words.moment)]
Zone = Annotated[ZoneInfo, BeforeValidator(words.zone)]
# One word may stand for a list of one.
Names = Annotated[list[Name], BeforeValidator(words.listed), Field(min_length=1)]
Texts = Annotated[list[Text], BeforeValidator(words.listed), Field(min_length=1)]
Severities = Annotated[list[Severity], BeforeValidator(words.listed), Field(min_length=1)]
Weekdays = Annotated[list[Weekday], BeforeValidator(words.listed), Field(min_length=1)]


class Shape(BaseModel):
    """A mapping that holds the keys it has here and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class WrittenReceiver(Shape):
    """A road; its other keys are options of its kind."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: Kind
    address: Word | None = None
    fallback: Name | None = None
    fallback_after: Duration = FALLBACK_AFTER


class WrittenRotation(Shape):
    """A schedule's rotation."""

    people: Names
    starts: Day
    days: int = Field(1, ge=1, le=366)
    begins: Clock = time(0)
    ends: Clock | None = None
    weekdays: Weekdays | None = None


class WrittenOverride(Shape):
    """Somebody who has it instead."""

    person: Name
    begins: Moment
    ends: Moment


class WrittenSchedule(Shape):
    """Who has a duty when."""

    rotations: list[WrittenRotation] = Field(min_length=1)
    overrides: list[WrittenOverride] = []
    zone: Zone | None = None


class WrittenRole(Shape):
    """A duty."""

    receivers: Names
    schedule: Name | None = None
    units: dict[Word, Name] = {}
    pages: int | None = Field(None, ge=1)
    overflow: Name | None = None


class WrittenLink(Shape):
    """A step of a chain."""

    tell: Names
    after: Duration = timedelta(0)


class WrittenChain(Shape):
    """Who is told, and who next."""

    steps: list[WrittenLink] = Field(min_length=1)
    repeat: Duration


class WrittenQuiet(Shape):
    """Hours in which some alerts wait."""

    begins: Clock
    ends: Clock
    severities: Severities


class WrittenMatch(Shape):
    """What an alert has to be."""

    unit: Texts | None = None
    severity: Severities | None = None
    family: Texts | None = None
    rule: Texts | None = None
    role: Texts | None = None
    shift: Texts | None = None
    weekday: Weekdays | None = None
    technical: bool | None = None
    drill: bool | None = None


class WrittenInhibition(Shape):
    """What hides what."""

    source: WrittenMatch
    target: WrittenMatch
    within: Duration = timedelta(hours=12)


class WrittenNode(Shape):
    """A place in the tree."""

    name: Name | None = None
    match: WrittenMatch = WrittenMatch()
    chain: Name | None = None
    quiet: Name | None = None
    group: Duration | None = None
    goes_on: bool = Field(False, alias="continue")
    routes: list["WrittenNode"] = []


class WrittenRoutes(Shape):
    """The whole file."""

    zone: Zone
    shifts: dict[Name, Clock] = {"day": time(7), "night": time(19)}
    receivers: dict[Name, WrittenReceiver] = Field(min_length=1)
    people: dict[Name, dict[Name, Word | None]] = {}
    schedules: dict[Name, WrittenSchedule] = {}
    roles: dict[Name, WrittenRole] = Field(min_length=1)
    chains: dict[Name, WrittenChain] = Field(min_length=1)
    quiet: dict[Name, WrittenQuiet] = {}
    inhibit: list[WrittenInhibition] = []
    route: WrittenNode


def keys_at(place: Sequence[int | str], shape: object = WrittenRoutes) -> list[str]:
    """The keys that may stand at a place, for the nearest to a wrong one."""
    for part in place:
        shape = _inner(shape, part)
    return list(_keys(shape))


def _keys(shape: object) -> Mapping[str, object]:
    """The keys of a mapping's shape, each with the type of what stands there."""
    if not (isinstance(shape, type) and issubclass(shape, Shape)):
        return {}
    return {field.alias or name: field.annotation for name, field in shape.model_fields.items()}


def _inner(shape: object, part: int | str) -> object:
    """The type of what stands at a key of a mapping, or at any place of a list."""
    keys = _keys(shape)
    inner = keys.get(str(part)) if keys else (get_args(shape) or (None,))[-1]
    kinds = [one for one in get_args(inner) if one is not NoneType]
    return kinds[0] if NoneType in get_args(inner) else inner
