"""Where patients are.

Here: the stay of a moment among all that the law tells. Not here: the law
(lakehouse/encounters.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from lakehouse import encounters
from lakehouse.tables import IDENTITY_EVENTS
from streaming.desk.picture.asking import Laws
from streaming.desk.picture.kept import KEPT
from streaming.desk.picture.people import LEARNT, owners
from streaming.desk.picture.person import Person, together
from streaming.desk.picture.remembered import ALWAYS, Remembered
from streaming.desk.picture.runs import plain
from streaming.desk.picture.views import Key, Location

_Stay = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stays:
    """The stays of patients, asked of the law once for each change."""

    laws: Laws
    known: Remembered[tuple[_Stay, ...]] = field(default_factory=Remembered)

    def locations(self, ones: Mapping[Key, Person], at: datetime) -> dict[Key, Location]:
        """The place of each patient who is anywhere; of those not known yet, in one question."""
        asked = {key: (key, one.learnt(encounters.LAW.needs, at)) for key, one in ones.items()}
        known = {key: self.known.told(name, at) for key, name in asked.items()}
        stays = {key: found[1] for key, found in known.items() if found is not None}
        news = {key: one for key, one in ones.items() if key not in stays}
        for key, mine in self._ask(news, at).items():
            self.known.keep(asked[key], (ALWAYS, mine), len(mine))
            stays[key] = mine
        places = {key: _newest(mine, at) for key, mine in stays.items()}
        return {key: _location(stay) for key, stay in places.items() if stay is not None}

    def _ask(self, ones: Mapping[Key, Person], at: datetime) -> dict[Key, tuple[_Stay, ...]]:
        facts = {name: _together(name, ones, at) for name in encounters.LAW.needs}
        if not facts["encounter_events"].num_rows:
            return dict.fromkeys(ones, ())
        found: dict[Key, list[_Stay]] = defaultdict(list)
        for stay in self.laws.ask("stays", facts, at).to_pylist():
            found[stay["facility"], stay["patient_id"]].append(stay)
        whose = {
            key: (key[0], owners(one, key[0], at).survivor(key[1])) for key, one in ones.items()
        }
        return {key: tuple(found.get(survivor, ())) for key, survivor in whose.items()}


def _newest(stays: Iterable[_Stay], at: datetime) -> _Stay | None:
    """Of the stays of a moment the one that began last."""
    there = (
        stay
        for stay in stays
        if stay["started_at"] <= at and (stay["ended_at"] is None or stay["ended_at"] > at)
    )
    return max(there, key=_begun, default=None)


def _together(table: str, ones: Mapping[Key, Person], at: datetime) -> pa.Table:
    """The rows of several patients, each row once; of those whom no ledger names, in one cut."""
    if not ones:
        return KEPT[table].schema.empty_table()
    named = [one for one in ones.values() if one.is_named]
    alone = [one for one in ones.values() if not one.is_named]
    rows = [one.kept(table, at) for one in named]
    if alone and (table != IDENTITY_EVENTS.name or not rows):
        rows.append(together(alone, table, at))
    if len(rows) == 1:
        return rows[0]
    both = pa.concat_tables(rows)
    place = plain(both.select(LEARNT)).append_column("place", pa.array(np.arange(both.num_rows)))
    first = place.group_by(list(LEARNT)).aggregate([("place", "min")])["place_min"]
    return both.take(first.combine_chunks().sort())


def _begun(stay: _Stay) -> tuple[Any, ...]:
    return stay["started_at"], stay["encounter_id"] or "", stay["stay_number"]


def _location(stay: _Stay) -> Location:
    same = ("unit", "room", "bed", "status", "encounter_id", "patient_class")
    return Location(since=stay["started_at"], **{name: stay[name] for name in same})
