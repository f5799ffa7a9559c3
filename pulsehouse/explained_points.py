"""How the points of a score came about, so that a person can work them out again.

Here: the band of each parameter, and the sum or the formula of the whole. Not here: the stored rows
the values came from (explained_rows.py).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clinical.concepts import CONCEPTS, Concept
from clinical.scores import BY_VARIANT
from clinical.scores.bands import INF, Bands
from clinical.scores.definition import PointScore, RatioScore, Score, WindowScore
from clinical.scores.written import Written
from clinical.scoring.inputs import (
    GCS_FROM_PARTS,
    PAO2_FIO2,
    URINE_PER_DAY,
    URINE_RATE,
    concepts_of,
)
from pulsehouse.contents import Row
from pulsehouse.explained_rows import PLACE
from pulsehouse.explained_windows import FORMULAS, HIGHEST, line

# The tables of a parameter with several, as clinical/scores/definition.py orders them.
_WORKED_OUT_IN = {PAO2_FIO2: "mm[Hg]", URINE_RATE: "mL/kg/h", URINE_PER_DAY: "mL/d"}
REGIMES = ("scale 1", "scale 2 on air", "scale 2 on oxygen")


def derived(alert: Row, scores: Sequence[Row], concepts: Mapping[str, str]) -> list[Row]:
    """Scores that the evidence totals and no row stores: those of another time than the alert's.

    Points of newest values are worked out here again; those of a stretch of time only quoted.
    `concepts` has, by the name of an input, what its stored row says.
    """
    stored = {f"{row['score']} ({row['variant']})" for row in scores}
    totals = [item for item in alert["evidence"] if item["offset"] is None]
    found = []
    for total in totals:
        name, _, variant = total["name"].removesuffix(")").partition(" (")
        score = definition_of(name, variant)
        if total["name"] not in stored and isinstance(score, PointScore | WindowScore):
            mine = [item for item in alert["evidence"] if item["name"].endswith(f", {name}")]
            found.append(_derived(alert, total, (name, variant), mine, concepts))
    return found


def _derived(
    alert: Row,
    total: Row,
    named: tuple[str, str],
    items: Sequence[Row],
    concepts: Mapping[str, str],
) -> Row:
    row: Row = {
        **dict(zip(("score", "variant"), named, strict=True)),
        "state": "worked out again",
        "told_by": "worked out again from the values that the alert quotes",
        "observed": total["value"],
        "lowest": None,
        "highest": None,
        "missing": [],
    }
    parts: list[Row] = [
        {
            **item,
            "parameter": item["name"].partition(", ")[0],
            "concept": concepts.get(item["name"], item["name"]),
            "points": None,
        }
        for item in items
    ]
    row["components"] = parts
    for part in parts:
        bands = next((bands for bands, _ in _tables(row, part, alert)), None)
        part["points"] = bands.points(part["value"]) if bands else None
    return row


def definition_of(name: str, variant: str) -> Score | None:
    """The score of a name and variant; of `news2_at_treatment` and its like, that of NEWS2."""
    known = [score for (_, of), score in BY_VARIANT.items() if of == variant]
    return next((score for score in known if f"{name}_".startswith(f"{score.name}_")), None)


def parts(alert: Row, scores: Sequence[Row]) -> list[Row]:
    """Every known parameter of the scores: value, unit, points, and the band that gives them."""
    names = ("parameter", "concept", "value", "points", "effective_at", *PLACE)
    return [
        {
            "score": row["score"],
            "variant": row["variant"],
            **{name: part[name] for name in names},
            "unit": unit_of(part["concept"]),
            "band": _band(row, part, alert),
        }
        for row in scores
        for part in row["components"]
    ]


def concept_of(name: str, mine: Sequence[Row]) -> str:
    """The concept that answered an input: the score says, where one does."""
    return next((part["concept"] for part in mine if part["concept"]), name)


def sums(scores: Sequence[Row]) -> list[Row]:
    """How each score's value follows from its parts, and what the missing ones leave possible."""
    names = ("score", "variant", "state", "told_by", "observed", "lowest", "highest", "missing")
    return [{**{name: row[name] for name in names}, "written": _written(row)} for row in scores]


