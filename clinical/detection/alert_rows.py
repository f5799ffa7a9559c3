"""Alert rows: what was found, in the columns of the `alerts` table.

Here: the evidence an alert carries and its stored form; alerts are rare, so each is built as a
value. Not here: whether something is an alert (episodes.py).
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from clinical.concepts import CONCEPTS
from clinical.detection.batch_clock import BatchClock
from clinical.detection.effects import Applied, lowered, route
from clinical.detection.finding import Finding, Quoted
from clinical.detection.past import newest_values
from clinical.scores import BY_VARIANT
from clinical.scoring.columns import INDETERMINATE, Assessed, Component
from clinical.scoring.engine import Moments
from clinical.scoring.inputs import GCS_FROM_PARTS, GCS_PARTS
from clinical.scoring.memory import CONCEPT_NAMES, CONCEPT_NUMBER
from clinical.scoring.panel import Readings, concept_name
from clinical.scoring.rows import row_source
from clinical.scoring.timeline import Points
from clinical.scoring.winners import NONE

_UTC = pa.timestamp("us", tz="UTC")
_SOURCE = [
    ("feed", pa.string()),
    ("partition", pa.int32()),
    ("offset", pa.int64()),
    ("row", pa.int32()),
]
EVIDENCE = pa.struct(
    [
        ("name", pa.string()),
        ("value", pa.float64()),
        ("unit", pa.string()),
        ("effective_at", _UTC),
        *_SOURCE,
    ]
)
CONTEXT = pa.struct(
    [
        *((name, pa.string()) for name in ("context", "effect", "reason")),
        ("since", _UTC),
        *_SOURCE,
    ]
)
SCHEMA = pa.schema(
    [
        *_SOURCE,
        ("received_at", _UTC),
        *((name, pa.string()) for name in ("facility", "patient_id", "encounter_id")),
        *((name, pa.string()) for name in ("alert_id", "episode_id", "rule", "rule_family")),
        ("rules_version", pa.string()),
        ("band", pa.int16()),
        *((name, pa.string()) for name in ("severity", "status", "suppressed_by", "title", "unit")),
        ("raised_at", _UTC),
        ("batch_at", _UTC),
        ("hours_before_batch", pa.float64()),
        ("evidence", pa.list_(EVIDENCE)),
        ("missing", pa.list_(pa.string())),
        ("contexts", pa.list_(CONTEXT)),
        ("declared_severity", pa.string()),
        ("route", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Raised:
    """One alert before it is a row: where it stands, what was found, in which episode.

    `contexts` are those that apply to it.
    """

    at: int
    finding: Finding
    alert_id: str
    episode_id: str
    suppressed_by: str | None
    unit: str | None
    contexts: tuple[Applied, ...]


def alert_row(
    moments: Moments, raised: Raised, message: Mapping[str, Any], clock: BatchClock
) -> dict[str, Any]:
    """One row of the `alerts` table, without `row`; `message` holds its provenance and facility."""
    at, finding = raised.at, raised.finding
    quoted = finding.quoted()
    rank = int(finding.band[at])
    band = finding.bands[rank]
    batch_at = clock.next_after(message["received_at"])
    hours = (batch_at - message["received_at"]).total_seconds() / 3600
    return {
        **message,
        "patient_id": moments.patient[at].as_py(),
        "encounter_id": moments.encounter[at].as_py(),
        "alert_id": raised.alert_id,
        "episode_id": raised.episode_id,
        "rule": band.rule,
        "rule_family": finding.family,
        "band": rank,
        "severity": lowered(band.severity, raised.contexts),
        "status": "suppressed" if raised.suppressed_by else "raised",
        "suppressed_by": raised.suppressed_by,
        "title": band.title,
        "unit": raised.unit,
        "raised_at": message["received_at"],
        "batch_at": batch_at,
        "hours_before_batch": hours,
        "evidence": _evidence(moments, quoted, at),
        "missing": _missing(quoted.scores, at),
        "contexts": [_context(moments, one) for one in raised.contexts],
        "declared_severity": band.severity,
        "route": route(raised.contexts),
    }


def _context(moments: Moments, one: Applied) -> dict[str, Any]:
    return {
        "context": one.context,
        "effect": one.effect.effect,
        "reason": one.effect.reason,
        "since": _at(one.since),
        **row_source(moments, one.row),
    }


def _evidence(moments: Moments, quoted: Quoted, at: int) -> list[dict[str, Any]]:
    told = [
        item
        for score in quoted.scores
        for item in _of_score(_rows_of(moments, quoted, score), score, at)
    ]
    plain = [(name, moments.panel[name]) for name in quoted.inputs]
    told += [
        _quote(moments, name, reading, at)
        for name, reading in (*plain, *quoted.readings)
        if reading.current[at]
    ]
    return list({repr(item): item for item in told}.values())


def _rows_of(moments: Moments, quoted: Quoted, score: Assessed) -> Moments:
    """The moments whose stack has the rows that a score names."""
    apart = quoted.earlier is not None and _is_of_another_time(score)
    return quoted.earlier if apart and quoted.earlier else moments


def _of_score(moments: Moments, score: Assessed, at: int) -> Sequence[dict[str, Any]]:
    if score.observed[at] != score.observed[at]:  # NaN: the score did not speak
        return ()
    name = f"{score.score.name} ({score.score.variant})"
    total = {
        "name": name,
        "value": float(score.observed[at]),
        "effective_at": _at(score.effective[at]),
    }
    # Values of a score of another time, as when treatment began, are told apart by its name.
    of = f", {score.score.name}" if _is_of_another_time(score) else ""
    parts = (item for p in score.components if p.known[at] for item in _of_part(moments, p, of, at))
    return (total, *parts)


def _of_part(moments: Moments, part: Component, of: str, at: int) -> Sequence[dict[str, Any]]:
    """The reading of a parameter; of a sum of parts, each of them too."""
    quoted = [_quote(moments, f"{part.parameter}{of}", part.reading, at)]
    if concept_name(int(part.reading.concept[at]), CONCEPT_NAMES) == GCS_FROM_PARTS:
        quoted += _gcs_parts(moments, part.reading, of, at)
    return quoted


def _gcs_parts(moments: Moments, summed: Readings, of: str, at: int) -> Iterator[dict[str, Any]]:
    """The parts of a sum as of its own time, which may lie before what counts now."""
    points, history = moments.timeline.points, moments.timeline.history
    then = Points(points.owner[[at]], points.known[[at]], summed.effective[[at]])
    parts = np.array([CONCEPT_NUMBER[name] for name in GCS_PARTS])
    rows = newest_values(history, parts, then)[:, 0]
    for name, row in zip(GCS_PARTS, rows.tolist(), strict=True):
        if row != NONE:
            yield {
                "name": f"{name}{of}",
                "value": float(history.stack["value"][row]),
                "unit": CONCEPTS[name].unit,
                "effective_at": _at(history.stack["effective"][row]),
                **row_source(moments, row),
            }


def _quote(moments: Moments, name: str, reading: Readings, at: int) -> dict[str, Any]:
    concept = CONCEPTS.get(concept_name(int(reading.concept[at]), CONCEPT_NAMES))
    return {
        "name": name,
        "value": float(reading.value[at]),
        "unit": concept.unit if concept else None,
        "effective_at": _at(reading.effective[at]),
        **row_source(moments, int(reading.row[at])),
    }


def _at(microseconds: int) -> datetime:
    seconds, rest = divmod(int(microseconds), 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)


def _missing(scores: Sequence[Assessed], at: int) -> list[str]:
    """Parameters without a value; of another time's score also that nothing of it was known."""
    speaking = [score for score in scores if score.observed[at] == score.observed[at]]
    known = {part.parameter for score in speaking for part in score.components if part.known[at]}
    gone = [
        _missed(score, part.parameter, known)
        for score in speaking
        for part in score.components
        if not part.known[at]
    ]
    silent = [
        score.score.name
        for score in scores
        if _is_of_another_time(score)
        and score.observed[at] != score.observed[at]
        and score.state[at] == INDETERMINATE
    ]
    return list(dict.fromkeys([*gone, *silent]))


def _missed(score: Assessed, parameter: str, known: Set[str]) -> str:
    """A parameter by its name; with its score's where another score knows one of that name."""
    if _is_of_another_time(score):
        return f"{parameter}, {score.score.name}"
    return f"{parameter} ({score.score.name})" if parameter in known else parameter


def _is_of_another_time(score: Assessed) -> bool:
    """Whether a score is one of an earlier time, held against that of now."""
    return (score.score.name, score.score.variant) not in BY_VARIANT
