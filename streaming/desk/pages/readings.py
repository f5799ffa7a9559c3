"""What an alert rests on, as a person reads it: scores, their inputs, what was not measured.

Here: evidence rows of an alert as readings and groups. Not here: the rule's text (rules.py).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from clinical.concepts import CONCEPTS
from streaming.desk.pages import naming
from streaming.desk.pages.views import Group, Reading

# The share of its look-back after which a value is marked as old: it still counts, but soon will
# not. A larger one marks what is about to be dropped only; a smaller one marks every chart.
_OLD_AFTER = 0.5
# Values a row of the board has room for.
SHOWN = 5
_WHOLE_FROM = 1000
# `liver (sofa)`, `liver, sofa 24 h before`: which score lacks it is said on the alert's page.
_QUALIFIED = re.compile(r"\s*[,(]")
_SCORE = re.compile(r"^(?P<name>[a-z0-9_]+) \((?P<variant>[^)]+)\)$")

# What a score reads as there or not there, whatever was charted.
_YES_OR_NO = frozenset({"oxygen"})

Evidence = Sequence[Mapping[str, Any]]
# Points of each parameter, by score as evidence names it.
Points = Mapping[str, Mapping[str, int | None]]
NO_POINTS: Points = MappingProxyType({})


def brief(evidence: Evidence, raised_at: datetime) -> tuple[Reading, ...]:
    """The few readings a row shows: scores first, then inputs, each once."""
    scores = [one for one in evidence if _score(one)]
    inputs = [one for one in evidence if not _score(one)]
    once = {naming.short(_name(one)): one for one in reversed([*scores, *inputs])}
    kept = sorted(once.values(), key=[*scores, *inputs].index)
    return tuple(_reading(one, raised_at, naming.short(_name(one))) for one in kept[:SHOWN])


def groups(
    evidence: Evidence, missing: Sequence[str], raised_at: datetime, points: Points = NO_POINTS
) -> tuple[Group, ...]:
    """All of it: each score with what follows it, up to the next score, and what each gave."""
    parts: list[tuple[Mapping[str, Any] | None, list[Reading]]] = []
    for one in evidence:
        if _score(one):
            parts.append((one, []))
        else:
            if not parts:
                parts.append((None, []))
            parts[-1][1].append(_reading(one, raised_at, naming.long(one["name"]), href=_href(one)))
    if missing:
        lacking = [_missing(name) for name in missing]
        parts = parts or [(None, [])]
        parts[0][1].extend(lacking)
    return tuple(_group(score, readings, points) for score, readings in parts)


def not_measured(missing: Sequence[str]) -> tuple[str, ...]:
    """Names of what was not measured, as a ward writes them."""
    names = list(dict.fromkeys(naming.short(_QUALIFIED.split(name)[0]) for name in missing))
    if len(names) <= SHOWN:
        return tuple(names)
    return (*names[: SHOWN - 1], f"and {len(names) - SHOWN + 1} more")


def number(value: float | None) -> str:
    """A value as charted: no more digits than a decision needs."""
    if value is None:
        return "not known"
    return f"{value:.0f}" if abs(value) >= _WHOLE_FROM else f"{value:.4g}"


def _group(score: Mapping[str, Any] | None, readings: list[Reading], points: Points) -> Group:
    if score is None:
        return Group("", "", "", tuple(readings))
    found = _score(score)
    variant = found["variant"] if found else ""
    label = naming.long(_name(score))
    given = points.get(score["name"], {})
    pointed = (replace(one, points=given.get(one.key)) for one in readings)
    return Group(label, number(score["value"]), variant, tuple(pointed))


def _reading(
    one: Mapping[str, Any], raised_at: datetime, label: str, href: str | None = None
) -> Reading:
    return Reading(
        label=label,
        value=_value(one),
        unit=naming.unit(one["unit"]),
        at=(at := when(one["effective_at"])),
        stale=is_old(one["name"], at, raised_at),
        href=href,
        key=one["name"],
    )


def _missing(name: str) -> Reading:
    return Reading(naming.long(name), "", "", None, missing=True, key=name)


def _value(one: Mapping[str, Any]) -> str:
    concept = CONCEPTS.get(one["name"])
    if one["name"] in _YES_OR_NO or (concept and concept.kind == "event"):
        return "yes" if one["value"] else "no"
    if concept and concept.kind == "coded":
        return _answer(concept.name, concept.answers, one["value"])
    return number(one["value"])


def _answer(concept: str, answers: Mapping[str, float], value: float | None) -> str:
    told = [
        naming.answer(concept, name) for name, stands_for in answers.items() if stands_for == value
    ]
    return told[0] if told else number(value)


def when(told: str | datetime | None) -> datetime | None:
    """A time of a stored row: text where it came through the store's JSON."""
    return datetime.fromisoformat(told) if isinstance(told, str) else told


def is_old(name: str, at: datetime | None, seen_at: datetime) -> bool:
    """Whether a value is past half of the time for which it speaks for the patient."""
    concept = CONCEPTS.get(name)
    if at is None or concept is None or concept.lookback_hours is None:
        return False
    return seen_at - at > timedelta(hours=concept.lookback_hours * _OLD_AFTER)


def _name(one: Mapping[str, Any]) -> str:
    found = _score(one)
    return found["name"] if found else one["name"]


def _score(one: Mapping[str, Any]) -> "re.Match[str] | None":
    return _SCORE.match(one["name"])


def _href(one: Mapping[str, Any]) -> str | None:
    if one.get("offset") is None:
        return None
    return f"messages/{quote(one['feed'], safe='')}/{one['partition']}/{one['offset']}"


def places(evidence: Evidence) -> Iterator[tuple[str, int, int]]:
    """Feed, partition and offset of every message an alert rests on."""
    for one in evidence:
        if one.get("offset") is not None:
            yield one["feed"], one["partition"], one["offset"]
