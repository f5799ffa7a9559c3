"""What alerts ask of a ward, and what they are worth to it, counted from what became of them.

Here: load per bed-day, verdicts, and how long people took. Not here: where cases and bed-days come
from (the alert desk).

Drills, technical alarms and what expired untold are no load and are left out. An alert that nobody
ever took has no time to acknowledgement: it is counted apart, since percentiles of those that were
taken would flatter. A positive predictive value is of alerts that staff judged, and of no others.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from clinical.alerts.life import Life


@dataclass(frozen=True, slots=True)
class Lived:
    """What became of one alert. `reason` is the code with which it was declined."""

    unit: str | None
    rule_family: str
    life: Life
    reason: str | None = None
    is_escalated: bool = False
    drill: bool = False
    technical: bool = False


@dataclass(frozen=True, slots=True)
class Load:
    """The alerts of a unit, or of a rule family; all of them where the name is None.

    `never_taken` were closed before anybody took them, `waiting` still ask. `ppv` is None where
    staff judged none, `per_bed_day` where bed-days are not known. `would_have_fired` counts alerts
    of rules in silent state, which nobody was told of.
    """

    name: str | None
    alerts: int
    acknowledged: int
    never_taken: int
    waiting: int
    escalated: int
    confirmed: int
    declined: int
    would_have_fired: int
    bed_days: float | None
    median: timedelta | None
    p90: timedelta | None
    overrides: Mapping[str, int] = field(default_factory=dict)

    @property
    def per_bed_day(self) -> float | None:
        """Alerts per bed and day."""
        return self.alerts / self.bed_days if self.bed_days else None

    @property
    def ppv(self) -> float | None:
        """Of the alerts that staff judged, the part that they confirmed."""
        judged = self.confirmed + self.declined
        return self.confirmed / judged if judged else None


def counts(one: Lived) -> bool:
    """Whether an alert is part of the load."""
    return not (one.drill or one.technical or one.life.state == "expired")


def per_unit(
    lived: Iterable[Lived],
    bed_days: Mapping[str | None, float] | None = None,
    silent: Iterable[str | None] = (),
) -> list[Load]:
    """Load of each unit, the heaviest first, and last of all units together.

    Args:
        lived: What became of alerts.
        bed_days: Of each unit, in the same time.
        silent: Units of alerts whose rule is in silent state.
    """
    kept = [one for one in lived if counts(one)]
    fired, beds = Counter(silent), bed_days or {}
    names = {one.unit for one in kept} | set(fired) | set(beds)
    loads = [
        load(name, [one for one in kept if one.unit == name], beds.get(name), fired[name])
        for name in names
        if name is not None
    ]
    whole = load(None, kept, sum(beds.values()) or None, fired.total())
    return [*sorted(loads, key=lambda one: (-one.alerts, one.name or "")), whole]


def per_family(lived: Iterable[Lived], silent: Iterable[str] = ()) -> list[Load]:
    """The same of each rule family; bed-days are a unit's and not asked for here."""
    kept = [one for one in lived if counts(one)]
    fired = Counter(silent)
    names = {one.rule_family for one in kept} | set(fired)
    loads = [
        load(name, [one for one in kept if one.rule_family == name], None, fired[name])
        for name in names
    ]
    return sorted(loads, key=lambda one: (-one.alerts, one.name or ""))


def load(
    name: str | None, lived: Sequence[Lived], bed_days: float | None = None, fired: int = 0
) -> Load:
    """The load that alerts are, under a name."""
    verdicts = Counter(one.life.verdict for one in lived)
    times = sorted(taken for one in lived if (taken := answered_after(one.life)) is not None)
    untaken = [one.life for one in lived if one.life.acknowledged_at is None]
    waiting = sum(life.is_open for life in untaken)
    return Load(
        name=name,
        alerts=len(lived),
        acknowledged=len(times),
        never_taken=len(untaken) - waiting,
        waiting=waiting,
        escalated=sum(one.is_escalated for one in lived),
        confirmed=verdicts["confirmed"],
        declined=verdicts["declined"],
        would_have_fired=fired,
        bed_days=bed_days,
        median=percentile(times, 50),
        p90=percentile(times, 90),
        overrides=Counter(one.reason for one in lived if one.reason is not None),
    )


def answered_after(life: Life) -> timedelta | None:
    """How long after it was raised somebody first took it; None where nobody did."""
    return None if life.acknowledged_at is None else life.acknowledged_at - life.raised_at


def percentile(times: Sequence[timedelta], percent: int) -> timedelta | None:
    """The smallest of sorted times that so many percent do not exceed; None of none."""
    return times[math.ceil(len(times) * percent / 100) - 1] if times else None
