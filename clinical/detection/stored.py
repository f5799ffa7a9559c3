"""Stored alerts, read back in the order in which they were raised.

Here: the latest of each patient, family and suppression up to a message, so that whoever is taken
for another for a time can be given back what was stored of each before. Not here: the episodes
that are taken up from them (episodes.py), or reading the lake (streaming/recollection.py).
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple

import pyarrow as pa

from clinical.detection.episodes import Key


class Latest(NamedTuple):
    """The latest stored alert of a key: its episode, and the band."""

    key: Key
    episode_id: str
    band: int


class Stored:
    """The alerts of the messages that are remembered."""

    def __init__(self) -> None:
        """Start with none."""
        self._latest: dict[Key, Latest] = {}
        self._ahead: list[tuple[int, Latest]] = []

    def read(self, alerts: pa.Table | None) -> None:
        """Put by the alerts of a batch; `message` numbers its messages."""
        for row in [] if alerts is None else alerts.to_pylist():
            key = Key(row["patient_id"], row["rule_family"], row["suppressed_by"])
            self._ahead.append((row["message"], Latest(key, row["episode_id"], row["band"])))

    def pass_by(self, message: int | None = None) -> None:
        """Take those of earlier messages of the batch for known; all of them where None."""
        if not self._ahead:
            return
        waiting = []
        for at, one in self._ahead:
            if message is None or at < message:
                self._latest[one.key] = one
            else:
                waiting.append((at, one))
        self._ahead = waiting

    def of(self, patients: Collection[str]) -> Iterator[Latest]:
        """What is known of some patients."""
        return (one for key, one in self._latest.items() if key.patient in patients)

    def drop(self, patients: Collection[str]) -> None:
        """Forget what was stored while nobody could tell whom it was about."""
        for key in [key for key in self._latest if key.patient in patients]:
            del self._latest[key]
