"""Two rule versions on the same facts, alert by alert.

Here: which alerts stand in only one, and which came earlier or later. Not here: running them.

Alerts of one patient and rule family are paired in order of time, each with the nearest unpaired
one of the other version that lies within an episode of its family; what finds no partner stands
alone. A partner of another band is a changed severity.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from clinical.detection.episodes import EPISODE_ENDS_AFTER
from clinical.detection.manifest import MANIFESTS
from clinical.scoring.validity import hours

Kind = Literal["same", "earlier", "later", "only_new", "only_against"]
KINDS: tuple[Kind, ...] = ("same", "earlier", "later", "only_new", "only_against")


class Sent(NamedTuple):
    """An alert as it is compared."""

    patient: str
    family: str
    at: int
    band: int
    rule: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One alert, or two that are one: `minutes` is how much later the new version came."""

    kind: Kind
    patient: str
    family: str
    new: Sent | None
    against: Sent | None

    @property
    def minutes(self) -> float | None:
        """Minutes from the alert of `against` to that of `new`; null where one stands alone."""
        if self.new is None or self.against is None:
            return None
        return (self.new.at - self.against.at) / 60_000_000

    @property
    def changes_band(self) -> bool:
        """Whether both have it, at another band."""
        if self.new is None or self.against is None:
            return False
        return self.new.band != self.against.band


def same_within(family: str) -> int:
    """Microseconds: alerts further apart than an episode of their family are not the same alert.

    A family that only the other version has is held to last the day of most.
    """
    known = MANIFESTS.get(family)
    return hours(known.episode.hours) if known else EPISODE_ENDS_AFTER


def differences(new: Sequence[Sent], against: Sequence[Sent]) -> list[Difference]:
    """Every alert of both versions, paired or alone, by patient, family and time."""
    sides = [_grouped(one) for one in (new, against)]
    found: list[Difference] = []
    for key in sorted({*sides[0], *sides[1]}):
        found += _paired(key, sides[0].get(key, []), sides[1].get(key, []))
    return found


def counted(found: Sequence[Difference]) -> Mapping[str, Mapping[Kind, int]]:
    """By rule family, how many of each kind."""
    counts: dict[str, dict[Kind, int]] = defaultdict(lambda: dict.fromkeys(KINDS, 0))
    for one in found:
        counts[one.family][one.kind] += 1
    return dict(sorted(counts.items()))


def _grouped(alerts: Sequence[Sent]) -> Mapping[tuple[str, str], list[Sent]]:
    groups: dict[tuple[str, str], list[Sent]] = defaultdict(list)
    for one in sorted(alerts, key=lambda sent: (sent.at, sent.band)):
        groups[one.patient, one.family].append(one)
    return groups


def _paired(
    key: tuple[str, str], new: Sequence[Sent], against: Sequence[Sent]
) -> Iterator[Difference]:
    """Nearest pairs first, so that a shifted alert is not taken for two others."""
    within = same_within(key[1])
    near = sorted(
        (abs(ours.at - theirs.at), abs(ours.band - theirs.band), one, other)
        for one, ours in enumerate(new)
        for other, theirs in enumerate(against)
        if abs(ours.at - theirs.at) <= within
    )
    ours_left, theirs_left = set(range(len(new))), set(range(len(against)))
    for _, _, one, other in near:
        if one in ours_left and other in theirs_left:
            ours_left.discard(one)
            theirs_left.discard(other)
            yield Difference(_kind(new[one], against[other]), *key, new[one], against[other])
    yield from (Difference("only_new", *key, new[one], None) for one in sorted(ours_left))
    yield from (Difference("only_against", *key, None, against[one]) for one in sorted(theirs_left))


def _kind(new: Sent, against: Sent) -> Kind:
    if new.at == against.at:
        return "same"
    return "earlier" if new.at < against.at else "later"
