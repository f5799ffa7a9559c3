"""Where each patient is, as far as the messages so far say.

Here: the newest point of care by patient and message. Not here: the whole location timeline
(marts).
"""

from collections import defaultdict

import pyarrow as pa


class Locations:
    """Points of care of a shard's patients; a batch is learnt, asked, then settled."""

    def __init__(self) -> None:
        self._units: dict[str, str] = {}
        self._batch: dict[str, list[tuple[int, str]]] = defaultdict(list)

    def learn(self, events: pa.Table | None) -> None:
        """Take a batch of encounter events in arrival order."""
        if events is None:
            return
        for row in events.select(["patient_id", "message", "unit"]).to_pylist():
            if row["unit"]:
                self._batch[row["patient_id"]].append((row["message"], row["unit"]))

    def unit_of(self, patient_id: str, message: int) -> str | None:
        """The patient's unit once a message of the batch was known."""
        for known_at, unit in reversed(self._batch.get(patient_id, ())):
            if known_at <= message:
                return unit
        return self._units.get(patient_id)

    def merge(self, retired: str, surviving: str) -> None:
        """A patient lies where the retired identifier was, unless the survivor is known to lie."""
        if (unit := self._units.get(retired)) is not None:
            self._units.setdefault(surviving, unit)

    def settle(self) -> None:
        """Make the batch's newest units the known ones."""
        for patient_id, moves in self._batch.items():
            self._units[patient_id] = moves[-1][1]
        self._batch.clear()
