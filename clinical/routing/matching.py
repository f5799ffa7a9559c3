"""Which routes answer an alert: a tree, in which the first match wins unless it goes on.

Here: the walk through the tree, and what matches. Not here: who is told then (planning.py).

A node whose children all pass answers itself, so that the root answers whatever nobody else does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from fnmatch import fnmatchcase
from typing import get_args

from clinical.routing.routes import Match, Node, Routes, Weekday
from clinical.routing.schedules import shift
from clinical.routing.subject import Subject

_DAYS: tuple[str, ...] = get_args(Weekday)
Labels = Mapping[str, str | bool]
_KEYS = tuple(item.name for item in fields(Match))


def answering(root: Node, labels: Labels) -> tuple[tuple[Node, ...], ...]:
    """The nodes that answer an alert, each with those above it; there is always one."""
    return tuple(_answering(root, labels))


def _answering(node: Node, labels: Labels) -> Iterator[tuple[Node, ...]]:
    found = False
    for child in node.children:
        if not meets(child.match, labels):
            continue
        found = True
        for path in _answering(child, labels):
            yield (node, *path)
        if not child.goes_on:
            return
    if not found:
        yield (node,)


def labels_of(routes: Routes, subject: Subject, at: datetime) -> Labels:
    """What a match asks of an alert, by the keys of a match."""
    return {
        **still_labels(subject),
        "shift": shift(routes, at)[0],
        "weekday": _DAYS[at.astimezone(routes.zone).weekday()],
    }


def still_labels(subject: Subject) -> Labels:
    """What of the labels does not depend on the time."""
    return {
        "unit": subject.unit or "",
        "severity": subject.severity,
        "family": subject.rule_family,
        "rule": subject.rule,
        "role": subject.route,
        "technical": subject.technical,
        "drill": subject.drill,
    }


def meets(match: Match, labels: Labels) -> bool:
    """Whether every key that a match names is met by one of its values."""
    return all(_is_met(getattr(match, key), labels.get(key)) for key in _KEYS)


def _is_met(asked: tuple[str, ...] | bool | None, found: str | bool | None) -> bool:
    if asked is None or asked == ():
        return True
    if isinstance(asked, bool):
        return asked == found
    return any(fnmatchcase(str(found), pattern) for pattern in asked)
