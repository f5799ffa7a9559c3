"""`pulsehouse unmapped`: what to map next, and what it may be.

Here: the work-list: codes without a concept by how much mapping them would complete, and units,
answers and ranges that say that something is read wrongly. Not here: the counting
(unmapped_questions.py), how it is shown (unmapped_report.py), or how a proposal comes about
(clinical/normalise/proposals.py).

Nothing is applied: a person judges a proposal and adds its row to the feed's code map.
"""

import csv
import io
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from clinical.concepts import CONCEPTS, Concept
from clinical.normalise.proposals import Candidate, Sent, candidates
from clinical.normalise.units import UNITLESS
from clinical.scores import SCORES
from clinical.scores.definition import PointScore, Score, WindowScore
from clinical.scoring.inputs import concepts_of
from clinical.wire.code_maps import COLUMNS
from clinical.wire.profile import ProfileError
from lakehouse.catalogue import connect
from lakehouse.errors import LakehouseError
from lakehouse.feeds import load_profile
from lakehouse.tables import OBSERVATIONS
from lakehouse.tables import SCORES as SCORED
from pulsehouse import terminal, unmapped_report
from pulsehouse import unmapped_questions as questions
from pulsehouse.contents import Contents, Row
from pulsehouse.deployment import open_lake, settings
from pulsehouse.failure import OK
from pulsehouse.unmapped_units import with_other_units, with_remedies


def run(place: Path | None, feed: str | None, top: int, *, as_json: bool) -> int:
    """Show the work-list."""
    found = worklist(place, feed, top)
    if as_json:
        terminal.emit_json(found)
    else:
        unmapped_report.show(found)
    return OK


def worklist(place: Path | None, feed: str | None, top: int) -> dict[str, Any]:
    """The stable form of `unmapped --json`."""
    lake = open_lake(place)
    with connect(lake, tables=(OBSERVATIONS, SCORED)) as connection:
        contents = Contents(connection)
        return {
            "lake": str(lake.root),
            "patients_for_a_value": questions.ENOUGH_PATIENTS,
            "codes": _codes(contents, feed)[:top],
            "units": with_remedies(questions.unread_units(contents, feed))[:top],
            "answers": questions.unread_answers(contents, feed)[:top],
            "implausible": with_other_units(questions.implausible(contents, feed))[:top],
        }


def _codes(contents: Contents, feed: str | None) -> list[Row]:
    """Codes with their proposals, those first that would complete most."""
    rows = questions.codes(contents, feed)
    aliases = {name: _aliases(name) for name in {row["feed"] for row in rows}}
    for row in rows:
        row["proposals"] = [_proposal(row, one) for one in _candidates(row, aliases[row["feed"]])]
    parameters = _parameters()
    helped = questions.completed(contents, _wanted(rows), pa.Table.from_pylist(parameters))
    for number, row in enumerate(rows):
        told = helped.get(number, {"scores": 0, "helped": 0})
        row["scores_completed"], row["patients_helped"] = told["scores"], told["helped"]
    scored = {line["concept"] for line in parameters}
    return sorted(rows, key=lambda row: _rank(row, scored))


def _rank(row: Row, scored: Container[str]) -> tuple[int, int, int, int, str]:
    """First what completes a score, then what a score would read, then what may be anything."""
    likely = [0 if one["concept"] in scored else 1 for one in row["proposals"][:1]] or [2]
    most = (-row["patients_helped"], -row["scores_completed"])
    return (*most, likely[0], -row["patients"], row["code"])


def _candidates(row: Row, aliases: Mapping[str, str]) -> list[Candidate]:
    three = row["percentiles"]
    percentiles = (three[0], three[1], three[2]) if three and None not in three else None
    sent = Sent(row["code"], row["code_text"], tuple(row["units"]), percentiles, row["numbers"] > 0)
    return candidates(sent, aliases)


def _proposal(row: Row, one: Candidate) -> Row:
    concept = CONCEPTS[one.concept]
    unit = concept.unit if not row["units"] and concept.unit not in UNITLESS else ""
    line = {
        "code_system": row["code_system"] or "",
        "code": row["code"],
        "concept": one.concept,
        "loinc_code": concept.loinc[0] if concept.loinc else "",
        "unit": unit,
        "method": "local",
        "source": "proposed by pulsehouse unmapped; to be checked",
    }
    return {"concept": one.concept, "score": one.score, "why": one.why, "row": as_csv(line)}


def as_csv(line: Mapping[str, str]) -> str:
    """A row of a code map, in the columns that it has."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([line.get(name, "") for name in COLUMNS])
    return text.getvalue()


def _wanted(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {
            **{name: row[name] for name in ("feed", "code_system", "code")},
            "number": number,
            "concept": row["proposals"][0]["concept"],
            "lookback": _lookback(CONCEPTS[row["proposals"][0]["concept"]]),
        }
        for number, row in enumerate(rows)
        if row["proposals"]
    ]


def _lookback(concept: Concept) -> int:
    hours = 24 * 365 * 200 if concept.lookback_hours is None else concept.lookback_hours
    return round(hours * questions.MICROSECONDS_PER_HOUR)


def _parameters() -> list[dict[str, str]]:
    """Which concepts answer which parameter of which score."""
    return [
        {"score": score.name, "variant": score.variant, "parameter": name, "concept": concept}
        for score in SCORES
        for name, inputs in _inputs(score)
        for each in inputs
        for concept in concepts_of(each)
    ]


def _inputs(score: Score) -> Iterable[tuple[str, Sequence[str]]]:
    if isinstance(score, PointScore):
        return [(one.name, [it.input for it in one.alternatives]) for one in score.parameters]
    if isinstance(score, WindowScore):
        return [(one.name, one.answers) for one in score.parameters]
    return [(name, (name,)) for name in score.inputs]


def _aliases(feed: str) -> Mapping[str, str]:
    """The feed's own spellings of units; none where its profile is gone or broken."""
    try:
        return load_profile(feed, settings().feeds).units
    except (LakehouseError, ProfileError):
        return {}
