"""One set of values, scored by hand, by the law of the stream.

Here: values as typed become the panel that `clinical.scoring.assessment` assesses, rounded and
derived as in a feed. Not here: how a score is shown (score_report.py).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import NoReturn

from clinical.concepts import CONCEPTS, Concept, round_value
from clinical.scores import BY_VARIANT, SCORES
from clinical.scores.definition import Score
from clinical.scoring.assessment import Assessment
from clinical.scoring.inputs import DERIVED, HOURS_IN_CARE, Panel, Reading, derive
from clinical.scoring.plain_laws import assess
from pulsehouse.failure import USAGE, CommandError
from pulsehouse.hand_past import past_of

# All values are of one moment; which one does not matter to a score.
_DAY = date(2000, 1, 1)
_NOW = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
_NO_ROW = ("", 0, 0, 0)
_YES_NO = {"no": 0.0, "yes": 1.0}
# Inputs that can be given outright, though a feed has them only derived, and their like.
_OUTRIGHT: Mapping[str, str] = {"gcs": "gcs_total"}
# As in a feed: 0.2 to 1.0 is a share of 1 (clinical/normalise/measures.py).
_SHARES = (0.2, 1.0)


@dataclass(slots=True)
class Given:
    """Values as readings by input, and what a person should know about them.

    `told` are the same by concept and as typed: scores over a stretch of time do not round.
    """

    readings: dict[str, Reading] = field(default_factory=dict)
    told: dict[str, Reading] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def scores_named(name: str, variant: str | None) -> list[Score]:
    """The variants of a score, or the one that is wanted.

    Raises:
        CommandError: No score or variant has this name; the message offers the nearest.
    """
    # Those for comparison only are given when asked for by name.
    known = SCORES if variant is None else BY_VARIANT.values()
    found = [score for score in known if score.name == name]
    if not found:
        _refuse("score", name, {score.name for score in SCORES})
    wanted = [score for score in found if variant in (None, score.variant)]
    if not wanted:
        _refuse("variant", str(variant), {score.variant for score in found})
    return wanted


def parse(words: Iterable[str]) -> Given:
    """Values from words such as `heart_rate=112`, `consciousness=V`, `oxygen=yes`, `age=71`.

    Raises:
        CommandError: A word is no pair, names no concept or one twice, or has no usable value.
    """
    given = Given()
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not text:
            msg = f"{word!r} is not of the form concept=value, such as heart_rate=80"
            raise CommandError(msg, USAGE)
        if name in given.readings or (name == "age" and "birth_date" in given.readings):
            msg = f"{name} is given twice"
            raise CommandError(msg, USAGE)
        _take(given, name, text)
    return given


def panel_of(given: Given) -> Panel:
    """The panel of all values at one moment, with the inputs that follow from them.

    Raises:
        CommandError: An input that was given outright contradicts what others mean.
    """
    panel = derive(Panel(given.readings, frozenset()), _NOW)
    for name in DERIVED:
        stated = given.readings.get(name)
        rest = Panel(_without(given.readings, name), frozenset())
        derived = derive(rest, _NOW).current.get(name)
        if stated and derived and stated.value != derived.value:
            msg = f"{name} contradicts {derived.concept}; give one of them"
            raise CommandError(msg, USAGE)
    return Panel({**panel.current, **given.readings}, panel.stale)


def score(one: Score, given: Given) -> Assessment:
    """Assess one score on what was given."""
    return assess(one, panel_of(given), _NOW, past_of(given.told))


def unused(wanted: Iterable[Score], given: Given) -> list[str]:
    """Values that none of the scores looks at."""
    used = {"birth_date", "pregnancy"}
    for one in wanted:
        for name in one.depends_on:
            used |= {name, *DERIVED.get(name, ())}
    used |= {typed for typed, meant in _OUTRIGHT.items() if meant in used}
    return [name for name in given.readings if name not in used]


def _without(readings: Mapping[str, Reading], name: str) -> dict[str, Reading]:
    return {key: reading for key, reading in readings.items() if key != name}


def _take(given: Given, name: str, text: str) -> None:
    if name == "oxygen":
        _put(given, name, _answer(name, text, _YES_NO))
    elif name in HOURS_IN_CARE:
        _put(given, name, math.floor(_number(name, text)))
    elif name == "age":
        _put(given, "birth_date", _birth_day(_number(name, text)))
    elif name == "birth_date":
        msg = "give age=YEARS instead of birth_date"
        raise CommandError(msg, USAGE)
    elif (concept := CONCEPTS.get(_OUTRIGHT.get(name, name))) is None or concept.kind == "event":
        known = {one.name for one in CONCEPTS.values() if one.kind != "event"}
        _refuse("concept", name, known | {"oxygen", "gcs", "age", *HOURS_IN_CARE})
    elif concept.answers:
        _put(given, name, _answer(name, text, concept.answers))
        given.told[name] = given.readings[name]
    else:
        value = _measured(given, name, concept, _number(name, text))
        _put(given, name, round_value(value, concept.precision))
        given.told[concept.name] = Reading(concept.name, value, _NOW, _NO_ROW)


def _put(given: Given, name: str, value: float) -> None:
    given.readings[name] = Reading(name, value, _NOW, _NO_ROW)


def _measured(given: Given, name: str, concept: Concept, value: float) -> float:
    if concept.name == "fio2" and _SHARES[0] <= value <= _SHARES[1]:
        value *= 100
    low = -math.inf if concept.plausible_low is None else concept.plausible_low
    high = math.inf if concept.plausible_high is None else concept.plausible_high
    if not low <= value <= high:
        given.warnings.append(
            f"{name} is outside {low:g} to {high:g} {concept.unit}: a feed's would not be scored"
        )
    return value


def _birth_day(age: float) -> float:
    whole = int(age)
    if not 0 <= whole <= 150:  # noqa: PLR2004 older than anyone
        msg = "age is not in 0 to 150 years"
        raise CommandError(msg, USAGE)
    return float((date(_DAY.year - whole, 1, 1) - date(1970, 1, 1)).days)


def _answer(name: str, text: str, answers: Mapping[str, float]) -> float:
    by_lower = {code.lower(): number for code, number in answers.items()}
    if text.lower() not in by_lower:
        msg = f"{text!r} is no answer of {name}; one of: {', '.join(answers)}"
        raise CommandError(msg, USAGE)
    return by_lower[text.lower()]


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        msg = f"{text!r} is not a number, as {name} needs; write decimals with a point"
        raise CommandError(msg, USAGE)
    return value


def _refuse(what: str, name: str, known: Iterable[str]) -> NoReturn:
    names = sorted(known)
    near = get_close_matches(name, names, n=3, cutoff=0.6)
    hint = f"nearest: {', '.join(near)}" if near else f"one of: {', '.join(names)}"
    msg = f"unknown {what} {name!r}; {hint}"
    raise CommandError(msg, USAGE)
