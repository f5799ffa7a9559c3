"""What alerts ask of a ward, as a page tells it.

Here: tables and measures in words. Not here: how they are counted (clinical/alerts/fatigue.py).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from clinical.alerts.fatigue import Lived, Load, per_family, per_unit
from clinical.alerts.reasons import DECLINE_REASONS
from streaming.desk.case_rows import CaseRow, Entry
from streaming.desk.creating import SILENT_RULE
from streaming.desk.pages import naming

SPANS: Final = (1, 7, 30)
_MINUTE: Final = 60
NONE: Final = "–"  # noqa: RUF001 the dash of an empty cell
_HEADS: Final = (
    *("Alerts", "Per bed-day", "Taken", "Never taken", "Waiting", "Escalated"),
    *("Median to taken", "p90 to taken", "Confirmed", "Declined", "PPV", "Would have fired"),
)


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of all units together."""

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its first column as heading of each row."""

    title: str
    told: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    nothing: str


@dataclass(frozen=True, slots=True)
class Fatigue:
    """The page."""

    measures: tuple[Measure, ...]
    tables: tuple[Table, ...]


def fatigue(
    cases: Iterable[CaseRow],
    entries: Mapping[str, Sequence[Entry]],
    bed_days: Mapping[str | None, float],
) -> Fatigue:
    """The page of some cases; those whose rule is not live in their unit would have fired."""
    told = list(cases)
    silent = [case for case in told if _is_silent(entries.get(case.alert_id, ()))]
    lived = [_lived(case, entries.get(case.alert_id, ())) for case in told]
    units = per_unit(lived, bed_days, [case.unit for case in silent])
    families = per_family(lived, [case.rule_family for case in silent])
    whole = units[-1]
    return Fatigue(
        measures=tuple(_measures(whole)),
        tables=(
            _table("By unit", "Unit", units[:-1], lambda name: name or "no unit"),
            _table("By kind of alert", "Kind", families, lambda name: naming.long(name or "")),
            _overrides(whole),
        ),
    )


def _is_silent(entries: Sequence[Entry]) -> bool:
    return any(entry.event == "expire" and entry.reason == SILENT_RULE for entry in entries)


def _lived(case: CaseRow, entries: Sequence[Entry]) -> Lived:
    declined = [entry.reason for entry in entries if entry.event == "decline"]
    return Lived(
        unit=case.unit,
        rule_family=case.rule_family,
        life=case.life,
        reason=declined[-1] if declined else None,
        is_escalated=any(entry.event == "escalate" for entry in entries),
        drill=case.drill,
        technical=case.technical,
    )


def _measures(whole: Load) -> Iterable[Measure]:
    yield Measure("Alerts", f"{whole.alerts:,}", f"{_rate(whole.per_bed_day)} per bed-day")
    yield Measure(
        "Median until somebody has it",
        _span(whole.median),
        "pager and EHR in trials: 102 to 169 min",
    )
    yield Measure(
        "One in ten waits longer than", _span(whole.p90), f"of {whole.acknowledged} taken"
    )
    yield Measure(
        "Never taken", f"{whole.never_taken:,}", f"and {whole.waiting} still waiting for somebody"
    )
    yield Measure(
        "True, as staff say", _share(whole.ppv), f"of {whole.confirmed + whole.declined} judged"
    )


def _table(
    title: str, head: str, loads: Iterable[Load], called: Callable[[str | None], str]
) -> Table:
    return Table(
        title,
        "Drills, technical alerts and what came too late to tell are left out. "
        "Would have fired: the rule is not live in the unit, and nobody was told.",
        (head, *_HEADS),
        tuple((called(one.name), *_cells(one)) for one in loads),
        "No alert in this time.",
    )


def _cells(one: Load) -> tuple[str, ...]:
    return (
        f"{one.alerts:,}",
        _rate(one.per_bed_day),
        f"{one.acknowledged:,}",
        f"{one.never_taken:,}",
        f"{one.waiting:,}",
        f"{one.escalated:,}",
        _span(one.median),
        _span(one.p90),
        f"{one.confirmed:,}",
        f"{one.declined:,}",
        _share(one.ppv),
        f"{one.would_have_fired:,}",
    )


def _overrides(whole: Load) -> Table:
    counted = sorted(whole.overrides.items(), key=lambda pair: (-pair[1], pair[0]))
    rows = tuple((DECLINE_REASONS.get(code, code), f"{number:,}") for code, number in counted)
    return Table(
        "Why alerts were declined",
        "The reason that staff chose.",
        ("Reason", "Alerts"),
        rows,
        "None was declined.",
    )


def _rate(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"


def _share(value: float | None) -> str:
    return NONE if value is None else f"{value:.0%}"


def _span(span: timedelta | None) -> str:
    if span is None:
        return NONE
    seconds = int(span.total_seconds())
    if seconds < _MINUTE:
        return f"{seconds} s"
    hours, minutes = divmod(round(seconds / _MINUTE), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
