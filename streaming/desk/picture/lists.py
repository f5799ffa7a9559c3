"""Drugs of patients as the law tells them at a moment, asked of the law once for each change.

Here: asking for one patient or for many at once, and remembering. Not here: the law
(lakehouse/medications.py), what one remembers for how long (remembered.py), or who is asked for
before somebody looks (ahead.py).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from lakehouse import medications
from lakehouse.tables import MEDICATION_EVENTS
from streaming.desk.picture import people
from streaming.desk.picture.asking import Laws
from streaming.desk.picture.drugs import drugs
from streaming.desk.picture.person import Person
from streaming.desk.picture.remembered import Remembered, Span, span
from streaming.desk.picture.views import Drug, Key

# The law of orders looks at observations only to know the newest moment, which it is told.
_OF_DRUGS: Final = tuple(name for name in medications.LAW.needs if name != "observations")
Facts = Mapping[str, pa.Table]
_Told = tuple[Span, tuple[Drug, ...]]


@dataclass(frozen=True, slots=True)
class Lists:
    """The drugs of every order of a patient, whatever their state."""

    laws: Laws
    known: Remembered[tuple[Drug, ...]] = field(default_factory=Remembered)

    def told(self, one: Person, key: Key, at: datetime, known_at: datetime) -> _Told:
        """The drugs at a moment, by what had been received by another, and how long that holds."""
        asked = (key, one.learnt(_OF_DRUGS, known_at))
        found = self.known.told(asked, at)
        if found is None:
            facts = _facts(one, known_at)
            survivor = people.owners(one, key[0], known_at).survivor(key[1])
            found = span(facts.values(), at), self._drugs((key[0], survivor), facts, at)
            self.known.keep(asked, found, len(found[1]))
        return found

    def ask_for(self, ones: Mapping[Key, Person], at: datetime, known_at: datetime) -> None:
        """Ask the law once for several patients, so that it need not be asked for each."""
        # Who is named by the ledger has rows that others have too: each alone.
        plain = {key: one for key, one in ones.items() if not _is_named(one)}
        asked = {key: (key, one.learnt(_OF_DRUGS, known_at)) for key, one in plain.items()}
        news = [key for key, name in asked.items() if self.known.told(name, at) is None]
        facts = {key: _facts(plain[key], known_at) for key in news}
        rows = self._of_all(list(facts.values()), at)
        for key in news:
            told = drugs(rows[key], *key)
            self.known.keep(asked[key], (span(facts[key].values(), at), told), len(told))
        for key in ones.keys() - plain.keys():
            self.told(ones[key], key, at, known_at)

    def _of_all(self, each: Sequence[Facts], at: datetime) -> Mapping[Key, list[dict[str, Any]]]:
        found: dict[Key, list[dict[str, Any]]] = defaultdict(list)
        if each:
            together = {name: pa.concat_tables([one[name] for one in each]) for name in _OF_DRUGS}
            for row in self.laws.ask("orders", together, at).to_pylist():
                found[row["facility"], row["patient_id"]].append(row)
        return found

    def _drugs(self, whose: Key, facts: Facts, at: datetime) -> tuple[Drug, ...]:
        if not facts[MEDICATION_EVENTS.name].num_rows:
            return ()
        return drugs(self.laws.ask("orders", facts, at).to_pylist(), *whose)


def _facts(one: Person, known_at: datetime) -> Facts:
    return {name: one.kept(name, known_at) for name in _OF_DRUGS}


def _is_named(one: Person) -> bool:
    return one.is_named or any(one.kin.is_named(visit) for visit in one.visits)
