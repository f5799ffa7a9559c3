"""Which alerts people are told of, as the ledger stands: rule families on their way to the wards.

Here: the ledger's states as what they mean for a new alert, and the law of which line decides. Not
here: how a rule gets from state to state (orchestration/migration), or who is told (the desk).

A family that the ledger has no line of is told of everywhere: a house that never opened the ledger
gets every alert. A line of a unit decides there, else that of every unit (`*`). Where neither is,
the family is told of, but for one thing: what goes live unit by unit, in pilot or live in some, is
told of there alone. An alert whose unit nobody knows may be one of theirs, and is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

EVERY_UNIT = "*"
TOLD = frozenset({"pilot", "live"})
UNTOLD = frozenset({"draft", "silent", "retired"})


@dataclass(frozen=True, slots=True)
class GoingLive:
    """The state of each line of the ledger, by rule family and unit."""

    states: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def tells(self, family: str, unit: str | None) -> bool:
        """Whether people are told of an alert."""
        state = self.states.get((family, unit or "")) or self.states.get((family, EVERY_UNIT))
        if state is not None:
            # A state of a newer release is none that keeps an alert from people.
            return state not in UNTOLD
        return unit is None or not self._goes_by_unit(family)

    def _goes_by_unit(self, family: str) -> bool:
        return any(name == family and state in TOLD for (name, _), state in self.states.items())


def going_live(entries: pa.Table) -> GoingLive:
    """How the ledger stands: of each line the last entry.

    Args:
        entries: Rows of `alert_ledger`: rule, unit, number, to_state.
    """
    columns = ("rule", "unit", "number", "to_state")
    rows = zip(*(entries[name].to_pylist() for name in columns), strict=True)
    ordered = sorted(rows, key=lambda row: row[2])
    return GoingLive({(rule, unit): state for rule, unit, _, state in ordered})
