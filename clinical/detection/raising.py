"""Where a finding becomes an alert: episodes, contexts, and the alert's identity.

Here: the moments of one batch at which a rule family alerts, raised or suppressed. Not here: the
rules, or the stored form (alert_rows.py).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clinical.detection.alert_rows import Raised
from clinical.detection.effects import applied, suppressed, suppressors
from clinical.detection.episodes import Episodes, Held, Key
from clinical.detection.finding import Finding
from clinical.detection.location import Locations
from clinical.detection.manifest import manifest_of
from clinical.scoring.engine import Moments
from clinical.scoring.validity import hours

_PROVENANCE = ("feed", "partition", "offset", "received_at", "facility")
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Raising:
    """What decides on alerts: the open episodes of a shard, and where its patients are."""

    episodes: Episodes
    locations: Locations

    def observe(
        self, moments: Moments, findings: Iterable[Finding], signals: pa.Table
    ) -> Iterator[Raised]:
        """The moments at which findings are alerts, raised or suppressed."""
        found = [
            (due.finding, *alert)
            for due in _due(moments, findings)
            for alert in self._alerts(moments, due, signals)
        ]
        contexts = applied(moments, [(finding, moment) for finding, moment, _, _ in found])
        for (finding, moment, episode_id, key), held in zip(found, contexts, strict=True):
            message = signals["message"][int(moments.first[moment])].as_py()
            unit = self.locations.unit_of(key.patient, message)
            name = alert_id(signals, moments, moment, finding.family)
            yield Raised(moment, finding, name, episode_id, key.suppressed_by, unit, held)

    def _alerts(
        self, moments: Moments, due: "_Due", signals: pa.Table
    ) -> Iterator[tuple[int, str, Key]]:
        """Moment, episode and key of each alert; what was withdrawn closes episodes in between."""
        finding, at, keys = due.finding, due.at, due.keys
        true = finding.band if finding.stands is None else np.maximum(finding.band, finding.stands)
        number = due.patient * len(keys.reasons) + due.reason

        @cache
        def name_of(place: int) -> str:
            return alert_id(signals, moments, int(at[place]), finding.family)

        begin, ends_after = 0, hours(manifest_of(finding.family).episode.hours)
        for end in [*np.flatnonzero(due.wrong).tolist(), len(at)]:
            part = begin + np.flatnonzero(finding.band[at[begin:end]])
            held = Held(number[part], finding.band[at[part]], moments.now[at[part]], ends_after)
            for place, episode_id in self.episodes.observe(keys, held, part.tolist(), name_of):
                yield int(at[place]), episode_id, keys[number[place]]
            if end < len(at):
                first = int(due.patient[end]) * len(keys.reasons)
                for reason in range(len(keys.reasons)):
                    self.episodes.correct(keys[first + reason], int(true[at[end]]))
            begin = end


@dataclass(frozen=True, slots=True)
class _Keys:
    """The episodes that a family may have with the patients of a batch, by number."""

    family: str
    patients: Sequence[str]
    reasons: Sequence[str | None]

    def __getitem__(self, number: int) -> Key:
        patient, reason = divmod(number, len(self.reasons))
        return Key(self.patients[patient], self.family, self.reasons[reason])


@dataclass(frozen=True, slots=True)
class _Due:
    """A finding where it holds, or where what it rested on was withdrawn (`wrong`).

    Of each such moment the patient's number, and that of the reason to suppress it.
    """

    finding: Finding
    at: Ints
    wrong: NDArray[np.bool_]
    patient: Ints
    reason: Ints
    keys: _Keys


def _keys(family: str, patients: Sequence[str]) -> _Keys:
    return _Keys(family, patients, (None, *suppressors(manifest_of(family))))


def _due(moments: Moments, findings: Iterable[Finding]) -> list[_Due]:
    """Findings where there is anything to decide; contexts are asked once for all of them."""
    told = []
    for finding in findings:
        wrong = moments.withdrawn(finding.rests_on)
        if len(at := np.flatnonzero((finding.band > 0) | wrong)):
            told.append((finding, at, wrong[at]))
    if not told:
        return []
    encoded = moments.patient.dictionary_encode()
    patient, names = encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist()
    reasons = suppressed(moments, [(finding, at) for finding, at, _ in told])
    return [
        _Due(finding, at, wrong, patient[at], reason, _keys(finding.family, names))
        for (finding, at, wrong), reason in zip(told, reasons, strict=True)
    ]


def message_of(signals: pa.Table, moments: Moments, at: int) -> dict[str, Any]:
    """Provenance and facility of the message of a moment."""
    first = int(moments.first[at])
    return {name: signals[name][first].as_py() for name in _PROVENANCE}


def alert_id(signals: pa.Table, moments: Moments, at: int, family: str) -> str:
    """Deterministic: the same facts raise the same alert."""
    return _named(message_of(signals, moments, at), family, _ordinal(moments, at))


def _named(message: Mapping[str, Any], family: str, ordinal: int) -> str:
    place = f"{message['feed']}-{message['partition']}-{message['offset']}"
    return f"{place}-{family}" if ordinal == 0 else f"{place}.{ordinal}-{family}"


def _ordinal(moments: Moments, at: int) -> int:
    """Place of the moment among those of its message: 0 but for a second patient."""
    ordinal = 0
    while at > 0 and moments.message[at - 1] == moments.message[at]:
        at, ordinal = at - 1, ordinal + 1
    return ordinal
