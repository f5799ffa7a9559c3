"""What is unwise in routes that hold together: who would not be paged, and what can never happen.

Here: findings, each a sentence that says what to look at. Not here: what makes a file unusable
(checking.py).
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Literal

from clinical.detection.critical import LIMITS
from clinical.detection.effects import UNIT
from clinical.detection.manifest import CRITICAL, CRITICAL_RESULT, MANIFESTS
from clinical.detection.rules import FAMILIES
from clinical.routing.errors import nearest
from clinical.routing.routes import ADDRESSED, PASSIVE, Chain, Match, Node, Routes
from clinical.routing.schedules import gaps, people_of

Level = Literal["problem", "note"]
# So far ahead a schedule should be filled.
AHEAD = timedelta(days=28)

# What alerts are called by, so that a misspelt name in a match is found.
KNOWN_FAMILIES = frozenset(
    {family.name for family in FAMILIES} - {CRITICAL_RESULT}
    | {f"{CRITICAL}{one}" for one in LIMITS}
)
KNOWN_RULES = frozenset(band.rule for family in FAMILIES for band in family.bands.values())
KNOWN_ROLES = frozenset(
    {effect.route for one in MANIFESTS.values() for effect in one.context.values() if effect.route}
    | {UNIT}
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at. A *problem* may keep an alert from people; a *note* does not."""

    level: Level
    place: str
    told: str


def findings(routes: Routes, now: datetime) -> list[Finding]:
    """Everything that is unwise; the weeks after `now` are those whose schedules are looked at."""
    return [*(one for check in _CHECKS for one in check(routes)), *_unfilled(routes, now)]


