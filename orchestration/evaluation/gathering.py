"""What one version of the rules found, gathered from its chunks and held against their facts.

Here: alerts, stays, outcomes, hours and scores of every chunk, joined. Not here: figures
(evaluated.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clinical.evaluation.calibration import band_of, last_of_hour
from clinical.evaluation.families import Alerts
from clinical.evaluation.held import standing
from clinical.evaluation.labelled import LabelledHours
from clinical.evaluation.occurrences import Ints, Occurrences
from clinical.evaluation.outcomes import outcomes
from clinical.evaluation.people import NOBODY, People, survivors
from clinical.evaluation.stays import UNKNOWN_UNIT, Stays, unit_stays
from clinical.scores.news2 import NEWS2
from clinical.scoring.validity import MICROSECONDS_PER_HOUR
from orchestration.evaluation.fold import read

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of a challenge: per stay, by its patient identifier, hours in care and labels."""

    stays: Mapping[str, tuple[Ints, NDArray[np.bool_]]]


@dataclass(frozen=True, slots=True)
class Gathered:
    """One chunk's results, or those of several, with patients numbered from 0.

    `families` are those that were asked. `hours` are the labelled hours, with what stands of each
    family and the value of each score at each of them; without labels there are none.
    """

    names: Sequence[str]
    families: Sequence[str]
    alerts: Alerts
    stays: Stays
    outcomes: Mapping[str, Occurrences]
    news2: Occurrences
    news2_band: Ints
    hours: LabelledHours
    standing: Mapping[str, Ints]
    values: Mapping[str, Floats]


def gathered(facts: Path, out: Path, until: int, labels: Labels | None) -> Gathered:
    """Every chunk's results, joined; `until` ends the period (microseconds UTC)."""
    return joined(list(each(facts, out, until, labels)))


def each(facts: Path, out: Path, until: int, labels: Labels | None) -> Iterator[Gathered]:
    """The results of one chunk after the other."""
    for chunk in sorted(facts.glob("chunk-*")):
        told = {path.stem: read(path) for path in sorted(chunk.glob("*.arrow"))}
        found = {path.stem: read(path) for path in sorted((out / chunk.name).glob("*.arrow"))}
        yield _gathered(told, found, until, labels)


def _gathered(
    told: Mapping[str, pa.Table], found: Mapping[str, pa.Table], until: int, labels: Labels | None
) -> Gathered:
    people = _people(told)
    stays = unit_stays(told.get("encounter_events"), people, until)
    hours = _hours(labels, people, stays)
    scores = found.get("scores")
    return Gathered(
        people.names,
        _families(found.get("asked"), found.get("alerts")),
        _alerts(found.get("alerts"), people),
        stays,
        outcomes(told, people, stays),
        *_news2(scores, people),
        hours,
        _standing(found.get("asked"), people, hours),
        _values(scores, people, hours),
    )


def _people(told: Mapping[str, pa.Table]) -> People:
    names: set[str] = set()
    for rows in told.values():
        names.update(pc.unique(rows["patient_id"]).drop_null().to_pylist())
    return People(names, survivors(told.get("identity_events")))


def _hours(labels: Labels | None, people: People, stays: Stays) -> LabelledHours:
    """Labelled hours of these patients: hours of a stay count from its first admission."""
    begun = Occurrences(stays.patient, stays.begins).firsts()
    begins = dict(zip(begun.patient.tolist(), begun.at.tolist(), strict=True))
    parts = [
        (np.full(len(hour), number), begins[number] + hour * MICROSECONDS_PER_HOUR, label)
        for number, name in enumerate(people.names)
        if labels and name in labels.stays and number in begins
        for hour, label in (labels.stays[name],)
    ]
    columns = zip(*parts, strict=True) if parts else ([np.zeros(0, np.int64)],) * 3
    stay, at, label = (np.concatenate(column) for column in columns)
    return LabelledHours(stay, at, label.astype(np.bool_))


def _families(*tables: pa.Table | None) -> Sequence[str]:
    told = (pc.unique(rows["rule_family"].cast(pa.string())) for rows in tables if rows is not None)
    return sorted({name for names in told for name in names.to_pylist()})


def _alerts(rows: pa.Table | None, people: People) -> Alerts:
    if rows is None:
        none, words = np.zeros(0, np.int64), np.zeros(0, np.str_)
        return Alerts(none, none, words, words, words, none, none > 0, none.astype(np.float64))
    order = np.argsort(_times(rows["raised_at"]), kind="stable")
    rows = rows.take(pa.array(order))
    return Alerts(
        people.numbers(rows["patient_id"]),
        _times(rows["raised_at"]),
        _words(rows["rule_family"]),
        _words(rows["unit"]),
        _words(rows["rule"]),
        rows["band"].to_numpy().astype(np.int64),
        _words(rows["status"]) == "suppressed",
        rows["hours_before_batch"].to_numpy(),
    )


def _words(column: pa.ChunkedArray) -> NDArray[np.str_]:
    text = column.cast(pa.string()).fill_null(UNKNOWN_UNIT)
    return np.array(text.to_pylist(), np.str_)


def _times(column: pa.ChunkedArray) -> Ints:
    times: Ints = column.cast(pa.int64()).to_numpy()
    return times


