"""A routes file read: its text in, routes that hold together out.

Here: text to values, with the line and the nearest key in what is refused. Not here: whether what
the file names is there (checking.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from clinical.routing import written as w
from clinical.routing.checking import hold_together
from clinical.routing.errors import RoutesError, nearest
from clinical.routing.reading import Written, read
from clinical.routing.routes import (
    Chain,
    Inhibition,
    Link,
    Match,
    Node,
    Override,
    Person,
    Quiet,
    Receiver,
    Role,
    Rotation,
    Routes,
    Schedule,
    Weekday,
)

_DAYS: tuple[str, ...] = get_args(Weekday)
_EVERY_DAY = frozenset(range(7))
_Shape = TypeVar("_Shape", bound=BaseModel)
_From = TypeVar("_From")
_To = TypeVar("_To")


def parse(text: str) -> Routes:
    """Read a routes file.

    Raises:
        RoutesError: What is wrong, in one line: line, place, what, and how to mend it.
    """
    file = read(text)
    routes = _routes(_held_against(w.WrittenRoutes, {} if file.value is None else file.value, file))
    hold_together(routes, file)
    return routes


def match_of(values: Mapping[str, object]) -> Match:
    """A match from plain values, as a silence keeps it.

    Raises:
        RoutesError: A key or a value that no match has.
    """
    return _match(_held_against(w.WrittenMatch, values, Written(values)))


def _held_against(shape: type[_Shape], value: object, file: Written) -> _Shape:
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        # A misspelt key is also a missing one: the spelling is what to mend.
        fault = next((one for one in faults if one["type"] == "extra_forbidden"), faults[0])
        raise RoutesError(_told(fault, shape, file)) from None


def _told(fault: ErrorDetails, shape: type[BaseModel], file: Written) -> str:
    """A fault of the file in one line."""
    place = tuple(part for part in fault["loc"] if part != "[key]")
    path = _path(place)
    at = f"line {file.line(path)}, `{path or 'routes'}`"
    match fault["type"]:
        case "extra_forbidden":
            return f"{at}: unknown key{nearest(str(place[-1]), w.keys_at(place[:-1], shape))}"
        case "model_type" | "dict_type":
            return f"{at}: there must be keys with their values here"
        case "missing":
            return f"{at}: this key is missing"
        case "literal_error":
            known = fault["ctx"]["expected"].replace("'", "`")
            return f"{at}: it must be one of {known}"
        case _:
            told = fault["msg"].removeprefix("Value error, ")
            return f"{at}: {told[:1].lower()}{told[1:]}"


def _path(place: Sequence[int | str]) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return "".join(parts).removeprefix(".")


def _routes(said: w.WrittenRoutes) -> Routes:
    return Routes(
        zone=said.zone,
        shifts=said.shifts,
        receivers=_named(said.receivers, _receiver),
        people=_named(said.people, Person),
        schedules=_named(said.schedules, lambda name, one: _schedule(name, one, said.zone)),
        roles=_named(said.roles, _role),
        chains=_named(said.chains, _chain),
        quiet=_named(said.quiet, _quiet),
        inhibit=tuple(map(_inhibition, said.inhibit)),
        root=_node(said.route, "route", None),
    )


def _named(said: dict[str, _From], made: Callable[[str, _From], _To]) -> dict[str, _To]:
    return {name: made(name, one) for name, one in said.items()}


def _receiver(name: str, said: w.WrittenReceiver) -> Receiver:
    options = said.model_extra or {}
    rest = (said.address, said.fallback, said.fallback_after)
    return Receiver(name, said.kind, options, *rest)


def _schedule(name: str, said: w.WrittenSchedule, zone: ZoneInfo) -> Schedule:
    own = said.zone or zone
    overrides = (
        Override(one.person, _in_utc(one.begins, own), _in_utc(one.ends, own))
        for one in said.overrides
    )
    return Schedule(name, own, tuple(map(_rotation, said.rotations)), tuple(overrides))


def _in_utc(at: datetime, zone: ZoneInfo) -> datetime:
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _rotation(said: w.WrittenRotation) -> Rotation:
    days = frozenset(map(_DAYS.index, said.weekdays)) if said.weekdays else _EVERY_DAY
    return Rotation(tuple(said.people), said.starts, said.days, said.begins, said.ends, days)


def _role(name: str, said: w.WrittenRole) -> Role:
    return Role(name, tuple(said.receivers), said.schedule, said.units, said.pages, said.overflow)


def _chain(name: str, said: w.WrittenChain) -> Chain:
    return Chain(name, tuple(Link(tuple(one.tell), one.after) for one in said.steps), said.repeat)


def _quiet(name: str, said: w.WrittenQuiet) -> Quiet:
    return Quiet(name, said.begins, said.ends, frozenset(said.severities))


def _inhibition(said: w.WrittenInhibition) -> Inhibition:
    return Inhibition(_match(said.source), _match(said.target), said.within)


def _match(said: w.WrittenMatch) -> Match:
    return Match(
        unit=tuple(said.unit or ()),
        severity=tuple(said.severity or ()),
        family=tuple(said.family or ()),
        rule=tuple(said.rule or ()),
        role=tuple(said.role or ()),
        shift=tuple(said.shift or ()),
        weekday=tuple(said.weekday or ()),
        technical=said.technical,
        drill=said.drill,
    )


def _node(said: w.WrittenNode, place: str, parent: Node | None) -> Node:
    node = Node(
        name=said.name or place,
        match=_match(said.match),
        chain=said.chain or (parent.chain if parent else ""),
        quiet=said.quiet or (parent.quiet if parent else None),
        group=_inherited(said.group, parent),
        goes_on=said.goes_on,
    )
    children = (
        _node(one, f"{place}.routes[{number}]", node) for number, one in enumerate(said.routes)
    )
    return replace(node, children=tuple(children))


def _inherited(group: timedelta | None, parent: Node | None) -> timedelta | None:
    return group if group is not None or parent is None else parent.group
