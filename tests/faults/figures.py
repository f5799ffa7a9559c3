"""What a lake holds after a fault, in numbers that can be compared.

Here: alerts, facts and dispositions of a lake; lost messages, and observations that are missing or
there too often. Not here: what they may be (checks.py).
"""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lakehouse.catalogue import connect
from lakehouse.columns import PROVENANCE
from lakehouse.lake import Lake
from lakehouse.tables import TABLES
from tests.faults.corpus import FEED, observed
from tests.faults.course import Control, Course

# Of these each row follows from its message alone, whatever came before.
FACTS = (
    *("observations", "encounter_events", "identity_events", "order_events"),
    *("medication_events", "diagnoses", "charges", "procedures", "allergies", "flags", "notes"),
)
_OBSERVED = f"""
select message_control_id, code, count(*)
from observations join raw_messages using (feed, "partition", "offset")
where feed = '{FEED}'
group by all
"""
_DISPOSED = "select disposition, coalesce(reason, ''), count(*) from raw_messages group by all"
# Offsets differ with the order of arrival and with what was sent twice; the findings must not.
_ALERTS = (
    "select patient_id, rule_family, band, status, raised_at, count(*) from alerts group by all"
)
# Of a set of rows, whatever their order; equal where the rows are, but for one chance in 2 ** 64.
_FACTS = "select count(*), sum(hash({columns})::hugeint) from {table} where feed = '{feed}'"


def rows(lake: Path, sql: str) -> list[tuple[object, ...]]:
    """What a query gives at the lake's cut."""
    with connect(Lake.open(lake, create=False)) as connection:
        return connection.execute(sql).fetchall()


def control(lake: Path) -> Control:
    """What other runs are held against."""
    return Control(alerts(lake), facts(lake), dispositions(lake))


def alerts(lake: Path) -> Counter[tuple[object, ...]]:
    """How often each finding was alerted."""
    return Counter({tuple(row): int(str(count)) for *row, count in rows(lake, _ALERTS)})


def dispositions(lake: Path) -> Counter[tuple[str, str]]:
    """What became of the messages, with the reason."""
    found = rows(lake, _DISPOSED)
    return Counter({(str(what), str(reason)): int(str(n)) for what, reason, n in found})


def facts(lake: Path) -> dict[str, tuple[object, ...]]:
    """Per table the count of its rows and a hash of all their values but the provenance."""
    known = {column.name for column in PROVENANCE}
    found = {}
    for name in FACTS:
        columns = ", ".join(f'"{c.name}"' for c in TABLES[name].columns if c.name not in known)
        found[name] = rows(lake, _FACTS.format(columns=columns, table=name, feed=FEED))[0]
    return found


@dataclass(frozen=True)
class Figures:
    """Of one course that has come to rest."""

    course: Course

    @cached_property
    def lost(self) -> int:
        """Messages that the sender was promised and that are nowhere."""
        found = self._rows("select distinct message_control_id from raw_messages")
        return len(self.course.promised - {str(control_id) for (control_id,) in found})

    @cached_property
    def missing(self) -> int:
        """Observations of the messages that are not in the lake."""
        return (observed(self.course.messages) - self._found).total()

    @cached_property
    def doubled(self) -> int:
        """Observations in the lake that no message states, or not so often."""
        return (self._found - observed(self.course.messages)).total()

    @cached_property
    def duplicates(self) -> int:
        """Messages that came again and were recognised."""
        return dispositions(self.course.house.lake)["duplicate", ""]

    @cached_property
    def _found(self) -> Counter[tuple[str, str]]:
        return Counter({(str(a), str(b)): int(str(n)) for a, b, n in self._rows(_OBSERVED)})

    def _rows(self, sql: str) -> list[tuple[object, ...]]:
        return rows(self.course.house.lake, sql)
