"""What the picture keeps of the lake in memory, and for how long.

Here: tables, columns and spans, as data. Not here: keeping them (mirror.py).

Results and scores fade: what is older is read in the lake. What tells of a stay or an order does
not, for it may still hold; it goes with patients of whom nothing was heard for long.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pyarrow as pa

from clinical.encounters.told import READ as LOCATED
from clinical.normalise.conditions import READ as CODED
from clinical.normalise.stays import READ as STAYED
from lakehouse import tables as t
from lakehouse.tables import Table

# Two weeks are what a ward looks back on, and more than any score but its baselines. [P]
FADES_AFTER: Final = timedelta(days=14)
# A long stay, or a prescription that is renewed each year, lies within it. [P]
SILENT_AFTER: Final = timedelta(days=400)

PLACE = ("feed", "partition", "offset", "row", "received_at")
WHOSE = ("facility", "patient_id", "encounter_id")


@dataclass(frozen=True, slots=True)
class Kept:
    """One table in memory: the columns kept; rows that lack `needs` are left out."""

    table: Table
    columns: tuple[str, ...]
    fades: bool = False
    needs: str | None = None

    @property
    def schema(self) -> pa.Schema:
        """The columns with the contract's types."""
        return pa.schema([self.table.schema.field(name) for name in self.columns])


def _of(table: Table, *columns: str, fades: bool = False, needs: str | None = None) -> Kept:
    return Kept(table, tuple(dict.fromkeys((*PLACE, *WHOSE, *columns))), fades, needs)


def _whole(table: Table, *, fades: bool = False) -> Kept:
    return _of(table, *(n for n in table.schema.names if n != table.partition_by), fades=fades)


# A code without a concept has no unit, range or name of ours: the lake counts it, no page shows it.
KEPT: Final[Mapping[str, Kept]] = {
    kept.table.name: kept
    for kept in (
        _whole(t.IDENTITY_EVENTS),
        _whole(t.ENCOUNTER_EVENTS),
        _whole(t.MEDICATION_EVENTS),
        _of(
            t.PATIENT_DEMOGRAPHICS,
            *("family_name", "given_name", "birth_date", "sex", "died_at", "deceased"),
        ),
        _of(t.DIAGNOSES, *CODED),
        _whole(t.PROCEDURES),
        _whole(t.FLAGS),
        _whole(t.ORDER_EVENTS, fades=True),
        _of(
            t.OBSERVATIONS,
            *("observation_id", "order_id", "concept", "comparator", "value_text", "value_number"),
            *("unit_as_sent", "value", "value_code", "ucum_unit", "effective_at", "documented_at"),
            *("status", "abnormal_flag", "is_scored", "not_scored_reason", "reference_range"),
            fades=True,
            needs="concept",
        ),
        _of(
            t.SCORES,
            *("score", "variant", "state", "state_reason", "observed", "lowest", "highest"),
            *("missing", "oldest_input_minutes", "effective_at", "components"),
            fades=True,
        ),
    )
}
# What the fold of clinical/detection reads must be among what is kept.
FOLDED = {"encounter_events": (*STAYED, *LOCATED), "diagnoses": CODED}
