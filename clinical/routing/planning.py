"""Who gets an alert, in which order, and when: the plan.

Here: `plan`, pure; time and what is known are arguments. Not here: the parts of the answer
(matching.py, hiding.py, capping.py, schedules.py), or who took it (clinical/alerts).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

from clinical.routing.asked import Asked
from clinical.routing.capping import target
from clinical.routing.hiding import hidden
from clinical.routing.matching import answering, labels_of
from clinical.routing.routes import Node, Routes
from clinical.routing.schedules import quiet_until
from clinical.routing.subject import Plan, Situation, Step, Subject, Target

NOTHING_BESIDE = Situation()

# When a step comes, whom it tells, and who would be asked next.
_Due = tuple[timedelta, str, str | None]


def plan(
    routes: Routes,
    subject: Subject,
    now: datetime,
    situation: Situation = NOTHING_BESIDE,
    since: datetime | None = None,
) -> Plan:
    """The plan of an alert that asks.

    Each step's people are those who have the duty when it comes, caps as they stand now.

    Args:
        routes: Who is told of what.
        subject: The alert.
        now: When it is planned.
        situation: What is known beside it.
        since: From when its steps count; now where None. Earlier where a case that asks already is
            planned again: worse, or in another unit.
    """
    labels = labels_of(routes, subject, now)
    asked = Asked(routes, subject, now, situation, now if since is None else since, labels)
    paths = answering(routes.root, labels)
    leaves = [path[-1] for path in paths]
    path = tuple(dict.fromkeys(node.name for nodes in paths for node in nodes))
    repeat = min(routes.chains[node.chain].repeat for node in leaves)
    hides = hidden(asked, _group(leaves))
    if hides is not None and hides.verdict != "grouped":
        return Plan((), hides.verdict, hides.why, path, repeat, hides.until, hides.by)
    steps = _steps(asked, leaves)
    if hides is not None:
        joined = (replace(steps[0], targets=()), *steps[1:])
        return Plan(joined, "grouped", hides.why, path, repeat, None, hides.by)
    why = f"route {_and(node.name for node in leaves)}, chain {_and(node.chain for node in leaves)}"
    return Plan(steps, "notify", why, path, repeat)


def _and(words: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(words))


def _group(leaves: Sequence[Node]) -> timedelta:
    """The shortest grouping of several routes; none where one of them has none."""
    return min(node.group or timedelta(0) for node in leaves)


def _steps(asked: Asked, leaves: Sequence[Node]) -> tuple[Step, ...]:
    due = sorted((one for node in leaves for one in _due(asked, node)), key=itemgetter(0))
    return tuple(
        Step(number, after, _targets(asked, roles))
        for number, (after, roles) in enumerate(groupby(due, key=itemgetter(0)))
    )


def _due(asked: Asked, node: Node) -> Iterator[_Due]:
    """What a route's chain asks for, put off to the end of quiet hours that a step falls into.

    What comes after a step that waits comes as much later, so that each still has time to answer.
    """
    links, late = asked.routes.chains[node.chain].links, timedelta(0)
    for place, link in enumerate(links):
        following = links[place + 1].tell[0] if place + 1 < len(links) else None
        late += _wait(asked, node, link.after + late)
        for role in link.tell:
            yield link.after + late, role, following


def _wait(asked: Asked, node: Node, after: timedelta) -> timedelta:
    """How long a step waits for the end of quiet hours; a critical alert never does."""
    quiet, severity = asked.routes.quiet.get(node.quiet or ""), asked.subject.severity
    if quiet is None or severity not in quiet.severities or severity == "critical":
        return timedelta(0)
    ends = quiet_until(quiet, asked.comes_at(after), asked.routes.zone)
    return timedelta(0) if ends is None else ends - asked.since - after


def _targets(asked: Asked, due: Iterable[_Due]) -> tuple[Target, ...]:
    """Whom a step tells: nobody twice."""
    found = (target(asked, role, after, following) for after, role, following in due)
    return tuple({(one.person or one.role, one.receivers): one for one in found}.values())
