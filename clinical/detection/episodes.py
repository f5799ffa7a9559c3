"""Episodes: one alert per patient, rule family and band; only worsening alerts again.

Here: which of the moments at which a rule holds become alerts. Not here: the rules.

An episode ends when the rule has not held for 24 hours by the patient's clock, or as long as the
family's manifest says, or when what it rested on turns out to be wrong; what holds after that is a
new episode. Alerts that a context suppresses have episodes of their own, so that lifting
the context lets the alert through. The hours are this project's own choice.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from clinical.detection.manifest import DAY
from clinical.scoring.validity import FORGOTTEN_AFTER, hours

# Unless a family's manifest says otherwise.
EPISODE_ENDS_AFTER = hours(DAY.hours)

# More than any family has bands.
_BANDS = 1 << 10


@dataclass(frozen=True, slots=True)
class Held:
    """Where one rule family holds, in arrival order: number of the key, band, patient's clock.

    An episode of the family is over `ends_after` so long without it.
    """

    key: NDArray[np.int64]
    band: NDArray[np.int64]
    now: NDArray[np.int64]
    ends_after: int = EPISODE_ENDS_AFTER


class Key(NamedTuple):
    """Whose episode: patient, rule family, and the context that suppresses it (or None)."""

    patient: str
    family: str
    suppressed_by: str | None


class Keys(Protocol):
    """Keys by number."""

    def __getitem__(self, number: int, /) -> Key: ...


@dataclass(frozen=True, slots=True)
class Episode:
    """An open episode: its id (that of its first alert), worst band so far, and when last seen."""

    episode_id: str
    band: int
    last_seen: int


class Episodes:
    """Open episodes of a shard."""

    def __init__(self) -> None:
        """Start with none open."""
        self._open: dict[Key, Episode] = {}
        # What each party to a merge brought into it, and who was one with somebody else for a time.
        self._brought: dict[str, dict[Key, Episode]] = {}
        self.parted: set[str] = set()

    def observe(
        self, keys: Keys, held: Held, names: Sequence[int], alert_id: Callable[[int], str]
    ) -> list[tuple[int, str]]:
        """Note where a rule holds; give those that are alerts, each with its episode's id.

        Each place goes by its number in `names`, of which `alert_id` makes an id. Only where a run
        of episodes begins or its band rises is there anything to decide; the rest is found by
        running maxima.
        """
        alerts = []
        runs = _runs(held)
        for place in runs.candidates:
            key, band, now = keys[held.key[place]], int(held.band[place]), int(held.now[place])
            known = self._open.get(key)
            if runs.reopens[place] or (
                runs.opens[place] and _has_ended(known, now, held.ends_after)
            ):
                known = Episode(alert_id(names[place]), 0, now)
            assert known is not None, "the first place of a key opens its episode"  # noqa: S101
            if band > known.band:
                self._open[key] = Episode(known.episode_id, band, now)
                alerts.append((names[place], known.episode_id))
        for place in runs.ends:
            key, now = keys[held.key[place]], int(held.now[place])
            known = self._open[key]
            self._open[key] = Episode(known.episode_id, known.band, now)
        return alerts

    def correct(self, key: Key, band: int) -> None:
        """Take back what an open episode rested on: no more than `band` has been found.

        Without any band left the episode is over, so that the next true finding is an alert.
        """
        known = self._open.pop(key, None)
        if known is not None and band:
            worst = min(band, known.band)
            self._open[key] = Episode(known.episode_id, worst, known.last_seen)

    def recall(self, key: Key, episode_id: str, band: int) -> None:
        """Take an open episode's identity and worst band from the alert that was stored."""
        known = self._open.get(key)
        if known and known.episode_id != episode_id:
            self._open[key] = Episode(episode_id, max(band, known.band), known.last_seen)

    def merge(self, retired: str, surviving: str) -> None:
        """Continue the open episodes of a retired identifier under the surviving one."""
        for name in (retired, surviving):
            self._brought[name] = self._of(name)
        for key in [key for key in self._open if key.patient == retired]:
            moved = Key(surviving, key.family, key.suppressed_by)
            both = [self._open.pop(key), *_present(self._open.get(moved))]
            first = min(both, key=lambda episode: (episode.last_seen, episode.episode_id))
            self._open[moved] = Episode(
                first.episode_id,
                max(episode.band for episode in both),
                max(episode.last_seen for episode in both),
            )

    def part(self, joint: str, parted: Iterable[str]) -> None:
        """Give those who were taken for one patient the episodes that each brought.

        Of what was raised since nobody can tell whom it was about: what still holds of either is an
        alert again.
        """
        for key in self._of(joint):
            del self._open[key]
        for name in parted:
            self._open |= self._brought.pop(name, {})
            self.parted.add(name)

    def _of(self, patient: str) -> dict[Key, Episode]:
        return {key: episode for key, episode in self._open.items() if key.patient == patient}

    def forget(self, now: int) -> None:
        """Drop episodes long ended on the shard's clock: they can no longer hold anything back."""
        ended = [key for key, one in self._open.items() if now - one.last_seen > FORGOTTEN_AFTER]
        for key in ended:
            del self._open[key]


@dataclass(frozen=True, slots=True)
class _Runs:
    """Places to decide on, in arrival order.

    `opens` marks the first place of a key, `reopens` places too long after the one before, and
    `ends` are the last places of keys.
    """

    candidates: list[int]
    opens: NDArray[np.bool_]
    reopens: NDArray[np.bool_]
    ends: list[int]


def _runs(held: Held) -> _Runs:
    if not len(held.key):
        return _Runs([], np.zeros(0, np.bool_), np.zeros(0, np.bool_), [])
    order = np.argsort(held.key, kind="stable")
    key, band, now = held.key[order], held.band[order], held.now[order]
    other = np.ones(len(order), np.bool_)
    other[1:] = key[1:] != key[:-1]
    apart = np.zeros(len(order), np.bool_)
    apart[1:] = ~other[1:] & (now[1:] - now[:-1] > held.ends_after)
    run = np.cumsum(other | apart) * _BANDS
    worst = np.maximum.accumulate(run + band) - run
    rises = other | apart
    rises[1:] |= worst[1:] > worst[:-1]
    opens, reopens = np.zeros((2, len(order)), np.bool_)
    opens[order], reopens[order] = other, apart
    last = np.append(other[1:], True)
    return _Runs(np.sort(order[rises]).tolist(), opens, reopens, order[last].tolist())


def _has_ended(known: Episode | None, now: int, ends_after: int) -> bool:
    return known is None or now - known.last_seen > ends_after


def _present(episode: Episode | None) -> Iterable[Episode]:
    return () if episode is None else (episode,)
