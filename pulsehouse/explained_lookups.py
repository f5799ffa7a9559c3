"""What a part of a score rests on beside its own row, looked up as it was known at the alert.

Here: the weight that divides a rate, the FiO2 and the respiratory support beside a gas, the urine
behind a rate. Not here: the laws that pair and sum (clinical/scoring), or the points.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from clinical.concepts import CONCEPTS
from clinical.scores.definition import Score
from clinical.scores.kdigo import URINE_HOURS, KdigoChoices
from clinical.scores.sofa import SofaChoices
from clinical.scoring.grid import Grid
from clinical.scoring.inputs import PAO2_FIO2, URINE_PER_DAY, URINE_RATE
from clinical.scoring.kdigo_urine import documented_urine
from clinical.scoring.memory import CONCEPT_NAMES
from clinical.scoring.pairing import paired
from clinical.scoring.sofa import support_told
from clinical.scoring.sofa_urine import day_of_urine
from clinical.scoring.spans import Spans
from clinical.scoring.validity import UNLIMITED, hours
from clinical.scoring.windows import told
from clinical.scoring.winners import NONE
from pulsehouse.contents import Row
from pulsehouse.explained_points import definition_of
from pulsehouse.explained_recount import Recount
from pulsehouse.explained_rows import place_of
from pulsehouse.explained_scores import before_of

_FLOW = "_flow"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def lookups(recount: Recount, scores: Sequence[Row]) -> list[Row]:
    """What the parts of scores rest on besides; `says` tells what it is for.

    A row that does not exist is told too, as one without a place.
    """
    found = []
    for row in scores:
        score = definition_of(row["score"], row["variant"])
        choices = getattr(score, "choices", None)
        if score is None or not isinstance(choices, SofaChoices | KdigoChoices):
            continue
        grid = recount.at(before_of(row))
        named = {name: row[name] for name in ("score", "variant")}
        for part in row["components"]:
            told_of = _of_part(grid, part, row, score, choices)
            found += [{**named, "parameter": part["parameter"], **one} for one in told_of]
    return found


def _of_part(
    grid: Grid, part: Row, row: Row, score: Score, choices: SofaChoices | KdigoChoices
) -> Iterator[Row]:
    concept = part["concept"] or ""
    if isinstance(choices, KdigoChoices):
        if concept == URINE_RATE and not choices.by_the_clock:
            yield from _rate(grid, part, row)
        return
    if concept.endswith(_FLOW):
        weights = told(grid.timeline, "weight", 0)
        yield _beside(
            grid, part, concept, weights, reach=UNLIMITED, says="divides the rate, to be per kg"
        )
    if concept == PAO2_FIO2:
        oxygen = told(grid.timeline, "fio2", 0)
        yield _beside(
            grid, part, "pao2", oxygen, reach=hours(choices.fio2_hours), says="the FiO2 of the gas"
        )
        yield _support(grid, part, choices)
    if concept == URINE_PER_DAY and choices.urine_documented_hours is not None:
        passed, rows = (int(one[0]) for one in day_of_urine(grid.timeline))
        covered = passed * 24 / part["value"] if part["value"] else None
        yield _urine(passed, covered, rows)


def _support(grid: Grid, part: Row, choices: SofaChoices) -> Row:
    said = support_told(grid.timeline, choices)
    reach = hours(choices.support_hours)
    found = _beside(grid, part, "pao2", said, reach=reach, says="")
    row = _row_beside(grid, part, "pao2", said, reach)
    holds = row is not None and said.value[row] > 0
    words = "respiratory support held" if holds else "no respiratory support"
    return {**found, "says": f"{words} at the gas's time"}


def _rate(grid: Grid, part: Row, row: Row) -> Iterator[Row]:
    """The urine of the shortest stretch whose rate is the one that was scored."""
    weight = next((one["value"] for one in row["components"] if one["parameter"] == "weight"), None)
    for length in URINE_HOURS:
        passed, covered, rows = (one[0] for one in documented_urine(grid.timeline, length))
        if weight and np.isclose(passed / weight / covered, part["value"], rtol=1e-9):
            yield _urine(float(passed), float(covered), int(rows))
            return


def _urine(passed: float, covered: float | None, rows: int) -> Row:
    span = f"over the {covered:.4g} h that they cover" if covered else "of 24 h"
    says = f"sum of {rows} entries {span}, irrigant taken off"
    return {**_NOWHERE, "name": "urine_output", "value": passed, "unit": "mL", "says": says}


_NOWHERE: Row = dict.fromkeys(
    ("name", "value", "unit", "effective_at", "feed", "partition", "offset", "row", "says")
)


def _beside(grid: Grid, part: Row, concept: str, partner: Spans, *, reach: int, says: str) -> Row:
    """The partner of a part's own row, as a row of a place."""
    found = _row_beside(grid, part, concept, partner, reach)
    if found is None:
        return {**_NOWHERE, "says": f"nothing known: {says}"}
    row = grid.stack[partner.row[found]]
    feed, partition = grid.origins[row["origin"]]
    name = CONCEPT_NAMES[row["concept"]]
    return {
        "name": name,
        "value": float(row["value"]),
        "unit": CONCEPTS[name].unit,
        "effective_at": _EPOCH + timedelta(microseconds=int(row["effective"])),
        "feed": feed,
        "partition": partition,
        **{name: int(row[name]) for name in ("offset", "row")},
        "says": says,
    }


def _row_beside(grid: Grid, part: Row, concept: str, partner: Spans, reach: int) -> int | None:
    """Which of the partners belongs to a part's own row by what is known at the point."""
    timeline = grid.timeline
    known = timeline.points.known[0]
    base = told(timeline, concept, 0)
    here = [_place(grid, int(row)) == place_of(part) for row in base.row]
    pieces, at = paired(timeline.history, base.take(np.array(here, np.bool_)), partner, reach)
    there = (pieces.learnt <= known) & (known < pieces.gone) & (at != NONE)
    return int(at[there][-1]) if there.any() else None


def _place(grid: Grid, row: int) -> tuple[object, ...]:
    one = grid.stack[row]
    return (*grid.origins[one["origin"]], int(one["offset"]), int(one["row"]))
