"""The reference: the law in plain Python, for reading and for checking the engine.

Here: one patient's fold, one message at a time. Not here: speed; the stream and the nightly replay
run `engine`, which must give the same rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from clinical.concepts import CONCEPTS, round_value
from clinical.scores import SCORES
from clinical.scores.definition import Score, WindowScore
from clinical.scoring.assessment import Assessment
from clinical.scoring.bounds import exact_value
from clinical.scoring.inputs import Panel, Reading, concepts_of, derive
from clinical.scoring.memory import MEMORY, WINDOWED
from clinical.scoring.plain_laws import assess
from clinical.scoring.validity import LOOKBACK
from clinical.scoring.window_assessment import Past


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing the fold learns: a concept's value at a clinical time, or its withdrawal (`void`).

    `source` points at the stored row: (feed, partition, offset, row). `arrival` is its place in the
    order in which the facility learnt; of the versions of one signal the one with the highest
    `written` stands, of equals the later arrival. Times are microseconds, UTC.
    """

    concept: str
    effective_at: int
    value: float
    signal_id: str
    source: tuple[str, int, int, int]
    arrival: int
    void: bool = False
    written: int = 0


@dataclass(frozen=True, slots=True)
class PatientState:
    """What is known of one patient: the last word on each signal, and the clock.

    A withdrawal is a word too: what it withdraws may come after it.
    """

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
    after = _learn(replace(state, clock=max(state.clock, received_at)), signals)
    old, new = _current(before, after.clock), _current(after, after.clock)
    changed = {name for name in LOOKBACK if _moved(old.get(name), new.get(name))}
    panel = derive(_panel(new, after.clock), after.clock)
    heard, revised = _heard(before, after)
    told = _Told(panel, changed, heard, revised, past(after), after.clock)
    rows = (_row(score, told) for score in SCORES)
    return after, [row for row in rows if row is not None]


def merge(surviving: PatientState, retired: PatientState) -> PatientState:
    """One patient out of two, as if every signal had been learnt of the surviving one."""
    clock = max(surviving.clock, retired.clock)
    both = sorted(
        (signal for state in (surviving, retired) for known in state.versions.values()
         for signal in known.values() if _is_remembered(signal, clock)),
        key=lambda signal: signal.arrival,
    )  # fmt: skip
    return _learn(PatientState(clock=clock), both)


def _learn(state: PatientState, signals: Iterable[Signal]) -> PatientState:
    versions = {concept: dict(known) for concept, known in state.versions.items()}
    for signal in signals:
        known = versions.setdefault(signal.concept, {})
        before = known.get(signal.signal_id)
        is_overruled = before and before.written > signal.written
        if not (before and is_overruled and _is_remembered(before, state.clock)):
            known[signal.signal_id] = signal
    return PatientState(versions, state.clock)


def _is_remembered(signal: Signal, now: int) -> bool:
    return now - signal.effective_at <= MEMORY[signal.concept]


def _values(known: Mapping[str, Signal]) -> list[Signal]:
    """The signals that were not withdrawn."""
    return [signal for signal in known.values() if not signal.void]


def _current(state: PatientState, now: int) -> Mapping[str, Signal]:
    """The value of each concept: newest in clinical time, ties to the later arrival."""
    newest = {}
    for concept, known in state.versions.items():
        if values := _values(known):
            signal = max(values, key=lambda one: (one.effective_at, one.arrival))
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


def past(state: PatientState) -> Past:
    """All that is known of the concepts that windows rest on."""
    return {
        concept: [
            Reading(concept, exact_value(one.value), one.effective_at, one.source, one.arrival)
            for one in sorted(_values(known), key=lambda one: (one.effective_at, one.arrival))
        ]
        for concept, known in state.versions.items()
    }


def _heard(before: PatientState, after: PatientState) -> tuple[set[str], set[str]]:
    """Concepts of windows of which any fact not forgotten changed; and where a known one did."""
    heard, revised = set(), set()
    for concept in WINDOWED:
        old, new = (_facts(state, concept, after.clock) for state in (before, after))
        if old != new:
            heard.add(concept)
        if any(new.get(name) != fact for name, fact in old.items()):
            revised.add(concept)
    return heard, revised


def _facts(state: PatientState, concept: str, now: int) -> dict[str, tuple[int, float]]:
    return {
        name: (one.effective_at, one.value)
        for name, one in state.versions.get(concept, {}).items()
        if not one.void and _is_remembered(one, now)
    }


def _row(score: Score, told: "_Told") -> ScoreRow | None:
    names = told.heard if isinstance(score, WindowScore) else told.changed
    touched = {name for name in score.depends_on if names.intersection(concepts_of(name))}
    if not touched:
        return None
    assessment = assess(score, told.panel, told.now, told.past)
    lost = touched.intersection(score.inputs).difference(told.panel.current)
    if isinstance(score, WindowScore):
        lost = touched.intersection(told.revised)
    if assessment.lacks_an_input and not lost:
        return None
    return ScoreRow(score, assessment)


@dataclass(frozen=True, slots=True)
class _Told:
    """What one message led to: the panel, what changed, and what is known for windows."""

    panel: Panel
    changed: set[str]
    heard: set[str]
    revised: set[str]
    past: Past
    now: int
