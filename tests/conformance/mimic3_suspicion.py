"""Suspicion of infection on MIMIC-III against mimic-code's own rows: each difference in a class.

Here: mimic-code's `suspicion_of_infection` (its SQL for MIMIC-III) beside the same pairs made of
our facts, row by row; and beside our reading `mimic_code`, which follows its newer SQL (MIMIC-IV),
prescription by prescription. A difference is explained by a choice that is checked on its rows. Not
here: how ours comes about (clinical/adjudication).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from clinical.adjudication.evidence import Culture, Drug, Evidence, evidence
from clinical.adjudication.suspicion import CHOICES, suspected
from lakehouse.catalogue import quoted_text, read
from lakehouse.lake import Lake
from lakehouse.tables import MEDICATION_EVENTS, ORDER_EVENTS

CLASSES: Mapping[str, str] = {
    "equal": "the same",
    "not_an_antibiotic_here": "a drug of mimic-code's list that ours does not take for a systemic"
    " antibiotic",
    "not_an_antibiotic_there": "a drug that is an antibiotic to us and that its list does not name",
    "no_culture_here": "a screen, a serology, an antigen test or a cancelled specimen: no culture"
    " to us",
    "culture_dates_it": "the culture follows the antibiotic: the older SQL dates by the culture,"
    " ours by the antibiotic, as the newer one",
    "same_instant": "culture and antibiotic of one instant, which ours does not pair, as the newer"
    " SQL",
    "fourth_day": "the older SQL allows 96 hours after a culture of which only the day is known,"
    " ours three days, as the newer one",
    "of_a_day": "only the day of the culture is known: ours compares days, the older SQL instants",
    "two_of_one_name": "two kinds of specimen of one name and time, which it takes for one",
    "other_visit": "ours pairs within the patient, the older SQL within the visit",
    "unexplained": "none of these",
}
UNEXPLAINED = "unexplained"
# The windows of the older SQL, both ends included.
AFTER_CULTURE, AFTER_DAY = timedelta(hours=72), timedelta(hours=96)
AFTER_ANTIBIOTIC = timedelta(hours=24)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ZONE = ZoneInfo("UTC")

Key = tuple[int, str, datetime]
Row = tuple[int, str, datetime, datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides: rows by stay, and of ours the evidence that they were made of.

    `names` are the drugs' texts by order, `stays` the visit of each stay, `listed` the drugs of
    mimic-code's list. Of (visit, time) of specimens: `excluded` have one that is no culture to us,
    `dated` are known by their day alone, `doubled` have two kinds of one name.
    """

    theirs: Counter[Row]
    ours: Counter[Row]
    patients: Mapping[str, Evidence]
    names: Mapping[tuple[int, int], str]
    stays: Mapping[int, str]
    excluded: frozenset[tuple[str, datetime]]
    listed: frozenset[str]
    dated: frozenset[tuple[str, datetime]]
    doubled: frozenset[tuple[str, datetime]]


def read_sides(csv_dir: Path, scores_dir: Path, lake: Lake) -> Sides:
    """Read both sides; the lake was replayed from the same tables with their own dates."""
    orders, drugs = read(lake, ORDER_EVENTS), read(lake, MEDICATION_EVENTS)
    found = evidence({ORDER_EVENTS.name: orders, MEDICATION_EVENTS.name: drugs}, _ZONE)
    patients = {patient: one for (_, patient), one in found.items()}
    for one in patients.values():
        one.antibiotics = [drug for drug in one.antibiotics if not drug.is_given]
    places = zip(*(drugs[name].to_pylist() for name in ("offset", "row", "code_text")), strict=True)
    names = {(offset, row): text for offset, row, text in places}
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        stays = dict(_query(connection, _STAYS, csv_dir))
        theirs = Counter(tuple(row) for row in _query(connection, _THEIRS, scores_dir))
        specimens = _query(connection, _SPECIMENS, csv_dir)
    kept = Counter(
        (one.encounter or "", _at(one.at)) for own in patients.values() for one in own.cultures
    )
    dated = frozenset((visit, at) for visit, at, is_day, _, _ in specimens if is_day)
    return Sides(
        theirs,
        Counter(_ours(patients, names, stays, dated)),
        patients,
        names,
        stays,
        frozenset((v, at) for v, at, _, kinds, _ in specimens if kept[v, at] < kinds),
        frozenset(row[1] for row in theirs if row[1]),
        dated,
        frozenset((v, at) for v, at, _, kinds, called in specimens if kinds > called),
    )


def _query(connection: duckdb.DuckDBPyConnection, sql: str, place: Path) -> list[tuple]:
    return connection.execute(sql.format(place=quoted_text(f"{place}/")[:-1])).fetchall()


_STAYS = "select icustay_id::bigint, hadm_id::varchar from read_csv({place}icustays.csv*')"
_THEIRS = """
select icustay_id::bigint, coalesce(antibiotic_name, ''), antibiotic_time::timestamptz,
    last72_charttime::timestamptz, next24_charttime::timestamptz
from read_csv({place}suspicion_of_infection.csv*')
where antibiotic_time is not null
"""
_SPECIMENS = """
select hadm_id::varchar, coalesce(charttime, chartdate)::timestamptz as taken,
    bool_and(charttime is null), count(distinct spec_itemid), count(distinct spec_type_desc)
from read_csv({place}microbiologyevents.csv*')
where hadm_id is not null
group by all
"""


def _at(instant: int) -> datetime:
    return _EPOCH + timedelta(microseconds=instant)


