"""Whether an answer agrees with a case, and why not."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tests.conformance.adapter import Adapter, Answer, NotSupportedError
from tests.conformance.case import Case

Outcome = Literal["agrees", "differs", "not supported"]
# Ratios are published to two decimals.
TOLERANCE = 0.005


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of asking one case; `reason` where it did not agree."""

    case: Case
    outcome: Outcome
    reason: str | None = None


def judge_all(adapter: Adapter, cases: Iterable[Case]) -> list[Verdict]:
    """Ask an implementation every case."""
    return [judge(adapter, case) for case in cases]


def judge(adapter: Adapter, case: Case) -> Verdict:
    """Ask an implementation one case."""
    try:
        answer = adapter.answer(case)
    except NotSupportedError as reason:
        return Verdict(case, "not supported", str(reason))
    difference = _difference(case, answer)
    return Verdict(case, "differs" if difference else "agrees", difference)


def _difference(case: Case, answer: Answer) -> str | None:
    want = case.expected
    if answer.state is not None and answer.state != want.state:
        return f"says {answer.state}, not {want.state}"
    if None not in (answer.missing, want.missing) and answer.missing != want.missing:
        return f"misses {answer.missing}, not {want.missing}"
    if want.total is not None:
        return _wrong_total(want.total, answer.total)
    if answer.state is None and answer.total is not None:
        return f"gives {answer.total:g} as if nothing were wrong: {want.state}"
    return None


def _wrong_total(want: float, given: float | None) -> str | None:
    if given is None:
        return f"gives nothing, not {want:g}"
    return None if abs(given - want) <= TOLERANCE else f"gives {given:g}, not {want:g}"