def _news2(scores: pa.Table | None, people: People) -> tuple[Occurrences, Ints]:
    """The last NEWS2 of each patient and hour, and its band."""
    rows = None if scores is None else _of(scores, NEWS2.name, NEWS2.variant)
    if rows is None or not rows.num_rows:
        none = np.zeros(0, np.int64)
        return Occurrences(none, none), none
    rows = rows.filter(pc.is_valid(rows["observed"]))
    patient, at = people.numbers(rows["patient_id"]), _times(rows["received_at"])
    kept = last_of_hour(patient, at)
    single = rows["has_single_3"].fill_null(fill_value=False).to_numpy()[kept]
    band = band_of(rows["observed"].to_numpy()[kept], single)
    order = np.lexsort((at[kept], patient[kept]))
    return Occurrences(patient[kept][order], at[kept][order]), band[order]


def _of(scores: pa.Table, name: str, variant: str) -> pa.Table:
    return scores.filter(
        pc.and_(
            pc.equal(scores["score"].cast(pa.string()), name),
            pc.equal(scores["variant"].cast(pa.string()), variant),
        )
    )


def _standing(asked: pa.Table | None, people: People, hours: LabelledHours) -> Mapping[str, Ints]:
    """The band of each family that stands at each labelled hour."""
    if asked is None or not len(hours):
        return {}
    family = asked["rule_family"].cast(pa.string())
    found = {}
    for name in sorted(pc.unique(family).to_pylist()):
        rows = asked.filter(pc.equal(family, name))
        patient, at = people.numbers(rows["patient_id"]), _times(rows["asked_at"])
        order = np.lexsort((at, patient))
        when = Occurrences(patient[order], at[order])
        said = rows["band"].to_numpy().astype(np.int64)[order]
        found[name] = standing(when, said, hours.times)
    return found


def _values(scores: pa.Table | None, people: People, hours: LabelledHours) -> Mapping[str, Floats]:
    """The value of each score variant at each labelled hour."""
    if scores is None or not len(hours):
        return {}
    pairs = scores.select(["score", "variant"]).group_by(["score", "variant"]).aggregate([])
    found = {}
    for pair in pairs.to_pylist():
        rows = _of(scores, pair["score"], pair["variant"])
        patient, at = people.numbers(rows["patient_id"]), _times(rows["received_at"])
        order = np.lexsort((at, patient))
        when = Occurrences(patient[order], at[order])
        place = standing(when, np.arange(1, len(order) + 1), hours.times)
        value = np.append(np.nan, rows["observed"].to_numpy(zero_copy_only=False)[order])
        found[f"{pair['score']}/{pair['variant']}"] = value[place]
    return found


def joined(parts: Sequence[Gathered]) -> Gathered:
    """Several chunks as one: patients and visits are numbered on."""
    if not parts:
        return _gathered({}, {}, 0, None)
    before = np.cumsum([0, *(len(part.names) for part in parts)]).tolist()
    shifted = [_shifted(part, shift) for part, shift in zip(parts, before, strict=False)]
    every = {name for part in shifted for name in part.outcomes}
    return Gathered(
        [name for part in parts for name in part.names],
        sorted({name for part in parts for name in part.families}),
        _columns([part.alerts for part in shifted]),
        _columns([part.stays for part in _visits_on(shifted)]),
        {name: _columns([part.outcomes[name] for part in shifted]) for name in sorted(every)},
        _columns([part.news2 for part in shifted]),
        np.concatenate([part.news2_band for part in shifted]),
        _columns([part.hours for part in shifted]),
        _lines(shifted, "standing", 0),
        _lines(shifted, "values", np.nan),
    )


def _shifted(part: Gathered, by: int) -> Gathered:
    return replace(
        part,
        alerts=_on(part.alerts, by),
        stays=_on(part.stays, by),
        outcomes={name: _on(one, by) for name, one in part.outcomes.items()},
        news2=_on(part.news2, by),
        hours=replace(part.hours, stay=part.hours.stay + by),
    )


def _on(one: Any, by: int) -> Any:  # noqa: ANN401 any of the columns with patients
    known = one.patient != NOBODY
    return replace(one, patient=np.where(known, one.patient + by, NOBODY))


def _visits_on(parts: Sequence[Gathered]) -> Iterator[Gathered]:
    before = 0
    for part in parts:
        yield replace(part, stays=replace(part.stays, visit=part.stays.visit + before))
        before += int(part.stays.visit.max(initial=-1)) + 1


def _columns(parts: Sequence[Any]) -> Any:  # noqa: ANN401 any of the columns
    """Parts of one kind of columns, one after the other."""
    kind = type(parts[0])
    columns = ([getattr(part, name) for part in parts] for name in kind.__slots__)
    return kind(*(_concatenated(column) for column in columns))


def _concatenated(column: Sequence[Any]) -> Any:  # noqa: ANN401 arrays, or lists of words
    if isinstance(column[0], np.ndarray):
        return np.concatenate(column)
    return [item for part in column for item in part]


def _lines(parts: Sequence[Gathered], name: str, nothing: float) -> Mapping[str, Any]:
    """Columns by name over all hours; `nothing` where a chunk has no such name."""
    names = sorted({key for part in parts for key in getattr(part, name)})
    return {
        key: np.concatenate(
            [getattr(part, name).get(key, np.full(len(part.hours), nothing)) for part in parts]
        )
        for key in names
    }
