"""Alerts of the past replayed through routes: who would have been told, when, and how often.

Here: the replay, by the rules that the desk works by (`decide`, `next_step_at`, `plan`). Not here:
where the alerts come from, or how the load is counted and shown.

Nobody knows how people would have answered. It is taken that somebody takes each alert so long
after its first telling and closes it so long after that, whoever they are.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from clinical.alerts import Act, Life, Refusal, decide, next_step_at, raised
from clinical.routing.planning import plan
from clinical.routing.routes import PASSIVE, Routes
from clinical.routing.schedules import shift
from clinical.routing.subject import OpenCase, Plan, Situation, Step, Subject, Target, Verdict

_What = Literal["ask", "first", "step", "take", "close", "give up"]
# An alert that nobody ever takes is withdrawn after so long, so that a replay ends.
GIVEN_UP = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Answers:
    """How people are taken to answer; `taken` is None where nobody ever takes an alert."""

    taken: timedelta | None
    closed: timedelta


@dataclass(frozen=True, slots=True)
class Happened:
    """An alert of the past, and the episode that it belongs to."""

    subject: Subject
    episode: str


@dataclass(frozen=True, slots=True)
class Told:
    """A person, or a role where nobody has it, told once. A page rings; the rest is only shown."""

    at: datetime
    target: Target
    subject: Subject
    episode: str
    step: int
    shift: str
    shift_began: datetime
    is_page: bool

    @property
    def who(self) -> str:
        """The person, or the role."""
        return self.target.person or self.target.role


@dataclass(frozen=True, slots=True)
class Planned:
    """What became of an asking: told, or kept from being told."""

    subject: Subject
    episode: str
    verdict: Verdict


@dataclass(slots=True)
class _Case:
    """An episode that is open."""

    episode: str
    subject: Subject
    life: Life
    plan: Plan
    told_at: datetime | None = None


@dataclass(slots=True)
class Simulation:
    """A replay, and what it has told so far."""

    routes: Routes
    answers: Answers
    told: list[Told] = field(default_factory=list)
    planned: list[Planned] = field(default_factory=list)
    _open: dict[str, _Case] = field(default_factory=dict)
    _patients: dict[str | None, dict[str, _Case]] = field(default_factory=dict)
    _pages: Counter[tuple[str, datetime]] = field(default_factory=Counter)
    # When, in which order, what, of which episode and asking. Who answers at the moment of a step
    # answers before it.
    _due: list[tuple[datetime, bool, int, _What, str, int]] = field(default_factory=list)
    _pushed: int = 0

    def replay(self, alerts: Iterable[Happened]) -> Iterator[Happened]:
        """Replay alerts, in the order in which they were raised; each is given back once done.

        After the last of them time goes on until everything is closed.
        """
        for alert in alerts:
            self._go_on(alert.subject.raised_at)
            self._raise(alert)
            yield alert
        self._go_on(None)

    def _go_on(self, moment: datetime | None) -> None:
        """Let happen what is due up to a moment."""
        while self._due and (moment is None or self._due[0][0] <= moment):
            at, _, _, what, episode, asking = heapq.heappop(self._due)
            case = self._open.get(episode)
            if case is not None and asking == case.life.asking and _may(what, case.life):
                self._happen(what, case, at)

    def _happen(self, what: _What, case: _Case, at: datetime) -> None:
        match what:
            case "ask":
                self._ask_anew(case, at)
            case "first":
                self._first(case, at)
            case "step":
                self._step(case, at)
            case "take":
                self._take(case, at)
            case "close" | "give up":
                self._close(case, at)

    def _push(self, at: datetime, what: _What, case: _Case) -> None:
        """Note what is to come, unless the case begins to ask anew before."""
        self._pushed += 1
        due = (at, what != "take", self._pushed, what, case.episode, case.life.asking)
        heapq.heappush(self._due, due)

    def _raise(self, alert: Happened) -> None:
        subject, at = alert.subject, alert.subject.raised_at
        case = self._open.get(alert.episode)
        if case is None:
            life = raised(subject.alert_id, subject.severity, at)
            case = _Case(alert.episode, subject, life, _NOTHING)
            self._open[alert.episode] = case
            self._patients.setdefault(subject.patient, {})[alert.episode] = case
        else:
            case.life = _done(case.life, Act("worsen", at, severity=subject.severity))
            case.subject = replace(subject, severity=case.life.severity)
        self._push(at + GIVEN_UP, "give up", case)
        self._ask(case, at)

    def _ask(self, case: _Case, at: datetime) -> None:
        """Plan a case; what hides it lets it be asked again."""
        since = case.life.asked_at
        case.plan = plan(self.routes, case.subject, at, self._beside(case, at), since)
        self.planned.append(Planned(case.subject, case.episode, case.plan.verdict))
        if case.plan.until is not None:
            self._push(case.plan.until, "ask", case)
            return
        first = max(at, since + case.plan.steps[0].after)
        self._push(first, "first", case)
        self._push_step(case, at)
        if self.answers.taken is not None:
            self._push(first + self.answers.taken, "take", case)

    def _ask_anew(self, case: _Case, at: datetime) -> None:
        """What hid it has ended: it begins to ask only now."""
        if case.plan.until is not None:
            case.life = replace(case.life, asked_at=at, asking=case.life.asking + 1)
            self._push(at + GIVEN_UP, "give up", case)
            self._ask(case, at)

    def _push_step(self, case: _Case, at: datetime) -> None:
        due = next_step_at(case.life, case.plan.chain, case.plan.repeat)
        if due is not None:
            self._push(max(at, due), "step", case)

    def _beside(self, case: _Case, at: datetime) -> Situation:
        others = (self._patients[case.subject.patient] if case.subject.patient else {}).values()
        cases = [OpenCase(one.subject, one.life.state, one.told_at) for one in others]
        began = shift(self.routes, at)[1]
        return Situation(pages=_InShift(self._pages, began), cases=cases)

    def _first(self, case: _Case, at: datetime) -> None:
        for step in case.plan.steps[: case.life.step + 1]:
            self._tell(case, step, at)

    def _step(self, case: _Case, at: datetime) -> None:
        case.life = _done(case.life, Act("escalate", at))
        last = len(case.plan.steps) - 1
        self._tell(case, case.plan.steps[min(case.life.step, last)], at)
        self._push_step(case, at)

    def _tell(self, case: _Case, step: Step, at: datetime) -> None:
        name, began = shift(self.routes, at)
        for target in step.targets:
            kinds = {self.routes.receivers[one].kind for one in target.receivers}
            is_page = not kinds <= PASSIVE
            about = (case.subject, case.episode, step.number)
            self.told.append(Told(at, target, *about, name, began, is_page))
            case.told_at = at
            if target.person is not None and not case.subject.drill:
                self._pages[target.person, began] += 1

    def _take(self, case: _Case, at: datetime) -> None:
        told = (one.person or one.role for step in case.plan.steps for one in step.targets)
        case.life = _done(case.life, Act("acknowledge", at, by=next(told, "somebody")))
        self._push(at + self.answers.closed, "close", case)

    def _close(self, case: _Case, at: datetime) -> None:
        case.life = _done(case.life, Act("resolve", at, reason="end of the simulated case"))
        del self._open[case.episode]
        beside = self._patients[case.subject.patient]
        del beside[case.episode]
        for other in [one for one in beside.values() if one.plan.by == case.subject.alert_id]:
            self._ask_anew(other, at)


@dataclass(frozen=True, slots=True)
class _InShift(Mapping[str, int]):
    """Pages of people since a shift began."""

    pages: Counter[tuple[str, datetime]]
    began: datetime

    def __getitem__(self, person: str) -> int:
        return self.pages[person, self.began]

    def __iter__(self) -> Iterator[str]:
        return (person for person, began in self.pages if began == self.began)

    def __len__(self) -> int:
        return sum(1 for _ in self)


# What does not happen any more once somebody has the case.
_UNTAKEN: frozenset[_What] = frozenset({"ask", "first", "step", "take", "give up"})
_NOTHING = Plan((), "notify", "", (), timedelta(0))


def _may(what: _What, life: Life) -> bool:
    return not (life.is_taken and what in _UNTAKEN)


def _done(life: Life, act: Act) -> Life:
    after = decide(life, act)
    # The replay does nothing that the table refuses: it would be a fault of the replay.
    assert not isinstance(after, Refusal), after.why  # noqa: S101
    return after
