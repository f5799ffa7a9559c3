"""The rows of one patient, under whatever identifiers and visits the ledger names with him.

Here: cutting them out of the mirror, as they were known at a moment. Not here: which of them are
really his: the laws over these rows say so (asking.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from streaming.desk.picture.kin import Kin, Name
from streaming.desk.picture.mirror import BY_VISIT, Standing
from streaming.desk.picture.runs import plain

# The tables that tell the numbers of a patient's visits.
_OF_VISITS = ("encounter_events", "medication_events")


@dataclass(frozen=True, slots=True)
class Person:
    """Everybody whose rows may tell of one patient, the numbers of his visits, at one cut."""

    standing: Standing
    kin: Kin
    names: frozenset[Name]
    visits: frozenset[Name]

    @classmethod
    def of(cls, standing: Standing, kin: Kin, facility: str | None, patient_id: str) -> Self:
        """Whoever the ledger names with this patient, or with a visit of his, and so on."""
        names = frozenset(kin.group(Name(facility or "", patient_id)))
        while True:
            visits = _visits(standing, kin, names)
            named = (kin.group(visit) for visit in visits if kin.is_named(visit))
            found = {other for group in named for other in group}
            if found <= names:
                return cls(standing, kin, names, visits)
            names |= found

    @classmethod
    def alone(cls, standing: Standing, kin: Kin, facility: str | None, patient_id: str) -> Self:
        """Whoever the ledger names with this patient himself: enough where no visit counts."""
        names = frozenset(kin.group(Name(facility or "", patient_id)))
        return cls(standing, kin, names, frozenset())

    @property
    def is_named(self) -> bool:
        """Whether the ledger says anything of him at all."""
        return any(self.kin.is_named(name) for name in self.names)

    def learnt(self, tables: Sequence[str], known_at: datetime) -> tuple[int, ...]:
        """How much of him some tables tell: another answer wherever they told anything else.

        Within one turn of the mirror rows are only added. What was known at a moment before the
        newest message is counted apart.
        """
        newest = self.standing.as_of
        told = [self.standing.turn, len(self.names), len(self.visits)]
        if newest is None or known_at >= newest:
            return (*told, *(self._count(table) for table in tables))
        counts = ((self._count(table), self.kept(table, known_at).num_rows) for table in tables)
        return (*told, *(count for both in counts for count in both))

    def _count(self, table: str) -> int:
        count = self.standing.rows[table].count(_numbers(self.kin, self.names))
        if table == "encounter_events":
            count += self.standing.rows[BY_VISIT].count(_known(self.kin, self.visits))
        return count

    def facts(
        self, table: str, known_at: datetime | None = None, columns: Sequence[str] = ()
    ) -> pa.Table:
        """His rows of a table that had been received by a moment; all where it is None."""
        return plain(self.kept(table, known_at, columns))

    def kept(
        self, table: str, known_at: datetime | None = None, columns: Sequence[str] = ()
    ) -> pa.Table:
        """The same as they are kept, for an engine that reads either."""
        rows = self.standing.rows[table].of(_numbers(self.kin, self.names), columns)
        if table == "encounter_events":
            rows = pa.concat_tables([rows, self._of_his_visits(columns)])
        return rows if known_at is None else _received_by(rows, known_at)

    def _of_his_visits(self, columns: Sequence[str]) -> pa.Table:
        """What came under numbers of his visits, and under none of his identifiers."""
        rows = self.standing.rows[BY_VISIT].of(_known(self.kin, self.visits), columns)
        texts = pa.array([name.text for name in self.names if not name.is_visit], pa.string())
        return rows.filter(pc.invert(pc.is_in(rows["patient_id"], texts)))


def together(
    ones: Iterable[Person], table: str, known_at: datetime | None, columns: Sequence[str] = ()
) -> pa.Table:
    """The rows of several patients of one cut, each row once, as they are kept."""
    several = list(ones)
    standing, kin = several[0].standing, several[0].kin
    names = {name for one in several for name in one.names}
    rows = standing.rows[table].of(_numbers(kin, names), columns)
    return rows if known_at is None else _received_by(rows, known_at)


def _visits(standing: Standing, kin: Kin, names: frozenset[Name]) -> frozenset[Name]:
    """The numbers of the visits of some patients, those that the ledger names too."""
    told = {name for name in names if name.is_visit}
    for table in _OF_VISITS:
        rows = standing.rows[table].of(_numbers(kin, names), ("facility", "encounter_id"))
        pairs = set(zip(*(rows[name].to_pylist() for name in rows.column_names), strict=True))
        told |= {Name(at or "", number, is_visit=True) for at, number in pairs if number}
    return frozenset(told)


def _numbers(kin: Kin, names: Iterable[Name]) -> list[int]:
    return _known(kin, (name for name in names if not name.is_visit))


def _known(kin: Kin, names: Iterable[Name]) -> list[int]:
    numbers = (kin.number(name) for name in names)
    return [number for number in numbers if number is not None]


def _received_by(rows: pa.Table, at: datetime) -> pa.Table:
    return rows.filter(pc.less_equal(rows["received_at"], pa.scalar(at, rows["received_at"].type)))
