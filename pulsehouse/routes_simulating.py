"""`pulsehouse routes simulate`: a lake's alerts replayed through routes, and the load they are.

Here: from what was typed to the load, with progress, and how it is shown. Not here: the replay
(clinical/routing/simulation.py), or the counting (routes_load.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from clinical.routing import Subject
from clinical.routing.simulation import Answers, Happened, Simulation
from lakehouse import catalogue
from lakehouse.lake import Lake
from lakehouse.tables import ALERTS
from pulsehouse import terminal
from pulsehouse.bars import bar
from pulsehouse.deployment import open_lake
from pulsehouse.failure import OK, USAGE, CommandError
from pulsehouse.routes_file import duration_of, opened
from pulsehouse.routes_load import per_person, per_unit
from pulsehouse.routes_testing import spell

NEVER = "never"
# So often the bar moves.
_EVERY = 200


@dataclass(frozen=True, slots=True)
class Days:
    """From the begin of a day until before the begin of another; None is open."""

    since: datetime | None
    until: datetime | None


def run(
    file: Path | None,
    lake: Path | None,
    *,
    days: tuple[str | None, str | None],
    taken: str,
    closed: str,
    as_json: bool,
) -> int:
    """Replay a lake's alerts through routes, and tell the load."""
    routes, name = opened(file)
    answers = Answers(
        None if taken == NEVER else duration_of("--taken-after", taken),
        duration_of("--closed-after", closed),
    )
    wanted = _days(*days)
    alerts = alerts_of(open_lake(lake), wanted)
    simulation = _replayed(Simulation(routes, answers), alerts)
    told = load(simulation, alerts)
    if as_json:
        terminal.emit_json({"file": name, **told})
    else:
        _show(name, told, list(routes.shifts))
    return OK


def _days(since: str | None, until: str | None) -> Days:
    first, last = _day("--from", since), _day("--to", until)
    if first and last and last < first:
        msg = "--to lies before --from"
        raise CommandError(msg, USAGE)
    after = None if last is None else last + timedelta(days=1)
    return Days(first, after)


def _day(option: str, text: str | None) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), time(0), UTC) if text else None
    except ValueError:
        msg = f"{option} {text!r} is no day; a day is written as 2026-01-05"
        raise CommandError(msg, USAGE) from None


def alerts_of(lake: Lake, days: Days) -> list[Happened]:
    """The alerts that were raised, not suppressed, in the order in which they were raised."""
    with catalogue.connect(lake, tables=[ALERTS]) as connection:
        rows = catalogue.query(
            connection, _RAISED, [days.since, days.since, days.until, days.until]
        )
    return [_happened(row) for row in rows.to_pylist()]


_RAISED = """
select
    facility, patient_id, alert_id, episode_id, rule, rule_family, severity, band, unit, route,
    raised_at
from alerts
where
    status = 'raised'
    and (?::timestamptz is null or raised_at >= ?)
    and (?::timestamptz is null or raised_at < ?)
order by raised_at, alert_id
"""


def _happened(row: dict[str, Any]) -> Happened:
    subject = Subject(
        alert_id=row["alert_id"],
        rule=row["rule"],
        rule_family=row["rule_family"],
        severity=row["severity"],
        band=row["band"],
        unit=row["unit"],
        raised_at=row["raised_at"],
        patient=f"{row['facility']}/{row['patient_id']}",
        route=row["route"],
    )
    return Happened(subject, row["episode_id"])


def _replayed(simulation: Simulation, alerts: Sequence[Happened]) -> Simulation:
    with bar(terminal.err()) as progress:
        task = progress.add_task("replaying", total=len(alerts), words="")
        for number, alert in enumerate(simulation.replay(alerts), 1):
            if number % _EVERY == 0:
                words = f"{alert.subject.raised_at:%Y-%m-%d}"
                progress.update(task, completed=number, words=words)
    return simulation


def load(simulation: Simulation, alerts: Sequence[Happened]) -> dict[str, Any]:
    """The stable form of `routes simulate --json`, but the file's name."""
    times = [one.subject.raised_at for one in alerts]
    first, last = (times[0], times[-1]) if times else (None, None)
    days = max((last - first) / timedelta(days=1), 1.0) if first and last else 1.0
    units = per_unit(simulation.planned, simulation.told, days)
    answers = simulation.answers
    return {
        "first": first,
        "last": last,
        "days": days,
        "alerts": len(alerts),
        "taken_after_seconds": answers.taken.total_seconds() if answers.taken else None,
        "closed_after_seconds": answers.closed.total_seconds(),
        "people": per_person(simulation.told, simulation.routes.shifts),
        "units": units,
    }


def _show(name: str, told: dict[str, Any], shifts: Sequence[str]) -> None:
    terminal.show_table(
        "Pages per person",
        ("who", "pages", *shifts, "busiest shift", "critical", "escalations", "overflow", "shown"),
        [_person_row(row, shifts) for row in told["people"]],
    )
    columns = ("alerts", "critical", "grouped", "inhibited", "told_to_nobody", "escalated", "pages")
    terminal.show_table(
        "Alerts per unit",
        ("unit", *(column.replace("_", " ") for column in columns), "pages a day"),
        [_unit_row(row, columns) for row in told["units"]],
    )
    terminal.note(_how(name, told))


def _person_row(row: dict[str, Any], shifts: Sequence[str]) -> tuple[object, ...]:
    who = row["who"] if row["is_person"] else f"({row['who']})"
    by_shift = (row["pages_by_shift"][shift] for shift in shifts)
    rest = ("busiest_shift", "critical", "escalations", "overflowed_to", "shown")
    return (who, row["pages"], *by_shift, *(row[key] for key in rest))


def _unit_row(row: dict[str, Any], columns: Sequence[str]) -> tuple[object, ...]:
    return (row["unit"] or "(unknown)", *(row[key] for key in columns), row["pages_per_day"])


def _how(name: str, told: dict[str, Any]) -> str:
    seconds = told["taken_after_seconds"]
    taken = "nobody takes any"
    if seconds is not None:
        taken = f"each is taken {spell(timedelta(seconds=seconds))} after its first telling"
    closed = spell(timedelta(seconds=told["closed_after_seconds"]))
    return (
        "In brackets: a role that nobody had. "
        f"{told['alerts']:,} alerts in {told['days']:,.1f} days by {name}; {taken} and closed"
        f" {closed} later."
    )
