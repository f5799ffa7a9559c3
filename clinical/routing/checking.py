"""Whether a routes file holds together: what it names is there, and every alert reaches somebody.

Here: what makes a file unusable. Not here: what is only unwise (findings.py).

That every alert reaches somebody follows from the shapes: the root answers what no other node does,
a chain has a step, a step tells a role, and a role has a receiver.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import pairwise

from clinical.routing.errors import RoutesError, nearest
from clinical.routing.reading import Written
from clinical.routing.routes import PASSIVE, Chain, Match, Node, Rotation, Routes, Schedule

# Faster, and the same people would be told again before they could answer.
SHORTEST_REPEAT = timedelta(minutes=1)

# Where, and what is wrong there.
Fault = tuple[str, str]


def hold_together(routes: Routes, file: Written) -> None:
    """Refuse routes that do not hold together.

    Raises:
        RoutesError: The first fault, in one line.
    """
    for check in _CHECKS:
        for place, told in check(routes):
            msg = f"line {file.line(place)}, `{place}`: {told}"
            raise RoutesError(msg)


def _known(place: str, word: str, what: str, known: Iterable[str]) -> Iterator[Fault]:
    listed = list(known)
    if word not in listed:
        yield place, f"there is no {what} `{word}`{nearest(word, listed)}"


def _receivers(routes: Routes) -> Iterator[Fault]:
    for name, receiver in routes.receivers.items():
        if receiver.kind in PASSIVE:
            for key in receiver.options:
                yield (
                    f"receivers.{name}.{key}",
                    f"a receiver of kind {receiver.kind} has no options",
                )
        if receiver.fallback is None:
            continue
        place = f"receivers.{name}.fallback"
        yield from _known(place, receiver.fallback, "receiver", routes.receivers)
        if name in _after(routes, receiver.fallback):
            yield place, "its fallbacks lead back to itself"


def _after(routes: Routes, name: str) -> list[str]:
    """A receiver and the fallbacks after it, each once."""
    led: list[str] = []
    following: str | None = name
    while following is not None and following in routes.receivers and following not in led:
        led.append(following)
        following = routes.receivers[following].fallback
    return led


def _people(routes: Routes) -> Iterator[Fault]:
    for name, person in routes.people.items():
        for receiver in person.addresses:
            yield from _known(f"people.{name}.{receiver}", receiver, "receiver", routes.receivers)


def _schedules(routes: Routes) -> Iterator[Fault]:
    for name, schedule in routes.schedules.items():
        for number, rotation in enumerate(schedule.rotations):
            place = f"schedules.{name}.rotations[{number}].people"
            yield from _of_people(place, rotation, routes)
        yield from _overrides(f"schedules.{name}.overrides", schedule, routes)


def _of_people(place: str, rotation: Rotation, routes: Routes) -> Iterator[Fault]:
    for number, person in enumerate(rotation.people):
        yield from _known(f"{place}[{number}]", person, "person", routes.people)


def _overrides(place: str, schedule: Schedule, routes: Routes) -> Iterator[Fault]:
    for number, override in enumerate(schedule.overrides):
        yield from _known(f"{place}[{number}].person", override.person, "person", routes.people)
        if override.begins_at >= override.ends_at:
            yield f"{place}[{number}].ends", "it ends before it begins"


def _roles(routes: Routes) -> Iterator[Fault]:
    for name, role in routes.roles.items():
        place = f"roles.{name}"
        for number, receiver in enumerate(role.receivers):
            at = f"{place}.receivers[{number}]"
            yield from _known(at, receiver, "receiver", routes.receivers)
        if role.schedule is not None:
            yield from _known(f"{place}.schedule", role.schedule, "schedule", routes.schedules)
        for unit, schedule in role.units.items():
            yield from _known(f"{place}.units.{unit}", schedule, "schedule", routes.schedules)
        if role.overflow is not None:
            yield from _known(f"{place}.overflow", role.overflow, "role", routes.roles)
            if role.pages is None:
                yield f"{place}.overflow", "it overflows never: `pages` is missing"


def _chains(routes: Routes) -> Iterator[Fault]:
    for name, chain in routes.chains.items():
        place = f"chains.{name}"
        for number, link in enumerate(chain.links):
            for role in link.tell:
                yield from _known(f"{place}.steps[{number}].tell", role, "role", routes.roles)
        yield from _times(place, chain)


def _times(place: str, chain: Chain) -> Iterator[Fault]:
    if chain.links[0].after:
        yield f"{place}.steps[0].after", "the first step comes at once; quiet hours are in `quiet`"
    for number, (before, link) in enumerate(pairwise(chain.links), 1):
        if link.after <= before.after:
            yield f"{place}.steps[{number}].after", "it must come later than the step before it"
    if chain.repeat < SHORTEST_REPEAT:
        yield f"{place}.repeat", "an alert that nobody takes is told again after 1m at the soonest"


def _quiet(routes: Routes) -> Iterator[Fault]:
    for name, quiet in routes.quiet.items():
        if "critical" in quiet.severities:
            yield f"quiet.{name}.severities", "critical alerts do not wait"
        if quiet.begins == quiet.ends:
            yield f"quiet.{name}.ends", "it would be quiet all day: begin and end must differ"


def _shifts(routes: Routes) -> Iterator[Fault]:
    if not routes.shifts:
        yield "shifts", "there must be one"
    if len(set(routes.shifts.values())) < len(routes.shifts):
        yield "shifts", "two shifts begin at the same time"


def _tree(routes: Routes) -> Iterator[Fault]:
    if routes.root.match != Match():
        yield "route.match", "the root answers every alert that no other route does: no match here"
    if routes.root.goes_on:
        yield "route.continue", "there is nothing beside the root to go on with"
    yield from _nodes(routes.root, "route", routes)


def _nodes(node: Node, place: str, routes: Routes) -> Iterator[Fault]:
    if not node.chain:
        yield place, "the key `chain` is missing: the root names one, and others inherit it"
    yield from _known(f"{place}.chain", node.chain, "chain", routes.chains)
    if node.quiet is not None:
        yield from _known(f"{place}.quiet", node.quiet, "quiet", routes.quiet)
    for number, name in enumerate(node.match.shift):
        yield from _known(f"{place}.match.shift[{number}]", name, "shift", routes.shifts)
    for number, child in enumerate(node.children):
        yield from _nodes(child, f"{place}.routes[{number}]", routes)


_CHECKS: tuple[Callable[[Routes], Iterator[Fault]], ...] = (
    _receivers,
    _people,
    _schedules,
    _roles,
    _chains,
    _quiet,
    _shifts,
    _tree,
)
