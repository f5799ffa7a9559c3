"""Who an identifier stands for: the ledger of merges, unmerges and moves of one facility.

Here: the law, told event by event in the order in which they were learnt. Not here: reading the
events (clinical/wire), whose facts follow (clinical/scoring/engine.py), the same law as SQL
(lakehouse/identities.py; a test holds them equal).

- A merge, or a change of identifier, joins those whom its two identifiers stand for by then: the
  surviving one stands for both. Between two that are one already it changes nothing, so that a
  circle, a repetition and the reverse of an earlier merge end there. So does a merge of an
  identifier into itself, and one of identifiers of two authorities.
- An unmerge takes back every earlier merge of its two identifiers, whichever retired the other;
  the others are then applied anew. Of two that were never merged it takes back nothing.
- A link says that two identifiers are of one person and joins no facts; unlinking them likewise.
- A visit number retires like an identifier. A visit that was moved belongs, with all its facts,
  to another patient.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

JOINS = ("merge", "change_id")
PARTS = ("unmerge", "unlink")
VISIT_JOINS = ("merge_visit", "move_visit")
MOVES = ("move_visit",)
Row = Mapping[str, Any]


class _Move(NamedTuple):
    visit: str
    source: str
    target: str


class Change(NamedTuple):
    """What an event of the ledger changed: `owners` are those who owned what may be another's now.

    `retired` is whom a merge took the name from; `parted` are those whom an unmerge left of one.
    """

    kind: str
    owners: set[str]
    retired: str | None = None
    parted: frozenset[str] = frozenset()


class Joined:
    """Names that stand for one another, merge by merge."""

    def __init__(self) -> None:
        """Everybody stands for himself."""
        self._stands_for: dict[str, str] = {}
        self._members: dict[str, list[str]] = {}

    def of(self, name: str) -> str:
        """Who a name stands for."""
        return self._stands_for.get(name, name)

    def join(self, retired: str, surviving: str) -> bool:
        """Let one group stand for the other's name; whether they were two."""
        old, new = self.of(retired), self.of(surviving)
        if old == new:
            return False
        moved = self._members.pop(old, [old])
        self._members.setdefault(new, [new]).extend(moved)
        self._stands_for.update(dict.fromkeys(moved, new))
        return True

    def group(self, name: str) -> list[str]:
        """All who stand for whom this name stands for."""
        return self._members.get(self.of(name), [self.of(name)])

    @property
    def retired(self) -> Mapping[str, str]:
        """Whom each retired name stands for."""
        return self._stands_for


class Identities:
    """One facility's identifiers and visits as its events told them so far."""

    def __init__(self) -> None:
        """Nobody is merged."""
        self._told: list[tuple[str, str]] = []
        self._people, self._visits = Joined(), Joined()
        self._moves: list[_Move] = []
        self._moved: dict[str, list[_Move]] = {}

    @classmethod
    def of(cls, rows: Iterable[Row]) -> "Identities":
        """What rows of `identity_events` say, in the order in which they were learnt."""
        found = cls()
        for row in rows:
            found.learn(row)
        return found

    def learn(self, row: Row) -> Change | None:
        """Take one event of the ledger; what it changes, None where that is nothing."""
        if not _is_of_one_authority(row):
            return None
        event, retired, surviving = row["event"], row.get("retired_id"), row.get("surviving_id")
        before = self._owners()
        is_told = event in VISIT_JOINS and self._join_visits(row)
        if retired and surviving and retired != surviving:
            named = {self.survivor(retired), self.survivor(surviving)}
            if event in JOINS and self._join(retired, surviving):
                return Change("merge", named | before, retired=_other(named, self, surviving))
            members = [*self._people.group(retired), *self._people.group(surviving)]
            if event in PARTS and self._part(retired, surviving):
                parted = frozenset(map(self.survivor, members))
                return Change("unmerge", named | before, parted=parted)
            if event in MOVES:
                is_told |= self._move(row, retired, surviving)
                before |= named
        return Change("move", before) if is_told and self._moves else None

    def survivor(self, patient_id: str) -> str:
        """Whom an identifier stands for."""
        return self._people.of(patient_id)

    def visit(self, encounter_id: str | None) -> str | None:
        """The number that a visit's number stands for."""
        return None if encounter_id is None else self._visits.of(encounter_id)

    def owner(self, patient_id: str, encounter_id: str | None) -> str:
        """Whose a fact is that came under an identifier and a visit number."""
        found = self.survivor(patient_id)
        if self._moves and encounter_id is not None:
            for move in self._moved.get(self._visits.of(encounter_id), ()):
                if self.survivor(move.source) == found:
                    found = self.survivor(move.target)
        return found

    def told_of(self, owner: str) -> list[str]:
        """Every identifier under which a fact of this patient may have come."""
        group = [owner, *self._people.group(owner)]
        sources = [name for move in self._moves for name in self._people.group(move.source)]
        return list(dict.fromkeys([*group, *sources]))

    @property
    def moves_visits(self) -> bool:
        """Whether any visit was moved: else a fact's owner is its patient's survivor."""
        return bool(self._moves)

    @property
    def retired(self) -> Mapping[str, str]:
        """Whom each retired identifier stands for."""
        return self._people.retired

    @property
    def retired_visits(self) -> Mapping[str, str]:
        """Which number each retired visit number stands for."""
        return self._visits.retired

    def _owners(self) -> set[str]:
        """Patients whose facts an event may take from them, beside those it names."""
        return {self.survivor(name) for move in self._moves for name in move[1:]}

    def _join(self, retired: str, surviving: str) -> bool:
        self._told.append((retired, surviving))
        return self._people.join(retired, surviving)

    def _part(self, one: str, other: str) -> bool:
        kept = [pair for pair in self._told if set(pair) != {one, other}]
        if len(kept) == len(self._told):
            return False
        self._told, self._people = kept, Joined()
        for pair in kept:
            self._people.join(*pair)
        return True

    def _join_visits(self, row: Row) -> bool:
        retired, surviving = row.get("retired_visit"), row.get("surviving_visit")
        if not retired or not surviving or not self._visits.join(retired, surviving):
            return False
        self._index()
        return True

    def _move(self, row: Row, source: str, target: str) -> bool:
        number = row.get("retired_visit") or row.get("surviving_visit") or row.get("encounter_id")
        if number:
            self._moves.append(_Move(number, source, target))
            self._index()
        return bool(number)

    def _index(self) -> None:
        self._moved = {}
        for move in self._moves:
            self._moved.setdefault(self._visits.of(move.visit), []).append(move)


def _other(named: set[str], known: Identities, surviving: str) -> str:
    (found,) = named - {known.survivor(surviving)}
    return found


def _is_of_one_authority(row: Row) -> bool:
    other = row.get("retired_facility")
    return other is None or other == row.get("facility", other)
