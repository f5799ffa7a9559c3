"""The page docs/scores.md, made from the score and rule tables themselves.

Here: `page()`, and `python -m docs.scores > docs/scores.md`. A test holds the file equal to it. Not
here: any threshold.
"""

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from types import ModuleType

from clinical.concepts import CONCEPTS
from clinical.detection import critical, news2, respiratory, sepsis
from clinical.detection.finding import Band
from clinical.scores import SCORES, ratios, sirs
from clinical.scores import news2 as news2_score
from clinical.scores import qsofa as qsofa_score
from clinical.scores.bands import INF, Bands
from clinical.scores.definition import Alternative, PointScore, Population, RatioScore, Score
from clinical.scoring.inputs import DERIVED

SCORE_MODULES = (news2_score, qsofa_score, sirs, ratios)
RULE_MODULES = (news2, sepsis, respiratory, critical)
REGIMES = ("scale 1", "scale 2 on air", "scale 2 on oxygen")
OPENING = """# Scores and rules

Made from `clinical/scores`, `clinical/detection` and `clinical/concepts.csv` by
`python -m docs.scores`: change those, not this page.

Not a medical device; not for clinical use without local assessment. Which value counts, and what
becomes of missing ones, is told in [the law](architecture.md#the-law). Values are rounded to their
concept's precision before they are looked up."""


@dataclass(frozen=True, slots=True)
class Written:
    """A number of a ratio's formula, which writes the formula down instead of working it out."""

    text: str

    def __truediv__(self, other: "Written | int") -> "Written":
        divisor = other.text if isinstance(other, Written) else str(other)
        compound = isinstance(other, Written) and "/" in divisor
        return Written(f"{self.text} / ({divisor})" if compound else f"{self.text} / {divisor}")


def page() -> str:
    """The whole page."""
    return "\n\n".join([OPENING, *_scores(), *_rules(), *_inputs()]) + "\n"


def _scores() -> Iterator[str]:
    for module in SCORE_MODULES:
        yield from _told(module)
        for score in _of(module):
            yield f"### `{score.name}`, variant `{score.variant}`"
            yield _points(score) if isinstance(score, PointScore) else _ratio(score)
            yield f"For: {_population(score.population)}. Source: {score.source}."


def _of(module: ModuleType) -> Sequence[Score]:
    return [score for score in SCORES if any(one is score for one in vars(module).values())]


def _told(module: ModuleType) -> Iterator[str]:
    """A module's docstring: its first line as heading, the rest as prose."""
    heading, *prose = (module.__doc__ or "").strip().split("\n\n")
    first, _, rest = " ".join(heading.split()).partition(": ")
    yield f"## {_plain(first.rstrip('.'))}"
    if rest:
        yield _plain(rest[0].upper() + rest[1:])
    yield from (_plain(" ".join(block.split())) for block in prose)


def _plain(text: str) -> str:
    return text.replace("*", "\\*").replace("<", "&lt;")


def _population(population: Population) -> str:
    pregnant = ", not in pregnancy" if population.excludes_pregnancy else ""
    return f"{population.lowest_age} years and over{pregnant}"


def _points(score: PointScore) -> str:
    rows = [
        (f"`{item.name}`", _input(option, regime), _banded(option.input, bands))
        for item in score.parameters
        for option in item.alternatives
        for regime, bands in _by_regime(option)
    ]
    return _table(("Parameter", "Input", "Points by value"), rows)


def _by_regime(option: Alternative) -> Iterator[tuple[str, Bands]]:
    names = REGIMES if len(option.bands) > 1 else ("",)
    return zip(names, option.bands, strict=True)


def _input(option: Alternative, regime: str) -> str:
    unit = _plain(_unit(option.input))
    return f"{option.input}{f', {unit}' if unit else ''}{f' ({regime})' if regime else ''}"


def _unit(name: str) -> str:
    concept = CONCEPTS.get(name)
    return concept.unit if concept and concept.unit not in {"", "1"} else ""


def _banded(name: str, bands: Bands) -> str:
    if name == "oxygen":
        return f"air: **{bands.points(0)}**; oxygen: **{bands.points(1)}**"
    concept = CONCEPTS.get(name) or CONCEPTS[DERIVED[name][0]]
    if concept.answers:
        told = (f"{code}: **{bands.points(value)}**" for code, value in concept.answers.items())
        return "; ".join(told)
    return "; ".join(_ranges(bands, concept.precision))


def _ranges(bands: Bands, precision: float) -> Iterator[str]:
    """Each band from its lowest value on the concept's grid to its bound."""
    low: float | None = None
    for bound, points in zip((*bands.bounds, INF), bands.scored, strict=True):
        least = None if low is None else f"{low + precision:g}"
        if least is None:
            span = f"{bound:g} or less"
        elif bound == INF:
            span = f"{least} or more"
        else:
            span = least if least == f"{bound:g}" else f"{least} to {bound:g}"
        yield f"{span}: **{points}**"
        low = bound


def _ratio(score: RatioScore) -> str:
    formula = score.formula(*(Written(name) for name in score.inputs)).text
    lines = [f"`{formula}`, of `{'`, `'.join(score.inputs)}`."]
    reasons = [f"`{item.reason}`" for item in score.requires]
    lines.append(
        f"Indeterminate, with the reason: {', '.join(reasons)}; `missing_inputs`; `not_paired` when"
        f" {', '.join(score.paired)} lie more than {score.pairing_minutes} minutes apart."
    )
    return "\n".join(lines)


def _rules() -> Iterator[str]:
    for module in RULE_MODULES:
        heading, *rest = _told(module)
        yield f"## Rule: {heading.removeprefix('## ')}"
        yield from rest
        yield _critical() if module is critical else _bands(module.BANDS)


def _bands(bands: Mapping[int, Band]) -> str:
    rows = [(rank, f"`{one.rule}`", one.severity, one.title) for rank, one in bands.items()]
    return _table(("Band", "Rule", "Severity", "Title"), rows)


def _critical() -> str:
    text = files("clinical").joinpath("critical_results.csv").read_text(encoding="utf-8")
    names = ("concept", "low", "high", "unit", "published", "source")
    rows = [[_plain(row[name]) for name in names] for row in csv.DictReader(text.splitlines())]
    return _table(("Concept", "Below", "Above", "Unit", "As published", "Source"), rows)


def _inputs() -> Iterator[str]:
    """The concepts that scores and rules look at."""
    named = [name for score in SCORES for name in score.depends_on]
    named += ["code_status", "birth_date", "pregnancy", "culture", "antibiotic", *critical.LIMITS]
    concepts = dict.fromkeys(one for name in named for one in DERIVED.get(name, (name,)))
    yield "## Inputs"
    yield (
        "A value outside its plausible range is stored and never scored. A value counts for its\n"
        "look-back by the patient's clock, and is called stale for as long again."
    )
    yield _table(
        ("Concept", "Meaning", "Unit", "Precision", "Plausible", "Look-back", "LOINC"),
        (_concept(name) for name in concepts),
    )


def _concept(name: str) -> Sequence[str]:
    one = CONCEPTS[name]
    low, high = one.plausible_low, one.plausible_high
    span = "" if low is None or high is None else f"{low:g} to {high:g}"
    hours = "for good" if one.lookback_hours is None else f"{one.lookback_hours:g} h"
    precision = f"{one.precision:g}" if one.kind == "numeric" else ""
    return (
        f"`{name}`",
        one.description,
        _plain(_unit(name)),
        precision,
        span,
        hours,
        " ".join(one.loinc),
    )


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(page())
