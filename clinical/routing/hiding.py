"""What keeps an alert from being told for now: a silence, a worse alert, one told just before.

Here: what hides an alert, until when, and why. Not here: what becomes of its plan (planning.py).

A drill hides nothing that is real, and nothing real hides a drill. What is not told itself hides
nothing: two alerts can never keep each other quiet.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from clinical.alerts.life import OPEN, rank
from clinical.routing.asked import Asked
from clinical.routing.matching import meets, still_labels
from clinical.routing.subject import OpenCase, Silence, Verdict

# What a worse alert hides is asked anew after so long at the latest, whatever became of that one.
INHIBITED_FOR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Hidden:
    """Why an alert is not told now, by what, and until when (None: its escalation runs)."""

    verdict: Verdict
    by: str
    why: str
    until: datetime | None


def hidden(asked: Asked, group: timedelta | None) -> Hidden | None:
    """What hides an alert: a silence before a worse alert, and that before one told just before."""
    found = (*_silenced(asked), *_inhibited(asked), *_grouped(asked, group))
    return next(iter(found), None)


def _silenced(asked: Asked) -> Iterator[Hidden]:
    held = [one for one in asked.situation.silences if _holds(one, asked)]
    if held:
        last = max(held, key=lambda one: (one.ends_at, one.silence_id))
        why = f"silenced by {last.by} until {last.ends_at:%Y-%m-%d %H:%M}"
        yield Hidden("silenced", last.silence_id, why, last.ends_at)


def _holds(silence: Silence, asked: Asked) -> bool:
    subject = asked.subject
    if not silence.begins_at <= asked.now < silence.ends_at or subject.drill:
        return False
    if subject.severity == "critical" and "critical" not in silence.match.severity:
        return False
    its = silence.patient is None or silence.patient == subject.patient
    return its and meets(silence.match, asked.labels)


def _beside(asked: Asked) -> Iterator[tuple[OpenCase, datetime]]:
    """Open cases of the same patient that may hide it, each with when it was told.

    As real as the alert, asking or taken, told by now, and no less severe. A snoozed one asks
    nobody, and would hide what is new.
    """
    subject = asked.subject
    for case in asked.situation.cases:
        other, told = case.subject, case.told_at
        same = other.patient == subject.patient is not None and other.drill == subject.drill
        awake = case.state in OPEN and case.state != "snoozed"
        if (
            same
            and awake
            and told is not None
            and told <= asked.now
            and other.alert_id != subject.alert_id
            and rank(other.severity) >= rank(subject.severity)
        ):
            yield case, told


def _inhibited(asked: Asked) -> Iterator[Hidden]:
    if not asked.situation.cases:
        return
    rules = [rule for rule in asked.routes.inhibit if meets(rule.target, asked.labels)]
    for case, told in _beside(asked) if rules else ():
        by, ago = case.subject, asked.now - told
        labels = {**asked.labels, **still_labels(by)}
        if any(ago < rule.within and meets(rule.source, labels) for rule in rules):
            why = f"hidden by {by.rule}, which is open for the same patient"
            yield Hidden("inhibited", by.alert_id, why, asked.now + INHIBITED_FOR)


def _grouped(asked: Asked, group: timedelta | None) -> Iterator[Hidden]:
    """An emergency is always told; less joins what the same people were told just before."""
    subject = asked.subject
    if not group or subject.severity == "critical":
        return
    for case, told in _beside(asked):
        by = case.subject
        same = (by.unit, by.route) == (subject.unit, subject.route)
        if same and asked.now - told < group:
            why = f"the same patient was told of with {by.rule}"
            yield Hidden("grouped", by.alert_id, why, None)
