"""The pages docs/rules/<family>.md, made from the rules and their manifests.

Here: `page(family)`. Not here: the pages of scores (score_pages.py), or any limit.
"""

import csv
import sys
from collections.abc import Iterator, Sequence
from importlib.resources import files
from types import ModuleType

from clinical.detection.finding import Family
from clinical.detection.manifest import CRITICAL_RESULT, MANIFESTS, Effect
from clinical.detection.respiratory import NAME as RESPIRATORY
from clinical.scores.bands import INF
from clinical.scores.oxygenation import GRADES, PF_GRADE, ROX_CHECKPOINTS, SF_GRADE
from clinical.scoring.validity import MICROSECONDS_PER_HOUR
from docs import measured
from docs.told import attributes, opening, plain, table, vectors, words_of

# From here on a number in a rule is a time in microseconds.
_A_TIME = 60_000_000
_UNITS_OF_TIME = ("HOUR", "MICROSECONDS_PER_HOUR")


def page(family: Family) -> str:
    """The whole page of one rule family."""
    manifest = MANIFESTS[family.name]
    module = sys.modules[family.find.__module__]
    blocks = [
        *opening(family.name, manifest),
        "## Definition",
        *words_of(module),
        *_bands(family),
        *_limits(family, module),
        *_missing(),
        *_contexts(family),
        *measured.of_rule(family.name),
        *attributes(manifest),
        *vectors("detection", manifest),
    ]
    return "\n\n".join(blocks) + "\n"


def _bands(family: Family) -> Iterator[str]:
    yield "## Bands"
    yield (
        "One alert for each patient, family and episode; only a higher band alerts again. An"
        " episode ends a day after the rule last held."
    )
    rows = ((rank, f"`{one.rule}`", one.severity, one.title) for rank, one in family.bands.items())
    yield table(("Band", "Rule", "Severity", "Title"), rows)


def _limits(family: Family, module: ModuleType) -> Iterator[str]:
    yield "## Edges"
    yield "The numbers that decide, by their names in the code; both sides of each are tested."
    rows = [
        (f"`{name}`", _number(value))
        for name, value in vars(module).items()
        if _decides(name) and isinstance(value, int | float)
    ]
    if rows:
        yield table(("Name", "Value"), rows)
    if family.name == CRITICAL_RESULT:
        yield _critical()
    if family.name == RESPIRATORY:
        yield from _oxygenation()


def _decides(name: str) -> bool:
    return name.isupper() and not name.startswith("_") and name not in _UNITS_OF_TIME


def _number(value: float) -> str:
    if value >= _A_TIME:
        return f"{value / MICROSECONDS_PER_HOUR:g} h"
    return f"{value:g}"


def _critical() -> str:
    text = files("clinical").joinpath("critical_results.csv").read_text(encoding="utf-8")
    names = ("concept", "low", "high", "unit", "published", "source")
    rows = [[plain(row[name]) for name in names] for row in csv.DictReader(text.splitlines())]
    return table(("Concept", "Below", "Above", "Unit", "As published", "Source"), rows)


def _oxygenation() -> Iterator[str]:
    for title, grades in (("S/F", SF_GRADE), ("P/F, mmHg", PF_GRADE)):
        told = zip((*grades.bounds, INF), grades.scored, strict=True)
        rows = (
            (GRADES[grade], "above" if top == INF else f"{top:g} or less") for top, grade in told
        )
        yield table(("Grade", title), rows)
    rox = ((f"{one.hours} h", f"below {one.failure_below:g}") for one in ROX_CHECKPOINTS)
    yield table(("From the start of high flow", "ROX that fails"), rox)


def _missing() -> Iterator[str]:
    yield "## What is missing"
    yield (
        "A score that lacks a parameter counts it as 0 points, so that a band says at least; the"
        " alert names what was missing. A value that is not known, too old or implausible is never"
        " taken for normal, and a finding that needs it is not made."
    )


def _contexts(family: Family) -> Iterator[str]:
    yield "## Contexts"
    yield (
        "What each does to an alert is told in [contexts](../contexts.md); the first that"
        " suppresses wins."
    )
    told = MANIFESTS[family.name].context.items()
    rows: Sequence[tuple[str, ...]] = [
        (f"[`{name}`](../contexts.md#{name})", _effect(one), plain(one.reason))
        for name, one in told
    ]
    yield table(("Context", "Effect", "Reason"), rows)


def _effect(one: Effect) -> str:
    where = f" to {one.route}" if one.route else ""
    steps = f" by {one.steps}" if one.effect == "lower" and one.steps > 1 else ""
    rules = f" ({', '.join(f'`{rule}`' for rule in one.rules)})" if one.rules else ""
    return f"{one.effect}{steps}{where}{rules}"
