"""Where each patient is, as far as the messages so far say.

Here: the newest point of care by patient and message, over merges. Not here: the whole location
timeline (marts).
"""

from collections import defaultdict

import pyarrow as pa


class Locations:
    """Points of care of a shard's patients; a batch is learnt, merged, asked, then settled.

    An event under a retired identifier is one of the survivor's from the merge on. However a feed
    is cut into batches, the same message finds a patient in the same place.
    """

    def __init__(self) -> None:
        self._units: dict[str, str] = {}
        self._survivors: dict[str, str] = {}
        self._batch: dict[str, list[tuple[int, str]]] = defaultdict(list)

    def learn(self, events: pa.Table | None) -> None:
        """Take a batch of encounter events in arrival order."""
        if events is None:
            return
        for row in events.select(["patient_id", "message", "unit"]).to_pylist():
            if row["unit"]:
                whose = self._survivors.get(row["patient_id"], row["patient_id"])
                self._batch[whose].append((row["message"], row["unit"]))

    def unit_of(self, patient_id: str, message: int) -> str | None:
        """The patient's unit once a message of the batch was known."""
        for known_at, unit in reversed(self._batch.get(patient_id, ())):
            if known_at <= message:
                return unit
        return self._units.get(patient_id)

    def merge(self, retired: str, surviving: str, message: int) -> None:
        """From this message of the batch on, two identifiers (both survivors so far) are one.

        The patient lies where the retired identifier was, unless the survivor is known to lie.
        """
        if retired == surviving:
            return
        was, stays = (self.unit_of(name, message - 1) for name in (retired, surviving))
        moves = [move for move in self._batch.pop(retired, []) if move[0] >= message]
        inherited = [(message, was)] if stays is None and was is not None else []
        if moves or inherited:
            # Stable: of one message what was inherited comes first, then what the message says.
            told = [*inherited, *self._batch[surviving], *moves]
            self._batch[surviving] = sorted(told, key=lambda move: move[0])
        self._units.pop(retired, None)
        for name, into in self._survivors.items():
            if into == retired:
                self._survivors[name] = surviving
        self._survivors[retired] = surviving

    def settle(self) -> None:
        """Make the batch's newest units the known ones."""
        for patient_id, moves in self._batch.items():
            self._units[patient_id] = moves[-1][1]
        self._batch.clear()
