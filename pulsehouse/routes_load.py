"""The load that simulated routes are: per person and shift, and per unit.

Here: counting what a simulation told. Not here: the simulation (clinical/routing/simulation.py), or
how the counts are shown (routes_simulating.py).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence, Set
from typing import Any

from clinical.routing.simulation import Planned, Told


def per_person(told: Sequence[Told], shifts: Iterable[str]) -> list[dict[str, Any]]:
    """Pages of each person, and of each role where nobody had it; the most loaded first."""
    by_person = defaultdict(list)
    for one in told:
        by_person[one.who, one.target.person is not None].append(one)
    names = list(shifts)
    rows = [_person(*who, tellings, names) for who, tellings in by_person.items()]
    return sorted(rows, key=lambda row: (-row["pages"], -row["shown"], row["who"]))


def _person(
    who: str, is_person: bool, told: Sequence[Told], shifts: Sequence[str]
) -> dict[str, Any]:
    pages = [one for one in told if one.is_page]
    of_shift = Counter(one.shift_began for one in pages)
    return {
        "who": who,
        "is_person": is_person,
        "pages": len(pages),
        "shown": len(told) - len(pages),
        "critical": sum(one.subject.severity == "critical" for one in pages),
        "escalations": sum(one.step > 0 for one in pages),
        "overflowed_to": sum(one.target.overflowed_from is not None for one in pages),
        "pages_by_shift": {name: sum(one.shift == name for one in pages) for name in shifts},
        "busiest_shift": max(of_shift.values(), default=0),
    }


def per_unit(planned: Sequence[Planned], told: Sequence[Told], days: float) -> list[dict[str, Any]]:
    """Alerts of each unit and what became of them; the most loaded first.

    One is told to nobody where nobody was told of its whole episode.
    """
    reached = {one.episode for one in told}
    plans, tellings = defaultdict(list), defaultdict(list)
    for one in planned:
        plans[one.subject.unit or ""].append(one)
    for other in told:
        tellings[other.subject.unit or ""].append(other)
    rows = [_unit(unit, plans[unit], tellings[unit], reached) for unit in plans]
    for row in rows:
        row["alerts_per_day"], row["pages_per_day"] = row["alerts"] / days, row["pages"] / days
    return sorted(rows, key=lambda row: (-row["alerts"], row["unit"]))


def _unit(
    unit: str, planned: Sequence[Planned], told: Sequence[Told], reached: Set[str]
) -> dict[str, Any]:
    return {
        "unit": unit,
        "alerts": _alerts(planned),
        "critical": _alerts(one for one in planned if one.subject.severity == "critical"),
        "grouped": _alerts(one for one in planned if one.verdict == "grouped"),
        "inhibited": _alerts(one for one in planned if one.verdict == "inhibited"),
        "told_to_nobody": _alerts(one for one in planned if one.episode not in reached),
        "escalated": _alerts(one for one in told if one.step > 0),
        "pages": sum(one.is_page for one in told),
    }


def _alerts(of: Iterable[Planned | Told]) -> int:
    """How many alerts they are about."""
    return len({one.subject.alert_id for one in of})