def _ours(
    patients: Mapping[str, Evidence],
    names: Mapping[tuple[int, int], str],
    stays: Mapping[int, str],
    dated: Iterable[tuple[str, datetime]],
) -> Iterator[Row]:
    """The rows of the older SQL, made of our facts."""
    days = set(dated)
    by_visit: dict[str, list[int]] = {}
    for stay, visit in stays.items():
        by_visit.setdefault(visit, []).append(stay)
    for own in patients.values():
        for drug in own.antibiotics:
            visit, given = drug.encounter or "", _at(drug.at)
            times = [_at(one.at) for one in own.cultures if one.encounter == visit]
            before = [at for at in times if _precedes(at, given, (visit, at) in days)]
            after = [at for at in times if given <= at <= given + AFTER_ANTIBIOTIC]
            name = names[drug.source.offset, drug.source.row]
            for stay in by_visit.get(visit, ()):
                for first in before or [None]:
                    yield from ((stay, name, given, first, last) for last in after or [None])


def _precedes(culture: datetime, given: datetime, is_day: bool) -> bool:
    return culture <= given <= culture + (AFTER_DAY if is_day else AFTER_CULTURE)


def by_row(sides: Sides) -> Counter[str]:
    """Every row of either side in its class."""
    counted = Counter({"equal": (sides.theirs & sides.ours).total()})
    known = {name for row in sides.ours for name in [row[1]]}
    for row, count in (sides.theirs - sides.ours).items():
        gone = row[1] not in known
        counted["not_an_antibiotic_here" if gone else _lost(sides, row)] += count
    for row, count in (sides.ours - sides.theirs).items():
        more = row[1] not in sides.listed
        counted["not_an_antibiotic_there" if more else _gained(sides, row)] += count
    return counted


def _lost(sides: Sides, row: Row) -> str:
    """Their row that ours lacks: one of its cultures is none to us."""
    visit = sides.stays[row[0]]
    gone = any(at is not None and (visit, at) in sides.excluded for at in row[3:])
    return "no_culture_here" if gone else UNEXPLAINED


def _gained(sides: Sides, row: Row) -> str:
    """Our row that theirs lacks: it has none where theirs has only what is no culture to us."""
    visit = sides.stays[row[0]]
    same = [one for one in sides.theirs if one[:3] == row[:3]]
    for place in (3, 4):
        told = [one[place] for one in same if one[place] is not None]
        if row[place] is None and told and all((visit, at) in sides.excluded for at in told):
            return "no_culture_here"
    doubled = any(at is not None and (visit, at) in sides.doubled for at in row[3:])
    return "two_of_one_name" if doubled else UNEXPLAINED


def by_prescription(sides: Sides) -> Counter[str]:
    """Every prescription of a stay in a class: our reading's time against theirs."""
    theirs: dict[Key, list[datetime]] = {}
    for row in sides.theirs:
        times = theirs.setdefault(row[:3], [])
        times += [at for at in (row[3] or row[4],) if at is not None]
    ours = dict(_answers(sides))
    counted: Counter[str] = Counter()
    for key in {*theirs, *ours}:
        said = min(theirs[key]) if theirs.get(key) else None
        counted[_named(sides, key, key in theirs, said, ours)] += 1
    return counted


@dataclass(frozen=True, slots=True)
class _Answer:
    """Our reading of one prescription, and the culture it pairs with."""

    at: datetime | None
    culture: Culture | None
    drug: Drug


def _answers(sides: Sides) -> Iterator[tuple[Key, _Answer]]:
    by_visit: dict[str, list[int]] = {}
    for stay, visit in sides.stays.items():
        by_visit.setdefault(visit, []).append(stay)
    for own in sides.patients.values():
        judged = suspected(own, CHOICES["mimic_code"], _ZONE)
        paired = {one.antibiotic.source: one for one in judged.suspicions}
        for drug in own.antibiotics:
            one = paired.get(drug.source)
            answer = _Answer(_at(one.at) if one else None, one.culture if one else None, drug)
            name = sides.names[drug.source.offset, drug.source.row]
            for stay in by_visit.get(drug.encounter or "", ()):
                yield (stay, name, _at(drug.at)), answer


def _named(
    sides: Sides, key: Key, is_theirs: bool, said: datetime | None, ours: Mapping[Key, _Answer]
) -> str:
    if key not in ours:
        return "not_an_antibiotic_here"
    if not is_theirs:
        return "not_an_antibiotic_there" if key[1] not in sides.listed else UNEXPLAINED
    answer, visit = ours[key], sides.stays[key[0]]
    if said == answer.at:
        return "equal"
    return next(
        (name for name, holds in _reasons(sides, visit, key[2], said, answer) if holds),
        UNEXPLAINED,
    )


def _reasons(
    sides: Sides, visit: str, given: datetime, said: datetime | None, answer: _Answer
) -> Sequence[tuple[str, bool]]:
    is_day = said is not None and (visit, said) in sides.dated
    culture = answer.culture
    return (
        ("no_culture_here", said is not None and (visit, said) in sides.excluded),
        ("culture_dates_it", said is not None and said > given == answer.at),
        ("same_instant", said == given and not is_day),
        ("fourth_day", is_day and said is not None and given - said > AFTER_CULTURE),
        ("of_a_day", is_day or (culture is not None and culture.is_day)),
        ("other_visit", culture is not None and culture.encounter != visit),
    )


def summary(counted: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Class, meaning and how often, in the order of CLASSES."""
    return [(name, told, counted[name]) for name, told in CLASSES.items() if counted.get(name)]
