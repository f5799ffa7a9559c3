"""The reference: the law in plain Python, for reading and for checking the engine.

Here: one patient's fold, one message at a time. Not here: speed; the stream and the nightly replay
run `engine`, which must give the same rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from clinical.concepts import CONCEPTS, round_value
from clinical.scores import SCORES
from clinical.scores.definition import Score
from clinical.scoring.assessment import Assessment, assess
from clinical.scoring.inputs import Panel, Reading, concepts_of, derive
from clinical.scoring.validity import LOOKBACK


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing the fold learns: a concept's value at a clinical time, or its withdrawal (`void`).

    `source` points at the stored row: (feed, partition, offset, row). `arrival` is its place in the
    order in which the facility learnt. Times are microseconds, UTC.
    """

    concept: str
    effective_at: int
    value: float
    signal_id: str
    source: tuple[str, int, int, int]
    arrival: int
    void: bool = False


@dataclass(frozen=True, slots=True)
class PatientState:
    """What is known of one patient: the latest version of each signal, and the clock."""

    versions: Mapping[str, Mapping[str, Signal]] = field(default_factory=dict)
    clock: int = 0


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One score after one message."""

    score: Score
    assessment: Assessment


def step(
    state: PatientState, signals: Iterable[Signal], received_at: int
) -> tuple[PatientState, list[ScoreRow]]:
    """Learn one message's signals about one patient; score what they changed.

    A row is given for each score one of whose inputs now has another value or clinical time. One
    that has no number for want of inputs is given only when a message took such an input away.
    """
    before = state
    after = replace(_learn(state, signals), clock=max(state.clock, received_at))
    old, new = _current(before, after.clock), _current(after, after.clock)
    changed = {name for name in LOOKBACK if _moved(old.get(name), new.get(name))}
    panel = derive(_panel(new, after.clock))
    rows = (_row(score, changed, panel, after.clock) for score in SCORES)
    return after, [row for row in rows if row is not None]


def merge(surviving: PatientState, retired: PatientState) -> PatientState:
    """One patient out of two, as if every signal had been learnt of the surviving one."""
    both = sorted(
        (signal for state in (surviving, retired) for known in state.versions.values()
         for signal in known.values()),
        key=lambda signal: signal.arrival,
    )  # fmt: skip
    clock = max(surviving.clock, retired.clock)
    return replace(_learn(PatientState(), both), clock=clock)


def _learn(state: PatientState, signals: Iterable[Signal]) -> PatientState:
    versions = {concept: dict(known) for concept, known in state.versions.items()}
    for signal in signals:
        known = versions.setdefault(signal.concept, {})
        known.pop(signal.signal_id, None)
        if not signal.void:
            known[signal.signal_id] = signal
    return PatientState(versions, state.clock)


def _current(state: PatientState, now: int) -> Mapping[str, Signal]:
    """The value of each concept: newest in clinical time, ties to the later arrival."""
    newest = {}
    for concept, known in state.versions.items():
        if known:
            signal = max(known.values(), key=lambda one: (one.effective_at, one.arrival))
            if now - signal.effective_at <= 2 * LOOKBACK[concept]:
                newest[concept] = signal
    return newest


def _moved(old: Signal | None, new: Signal | None) -> bool:
    if old is None or new is None:
        return old is not new
    return (old.effective_at, old.value) != (new.effective_at, new.value)


def _panel(known: Mapping[str, Signal], now: int) -> Panel:
    current, stale = {}, set()
    for concept, signal in known.items():
        if now - signal.effective_at <= LOOKBACK[concept]:
            value = round_value(signal.value, CONCEPTS[concept].precision)
            current[concept] = Reading(concept, value, signal.effective_at, signal.source)
        else:
            stale.add(concept)
    return Panel(current, frozenset(stale))


def _row(score: Score, changed: set[str], panel: Panel, now: int) -> ScoreRow | None:
    touched = {name for name in score.depends_on if changed.intersection(concepts_of(name))}
    if not touched:
        return None
    assessment = assess(score, panel, now)
    lost = touched.intersection(score.inputs).difference(panel.current)
    if assessment.lacks_an_input and not lost:
        return None
    return ScoreRow(score, assessment)