def nodes(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield node
    for child in node.children:
        yield from nodes(child)


def _nobody_is_paged(routes: Routes) -> Iterator[Finding]:
    used = sorted({node.chain for node in nodes(routes.root)})
    silent = [name for name in used if not _reaches(routes, routes.chains[name])]
    if silent:
        told = "where nobody is on duty, no one is paged who does not look at the board"
        yield Finding("problem", f"chains {', '.join(silent)}", told)


def _reaches(routes: Routes, chain: Chain) -> bool:
    """Whether a chain has a role whose own receivers page."""
    told = {role for link in chain.links for role in link.tell}
    return any(_pages(routes, routes.roles[role].receivers) for role in told)


def _pages(routes: Routes, receivers: Iterable[str]) -> bool:
    return any(routes.receivers[name].kind not in PASSIVE for name in receivers)


def _unknown_words(routes: Routes) -> Iterator[Finding]:
    for place, match in _matches(routes):
        # Technical alarms have kinds of their own.
        if not match.technical:
            yield from _unknown(f"{place}.family", match.family, KNOWN_FAMILIES)
            yield from _unknown(f"{place}.rule", match.rule, KNOWN_RULES)
            yield from _unknown(f"{place}.role", match.role, KNOWN_ROLES)


def _matches(routes: Routes) -> Iterator[tuple[str, Match]]:
    for node in nodes(routes.root):
        yield f"{node.name}, match", node.match
    for number, rule in enumerate(routes.inhibit):
        yield f"inhibit[{number}].source", rule.source
        yield f"inhibit[{number}].target", rule.target


def _unknown(place: str, words: Iterable[str], known: Collection[str]) -> Iterator[Finding]:
    for word in words:
        if not any(fnmatchcase(one, word) for one in known):
            told = f"no alert is called `{word}`, so that this never matches{nearest(word, known)}"
            yield Finding("problem", place, told)


def _never_reached(routes: Routes) -> Iterator[Finding]:
    for node in nodes(routes.root):
        taken: str | None = None
        for child in node.children:
            if taken is not None:
                told = f"it is never reached: `{taken}` before it takes every alert"
                yield Finding("problem", child.name, told)
            elif child.match == Match() and not child.goes_on:
                taken = child.name
        if node.children and node.children[-1].goes_on:
            told = "`continue` goes on to the routes after it, and there is none"
            yield Finding("note", node.children[-1].name, told)


def _unused(routes: Routes) -> Iterator[Finding]:
    tree = list(nodes(routes.root))
    asked = {role for chain in routes.chains.values() for link in chain.links for role in link.tell}
    roles = asked | {role.overflow for role in routes.roles.values()}
    held = {name for one in routes.roles.values() for name in (one.schedule, *one.units.values())}
    duties = frozenset().union(*map(people_of, routes.schedules.values()))
    roads = {
        *(name for role in routes.roles.values() for name in role.receivers),
        *(name for person in routes.people.values() for name in person.addresses),
        *(receiver.fallback for receiver in routes.receivers.values()),
    }
    yield from _without("chains", routes.chains, {node.chain for node in tree})
    yield from _without("quiet", routes.quiet, {node.quiet for node in tree})
    yield from _without("roles", routes.roles, roles)
    yield from _without("schedules", routes.schedules, held)
    yield from _without("people", routes.people, duties)
    yield from _without("receivers", routes.receivers, roads)


def _without(
    section: str, defined: Collection[str], used: Collection[str | None]
) -> Iterator[Finding]:
    for name in defined:
        if name not in used:
            yield Finding("note", f"{section}.{name}", "nothing uses it")


def _people_without_a_road(routes: Routes) -> Iterator[Finding]:
    for role in routes.roles.values():
        for name in filter(None, (role.schedule, *role.units.values())):
            for person in sorted(people_of(routes.schedules[name])):
                own = tuple(routes.people[person].addresses) or role.receivers
                if not _pages(routes, own):
                    told = f"as {role.name}, who is not looking at the board is not told"
                    yield Finding("problem", f"people.{person}", told)


def _without_an_address(routes: Routes) -> Iterator[Finding]:
    """Roads that lead nowhere: for a role, or for a person, their fallbacks as well."""
    told = "there is no address: give the person one, or the receiver its own `address`"
    for role in routes.roles.values():
        for name in _with_fallbacks(routes, role.receivers):
            if _leads_nowhere(routes, None, name):
                yield Finding("problem", f"roles.{role.name}, receiver {name}", told)
    for person in routes.people.values():
        for name in _with_fallbacks(routes, person.addresses):
            if _leads_nowhere(routes, person.name, name):
                yield Finding("problem", f"people.{person.name}, receiver {name}", told)


def _leads_nowhere(routes: Routes, person: str | None, receiver: str) -> bool:
    is_addressed = routes.receivers[receiver].kind in ADDRESSED
    return is_addressed and routes.address(person, receiver) is None


def _with_fallbacks(routes: Routes, receivers: Iterable[str]) -> list[str]:
    found: list[str] = []
    for name in receivers:
        following: str | None = name
        while following is not None and following not in found:
            found.append(following)
            following = routes.receivers[following].fallback
    return found


def _overflows_to_nobody(routes: Routes) -> Iterator[Finding]:
    """Caps whose further pages would only be shown."""
    for name, role in routes.roles.items():
        if role.pages is None:
            continue
        for taker in {role.overflow} if role.overflow else _asked_after(routes, name):
            if not _pages(routes, routes.roles[taker].receivers):
                told = (
                    f"what overflows goes to {taker}, who is not told without looking at the board"
                )
                yield Finding("problem", f"roles.{name}", told)


def _asked_after(routes: Routes, name: str) -> set[str]:
    """The roles that chains ask next after a role."""
    pairs = (pair for chain in routes.chains.values() for pair in pairwise(chain.links))
    return {later.tell[0] for link, later in pairs if name in link.tell}


def _unfilled(routes: Routes, now: datetime) -> Iterator[Finding]:
    """Hours of the coming weeks in which nobody has a duty that a schedule gives."""
    for name, schedule in routes.schedules.items():
        hours = list(gaps(schedule, now, now + AHEAD))
        if hours:
            first = hours[0].astimezone(schedule.zone)
            told = (
                f"nobody has it in {len(hours)} hours of the coming {AHEAD.days} days, first on"
                f" {first:%Y-%m-%d %H:%M %Z}: the role's own receivers are told then"
            )
            yield Finding("note", f"schedules.{name}", told)


_CHECKS: tuple[Callable[[Routes], Iterator[Finding]], ...] = (
    _nobody_is_paged,
    _people_without_a_road,
    _without_an_address,
    _overflows_to_nobody,
    _unknown_words,
    _never_reached,
    _unused,
)