def _written(row: Row) -> str | None:
    score = definition_of(row["score"], row["variant"])
    if score is None or row["observed"] is None:
        return None
    formula = score.formula if isinstance(score, RatioScore) else FORMULAS.get(score.name)
    if formula:
        return _worked(formula, score.inputs, row)
    if any(part["points"] is None for part in row["components"]):
        return f"{row['observed']:g}"
    points = [part["points"] or 0 for part in row["components"]]
    if score.name not in HIGHEST:
        return f"{' + '.join(map(str, points))} = {row['observed']:g}"
    return f"the highest of {', '.join(map(str, points))} = {row['observed']:g}"


def _worked(formula: Callable[..., Any], inputs: Sequence[str], row: Row) -> str:
    """A formula by names, by numbers, and its value."""
    values = {part["parameter"]: f"{part['value']:g}" for part in row["components"]}
    by_name = formula(*(Written(name) for name in inputs)).text
    by_number = formula(*(Written(values[name]) for name in inputs)).text
    return f"{by_name} = {by_number} = {row['observed']:.4g}"


def unit_of(concept: str | None) -> str | None:
    """The unit of a concept, or of a value that is worked out from several."""
    known = CONCEPTS.get(concept or "")
    return known.unit if known else _WORKED_OUT_IN.get(concept or "")


def worked_from(concept: str, value: float, stored: Row | None) -> str | None:
    """PaO2/FiO2 by the gas it rests on; the FiO2 beside it follows from the two."""
    if concept != PAO2_FIO2 or not stored or not stored.get("value") or not value:
        return None
    pao2 = stored["value"]
    return f"PaO2 {pao2:g} mm[Hg] * 100 / FiO2 {pao2 * 100 / value:.4g} % = {value:.4g}"


def is_newest(name: str, mine: Sequence[Row]) -> bool:
    """Whether an input is the newest value of its concept, not the worst or lowest of a stretch."""
    scored = (definition_of(part["score"], part["variant"]) for part in mine)
    return name in CONCEPTS or any(isinstance(one, PointScore | RatioScore) for one in scored)


def _band(row: Row, part: Row, alert: Row) -> str | None:
    """The line of the score's table that a value fell on, in words."""
    score = definition_of(row["score"], row["variant"])
    if isinstance(score, WindowScore):
        return line(score.name, part["parameter"])
    for bands, regime in _tables(row, part, alert):
        if bands.points(part["value"]) == part["points"]:
            words = _span(bands, part)
            return f"{words}: {part['points']}{f' ({regime})' if regime else ''}"
    return None


def _tables(row: Row, part: Row, alert: Row) -> list[tuple[Bands, str]]:
    """The band tables that may have scored a parameter, the likeliest first."""
    score = definition_of(row["score"], row["variant"])
    options = [
        option
        for parameter in (score.parameters if isinstance(score, PointScore) else ())
        if parameter.name == part["parameter"]
        for option in parameter.alternatives
        if part["concept"] in _answering(option.input)
    ]
    found = []
    for option in options:
        regimes = REGIMES if len(option.bands) > 1 else ("",)
        tables = list(zip(option.bands, regimes, strict=True))
        likeliest = _regime(row, alert) if len(tables) > 1 else 0
        found += [tables[likeliest], *tables[:likeliest], *tables[likeliest + 1 :]]
    return found


def _answering(name: str) -> set[str]:
    """What a part of a score may name as the concept behind an input."""
    return {name, *concepts_of(name), *((GCS_FROM_PARTS,) if name == "gcs" else ())}


def _regime(row: Row, alert: Row) -> int:
    """Number of the saturation table: scale 2 only where the alert says that it was prescribed."""
    if not any(one["context"] == "spo2_scale_2" for one in alert["contexts"] or ()):
        return 0
    oxygen = [part["value"] for part in row["components"] if part["parameter"] == "oxygen"]
    return 2 if any(oxygen) else 1


def _span(bands: Bands, part: Row) -> str:
    concept = CONCEPTS.get(part["concept"])
    low, high = bands.span(part["value"])
    if part["parameter"] == "oxygen":
        return "oxygen" if part["value"] else "air"
    if concept and concept.answers:
        return ", ".join(code for code, n in concept.answers.items() if low < n <= high)
    return _range(low, high, concept)


def _range(low: float, high: float, concept: Concept | None) -> str:
    step = concept.precision if concept else 1
    least = f"{low + step:.10g}"
    if low == -INF:
        return "any value" if high == INF else f"{high:g} or less"
    if high == INF:
        return f"{least} or more"
    return least if least == f"{high:g}" else f"{least} to {high:g}"
