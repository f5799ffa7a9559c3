"""All of one alert: why it was raised, who is told, what became of it.

Here: putting the page's values together. Not here: its parts (readings.py, rules.py, histories.py),
or the routes (alert_pages.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from streaming.desk.case_rows import CaseRow
from streaming.desk.desk import Desk
from streaming.desk.pages import naming, readings, times, words
from streaming.desk.pages.asks import Answer, answers
from streaming.desk.pages.boards import rows_of, zone_of
from streaming.desk.pages.histories import Line, Step, lines, steps
from streaming.desk.pages.rules import Rule, rule_of, without_the_stream
from streaming.desk.pages.surroundings import colleagues, picture_of
from streaming.desk.pages.views import Group, Row

# How far back alerts like this one are looked for: an admission, not a life.
PAST: Final = timedelta(days=30)
_PAST_SHOWN: Final = 5
_EFFECTS: Final[Mapping[str, str]] = {
    "suppress": "it would silence the alert",
    "lower": "it lowered the severity",
    "reroute": "it sent the alert to others",
    "mark": "worth knowing",
}


@dataclass(frozen=True, slots=True)
class Known:
    """Something known of the patient that bears on the alert."""

    label: str
    since: datetime | None
    effect: str
    reason: str


@dataclass(frozen=True, slots=True)
class Why:
    """What an alert rests on."""

    groups: tuple[Group, ...]
    contexts: tuple[Known, ...]
    rule: Rule | None
    rules_version: str
    batch: str | None
    as_of: datetime

    @property
    def has_points(self) -> bool:
        """Whether any score told what its parameters gave."""
        return any(one.points is not None for group in self.groups for one in group.readings)


@dataclass(frozen=True, slots=True)
class Detail:
    """An alert's page."""

    row: Row
    why: Why
    answers: tuple[Answer, ...]
    steps: tuple[Step, ...]
    nobody_told: str
    history: tuple[Line, ...]
    past: tuple[Row, ...]


def detail(desk: Desk, case: CaseRow, me: str, now: datetime) -> Detail:
    """Everything that the page of an alert shows."""
    names, zone = colleagues(desk), zone_of(desk)
    return Detail(
        row=rows_of(desk, [case], now)[0],
        why=why(desk, case),
        answers=answers(case, me),
        steps=steps(case, desk.cases.notifications(case.alert_id), names),
        nobody_told=case.plan.why,
        history=lines(desk.cases.entries(case.alert_id), names, zone),
        past=_past(desk, case, now),
    )


def why(desk: Desk, case: CaseRow) -> Why:
    """What an alert rests on, from its own row."""
    told: Mapping[str, Any] = case.payload
    batch_at = readings.when(told.get("batch_at"))
    in_words = times.moment(batch_at, zone_of(desk)) if batch_at else ""
    return Why(
        groups=readings.groups(
            told.get("evidence") or (),
            told.get("missing") or (),
            case.raised_at,
            points_of(desk, case),
        ),
        contexts=tuple(_known(one) for one in told.get("contexts") or ()),
        rule=rule_of(case.rule_family),
        rules_version=str(told.get("rules_version") or "not known"),
        batch=without_the_stream(case.raised_at, batch_at, in_words),
        as_of=case.raised_at,
    )


def points_of(desk: Desk, case: CaseRow) -> readings.Points:
    """What each parameter gave to each score as it stood when the alert was raised."""
    picture = picture_of(desk)
    if picture is None or case.facility is None or case.patient_id is None:
        return readings.NO_POINTS
    return {
        f"{score.score} ({score.variant})": {
            part["parameter"]: part["points"] for part in score.components
        }
        for score in picture.scores(case.facility, case.patient_id, case.raised_at)
    }


def _known(one: Mapping[str, Any]) -> Known:
    label = words.context(one["context"])
    effect = _EFFECTS.get(one["effect"], naming.plain(one["effect"]).lower())
    return Known(label, readings.when(one["since"]), effect, one["reason"])


def _past(desk: Desk, case: CaseRow, now: datetime) -> tuple[Row, ...]:
    if case.facility is None or case.patient_id is None:
        return ()
    found = desk.cases.of_patient(case.facility, [case.patient_id], since=now - PAST)
    like = [
        one
        for one in found
        if one.rule_family == case.rule_family and one.alert_id != case.alert_id
    ]
    return rows_of(desk, like[:_PAST_SHOWN], now)
