"""`pulsehouse score`: a score by hand, shown with the points of each parameter.

Here: how it is shown. Not here: the scoring (hand_score.py, clinical/scoring).
"""

from typing import Any

from clinical.concepts import CONCEPTS
from clinical.scores.definition import PointScore, RatioScore, Score
from clinical.scoring.assessment import Assessment, Component
from pulsehouse import hand_score, terminal
from pulsehouse.failure import OK


def run(name: str, values: list[str], variant: str | None, *, as_json: bool) -> int:
    """Score what was typed; every variant unless one is wanted."""
    wanted = hand_score.scores_named(name, variant)
    given = hand_score.parse(values)
    assessed = [(one, hand_score.score(one, given)) for one in wanted]
    for warning in given.warnings:
        terminal.say(f"warning: {warning}")
    for extra in hand_score.unused(wanted, given):
        terminal.say(f"warning: {extra} is no input of {name}")
    if as_json:
        found = [to_json(one, assessment) for one, assessment in assessed]
        terminal.emit_json(found[0] if len(found) == 1 else found)
    else:
        for one, assessment in assessed:
            _show(one, assessment)
    return OK


def to_json(score: Score, assessment: Assessment) -> dict[str, Any]:
    """The stable form of one score by hand."""
    return {
        "score": score.name,
        "variant": score.variant,
        "state": assessment.state,
        "reason": assessment.reason,
        "observed": assessment.observed,
        "lowest": assessment.lowest,
        "highest": assessment.highest,
        "missing": assessment.missing,
        "components": [
            {
                "parameter": item.parameter,
                "concept": item.reading.concept,
                "value": item.reading.value,
                "points": item.points,
            }
            for item in assessment.components
        ],
        "source": score.source,
    }


def _show(score: Score, assessment: Assessment) -> None:
    title = f"{score.name} ({score.variant}): {_verdict(score, assessment)}"
    columns = ("parameter", "from", "value", "unit", "points")
    terminal.show_table(title, columns, [_row(item) for item in assessment.components])
    if assessment.missing:
        terminal.write(f"missing: {', '.join(assessment.missing)}; never taken for normal")
    terminal.note(f"source: {score.source}")
    terminal.note(terminal.NOTICE)


def _verdict(score: Score, assessment: Assessment) -> str:
    if assessment.observed is None:
        return f"{assessment.state.replace('_', ' ')} ({assessment.reason})"
    value = terminal.number(assessment.observed)
    if isinstance(score, RatioScore):
        return value
    if isinstance(score, PointScore):
        value += f" of {sum(parameter.highest for parameter in score.parameters)}"
    if assessment.state == "complete" and assessment.lowest == assessment.highest:
        return value
    low, high = terminal.number(assessment.lowest or 0), terminal.number(assessment.highest or 0)
    return f"{value}, {assessment.state}: between {low} and {high}"


def _row(item: Component) -> tuple[object, ...]:
    reading = item.reading
    unit = CONCEPTS[reading.concept].unit if reading.concept in CONCEPTS else ""
    return (
        item.parameter,
        reading.concept,
        answer_of(item.parameter, reading.concept, reading.value),
        unit,
        item.points,
    )


def answer_of(parameter: str, concept: str | None, value: float) -> str:
    """A value as a person reads it: the answer's word where it is coded."""
    if parameter == "oxygen":
        return "yes" if value else "no"
    known = CONCEPTS.get(concept or "")
    words = {number: code for code, number in known.answers.items()} if known else {}
    return words.get(value, terminal.number(value))
