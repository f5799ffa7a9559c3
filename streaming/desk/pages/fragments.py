"""What a change looks like on an open board: the rows that changed, those that went, the tally.

Here: rendering news for an audience, each row once for all boards. Not here: who hears of it
(audiences.py), or sending (live.py). A row is the same for every viewer: whose it is, the browser
knows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from jinja2 import Environment

from streaming.desk.case_rows import CaseRow
from streaming.desk.desk import Desk
from streaming.desk.pages.audiences import AT_ONCE, Audience, News
from streaming.desk.pages.boards import rows_of
from streaming.desk.pages.rows import key, tally
from streaming.desk.pages.views import Row

_TEMPLATES = {"board": "row.html", "wall": "wall_row.html"}


@dataclass(frozen=True, slots=True)
class Message:
    """One event of the stream; `number` is that of the newest change in it."""

    event: str
    data: str
    number: int | None = None
    alerts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fragments:
    """The rendered rows of some news, by template and alert."""

    desk: Desk
    templates: Environment
    news: News
    now: datetime
    rows: Mapping[str, Row]
    rendered: dict[tuple[str, str], str]

    @classmethod
    def of(
        cls, desk: Desk, templates: Environment, news: News, audiences: Iterable[Audience]
    ) -> "Fragments":
        """Made ready for the audiences: what none of them shows is not asked about."""
        now = desk.clock.now()
        asked = list(audiences)
        wanted = {
            case.alert_id: case
            for case in news.cases.values()
            if any(one.kind != "alert" and one.shows(case) for one in asked)
        }
        rows = {row.alert_id: row for row in rows_of(desk, list(wanted.values()), now)}
        return cls(desk, templates, news, now, rows, {})

    def message(self, audience: Audience) -> Message | None:
        """What an audience hears; None where nothing concerns it."""
        alerts = self.news.of(audience)
        if not alerts:
            return None
        if audience.kind == "alert":
            return Message("rows", "", self.news.number, alerts)
        if len(alerts) > AT_ONCE:
            return Message("whole", "", self.news.number)
        parts = [self._part(audience, alert_id) for alert_id in alerts]
        parts.append(self._tally(audience))
        return Message("rows", "".join(parts), self.news.number, alerts)

    def _part(self, audience: Audience, alert_id: str) -> str:
        case = self.news.cases.get(alert_id)
        if case is None or not audience.shows(case):
            return f'<p data-gone="case-{key(alert_id)}"></p>'
        return self._row(_TEMPLATES[audience.kind], case)

    def _row(self, template: str, case: CaseRow) -> str:
        place = (template, case.alert_id)
        if place not in self.rendered:
            values = {"row": self.rows[case.alert_id], "now": self.now, "csrf": ""}
            self.rendered[place] = self.templates.get_template(template).render(values)
        return self.rendered[place]

    def _tally(self, audience: Audience) -> str:
        units = audience.scope.units
        counts = {
            unit: of
            for unit, of in self.news.counts.items()
            if unit is None or units is None or unit in units
        }
        told = tally(counts, audience.unit)
        return self.templates.get_template("tally.html").render(tally=told, now=self.now, csrf="")
