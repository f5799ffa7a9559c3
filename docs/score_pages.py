"""The pages docs/scores/<name>.md, made from the scores and their manifests.

Here: `page(name)`. Not here: the pages of rules (rule_pages.py), or any threshold.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, is_dataclass

from clinical.concepts import CONCEPTS
from clinical.detection.manifest import Manifest
from clinical.scores import (
    BY_VARIANT,
    SCORES,
    kdigo,
    mews,
    news2,
    qsofa,
    ratios,
    sepsis_points,
    sirs,
    sofa,
)
from clinical.scores.bands import INF, Bands
from clinical.scores.definition import (
    Alternative,
    PointScore,
    Population,
    RatioScore,
    Score,
    WindowScore,
)
from clinical.scores.written import Written
from clinical.scoring.inputs import DERIVED
from docs import measured
from docs.organ_pages import EDGES
from docs.told import attributes, opening, plain, table, unit_of, vectors, words_of

MODULES = (news2, qsofa, sirs, ratios, mews, kdigo, sofa, sepsis_points)
REGIMES = ("scale 1", "scale 2 on air", "scale 2 on oxygen")


def page(name: str, manifest: Manifest) -> str:
    """The whole page of one score, with all its variants."""
    variants = [score for score in BY_VARIANT.values() if score.name == name]
    blocks = [
        *opening(name, manifest),
        "## Definition",
        *_definition(variants[0]),
        *(block for score in variants for block in _variant(score, manifest)),
        *EDGES.get(name, lambda: ())(),
        *_missing(variants[0]),
        *measured.of_score(name),
        *attributes(manifest),
        *vectors("scores", manifest),
    ]
    return "\n\n".join(blocks) + "\n"


def _definition(score: Score) -> Iterator[str]:
    """The words of the module that a score stands in."""
    [module] = [one for one in MODULES if any(it is score for it in vars(one).values())]
    yield from words_of(sys.modules[module.__name__])


def _variant(score: Score, manifest: Manifest) -> Iterator[str]:
    yield f"## `{score.name}`, variant `{score.variant}`"
    live = (
        "Scored in the stream." if score in SCORES else "For comparing: not scored in the stream."
    )
    yield f"{plain(manifest.variants[score.variant])}. {live}"
    if isinstance(score, PointScore):
        yield _points(score)
    elif isinstance(score, RatioScore):
        yield from _ratio(score)
    else:
        yield from _window(score)
    yield f"For: {_population(score.population)}. Source: {plain(score.source)}."


def _population(population: Population) -> str:
    pregnant = ", not in pregnancy" if population.excludes_pregnancy else ""
    return f"{population.lowest_age} years and over{pregnant}; to others it is not applicable"


def _points(score: PointScore) -> str:
    rows = [
        (f"`{item.name}`", _input(option, regime), _banded(option.input, bands))
        for item in score.parameters
        for option in item.alternatives
        for regime, bands in _by_regime(option)
    ]
    return table(("Parameter", "Input", "Points by value"), rows)


def _by_regime(option: Alternative) -> Iterator[tuple[str, Bands]]:
    names = REGIMES if len(option.bands) > 1 else ("",)
    return zip(names, option.bands, strict=True)


def _input(option: Alternative, regime: str) -> str:
    unit = plain(unit_of(option.input))
    return f"{option.input}{f', {unit}' if unit else ''}{f' ({regime})' if regime else ''}"


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
            span = "any" if bound == INF else f"{bound:g} or less"
        elif bound == INF:
            span = f"{least} or more"
        else:
            span = least if least == f"{bound:g}" else f"{least} to {bound:g}"
        yield f"{span}: **{points}**"
        low = bound


def _ratio(score: RatioScore) -> Iterator[str]:
    formula = score.formula(*(Written(name) for name in score.inputs)).text
    yield f"`{formula}`, of `{'`, `'.join(score.inputs)}`."
    reasons = [f"`{item.reason}`" for item in score.requires]
    yield (
        f"Indeterminate, with the reason: {', '.join(reasons)}; `missing_inputs`; `not_paired` when"
        f" {', '.join(score.paired)} lie more than {score.pairing_minutes} minutes apart."
    )


def _window(score: WindowScore) -> Iterator[str]:
    """What each parameter rests on, and what the variant chooses."""
    rows: Sequence[tuple[object, ...]] = [
        (f"`{item.name}`", _hours(item.hours), item.highest or "") for item in score.parameters
    ]
    yield table(("Parameter", "Rests on values of the last", "Most points"), rows)
    if is_dataclass(score.choices) and not isinstance(score.choices, type):
        chosen = asdict(score.choices).items()
        yield "Its choices, by name:"
        yield table(("Choice", "Value"), ((f"`{name}`", _choice(value)) for name, value in chosen))


def _hours(hours: object) -> str:
    assert isinstance(hours, dict)  # noqa: S101
    spans: dict[float, list[str]] = {}
    for name, span in hours.items():
        spans.setdefault(span, []).append(name)
    told = ((f"{span:g} h" if span else "its look-back", names) for span, names in spans.items())
    return "; ".join(f"{span}: {', '.join(names)}" for span, names in told)


def _choice(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, frozenset):
        answers = CONCEPTS["oxygen_device"].answers
        return ", ".join(sorted(name for name, number in answers.items() if number in value))
    if isinstance(value, tuple):
        return " to ".join(f"{one:g}" for one in value)
    return "none" if value is None else plain(str(value))


def _missing(score: Score) -> Iterator[str]:
    yield "## What is missing"
    yield "Missing is never normal: what is missing is named in every row of `scores`."
    if isinstance(score, RatioScore):
        yield "A ratio with an input missing, too old or against its conditions has no number."
        return
    yield (
        "`observed` counts a missing parameter as 0; `lowest` and `highest` are what the missing"
        " ones leave possible. The state is complete, partial, stale (a value is known but too"
        " old), indeterminate (nothing is known) or not applicable."
    )
