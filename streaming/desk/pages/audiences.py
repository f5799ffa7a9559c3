"""Who hears of a change: boards of the same units are one audience, and are rendered for once.

Here: the audience as a value, and what concerns it. Not here: sending (live.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from streaming.desk.case_rows import CaseRow, Change
from streaming.desk.scopes import Scope

Kind = Literal["board", "wall", "alert"]
# More changes than this at once, and a board is better read anew.
AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Audience:
    """A board of a scope, of one unit of it or all; a wall of a unit; or the page of one alert."""

    kind: Kind
    scope: Scope
    unit: str | None = None
    alert_id: str | None = None

    def concerns(self, unit: str | None, alert_id: str) -> bool:
        """Whether a change of a case on a unit is to be told."""
        if self.kind == "alert":
            return alert_id == self.alert_id
        if unit is None:
            return True
        if self.unit is not None:
            return unit == self.unit
        return self.scope.units is None or unit in self.scope.units

    def shows(self, case: CaseRow) -> bool:
        """Whether the case stands on this board now."""
        return case.life.is_open and self.concerns(case.unit, case.alert_id)


@dataclass(frozen=True, slots=True)
class News:
    """What happened up to a change: which cases, as they stand now, and how many are open."""

    number: int
    changes: tuple[Change, ...]
    cases: Mapping[str, CaseRow]
    counts: Mapping[str | None, Mapping[str, int]]

    def of(self, audience: Audience) -> tuple[str, ...]:
        """The alerts that an audience has to hear of, each once."""
        found = (one.alert_id for one in self.changes if audience.concerns(one.unit, one.alert_id))
        return tuple(dict.fromkeys(found))


def shown_of(audience: Audience, news: News) -> list[CaseRow]:
    """The cases of the news that stand on a board."""
    told: Iterable[CaseRow | None] = (news.cases.get(one) for one in news.of(audience))
    return [case for case in told if case is not None and audience.shows(case)]
