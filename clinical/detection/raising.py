"""Where a finding becomes an alert: episodes, contexts, and the alert's identity.

Here: the moments of one batch at which a rule family alerts, raised or suppressed. Not here: the
rules, or the stored form (alert_rows.py).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from clinical.detection.alert_rows import Raised
from clinical.detection.effects import applied, suppressed, suppressors
from clinical.detection.episodes import Episodes, Held, Key
from clinical.detection.finding import Finding
from clinical.detection.location import Locations
from clinical.detection.manifest import Manifest, manifest_of
from clinical.scoring.engine import Moments
from clinical.scoring.validity import hours

_PROVENANCE = ("feed", "partition", "offset", "received_at", "facility")


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
            (finding, *alert)
            for finding in findings
            for alert in self._alerts(moments, finding, manifest_of(finding.family), signals)
        ]
        contexts = applied(moments, [(finding, moment) for finding, moment, _, _ in found])
        for (finding, moment, episode_id, key), held in zip(found, contexts, strict=True):
            message = signals["message"][int(moments.first[moment])].as_py()
            unit = self.locations.unit_of(key.patient, message)
            name = alert_id(signals, moments, moment, finding.family)
            yield Raised(moment, finding, name, episode_id, key.suppressed_by, unit, held)

    def _alerts(
        self, moments: Moments, finding: Finding, manifest: Manifest, signals: pa.Table
    ) -> Iterator[tuple[int, str, Key]]:
        """Moment, episode and key of each alert; what was withdrawn closes episodes in between."""
        wrong = moments.withdrawn(finding.rests_on)
        at = np.flatnonzero((finding.band > 0) | wrong)
        if not len(at):
            return
        encoded = moments.patient.take(pa.array(at)).dictionary_encode()
        reasons = (None, *suppressors(manifest))
        keys = [
            Key(name, finding.family, reason)
            for name in encoded.dictionary.to_pylist()
            for reason in reasons
        ]
        patient = encoded.indices.to_numpy().astype(np.int64)
        true = finding.band if finding.stands is None else np.maximum(finding.band, finding.stands)
        number = patient * len(reasons) + suppressed(manifest, finding, moments, at)

        @cache
        def name_of(place: int) -> str:
            return alert_id(signals, moments, int(at[place]), finding.family)

        begin, ends_after = 0, hours(manifest.episode.hours)
        for end in [*np.flatnonzero(wrong[at]).tolist(), len(at)]:
            part = begin + np.flatnonzero(finding.band[at[begin:end]])
            held = Held(number[part], finding.band[at[part]], moments.now[at[part]], ends_after)
            for place, episode_id in self.episodes.observe(keys, held, part.tolist(), name_of):
                yield int(at[place]), episode_id, keys[number[place]]
            if end < len(at):
                first = int(patient[end]) * len(reasons)
                for key in keys[first : first + len(reasons)]:
                    self.episodes.correct(key, int(true[at[end]]))
            begin = end


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
