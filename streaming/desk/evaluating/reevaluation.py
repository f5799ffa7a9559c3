"""Open cases beside what just became known of their patients.

Here: which cases a look at the lake concerns, and what becomes of them: annotated where an input no
longer stands, retracted where nothing would be raised of what stands, moved with their patient. Not
here: how it is found out (revised.py, judging.py), or what a retraction does (cases.py).

Nothing is taken back on a guess: who was merged or parted is only told, and what the rules cannot
find again in memory stays as it is.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

import pyarrow as pa

from clinical.alerts import Act
from lakehouse.tables import IDENTITY_EVENTS
from streaming.desk.case_rows import CaseRow
from streaming.desk.cases import Cases
from streaming.desk.evaluating.judging import judged
from streaming.desk.evaluating.revised import Revised, Row, message_of, place_of, revised
from streaming.desk.picture.kin import Name
from streaming.desk.picture.mirror import News
from streaming.desk.picture.picture import Picture
from streaming.desk.picture.views import Key
from streaming.desk.scopes import Scope
from streaming.desk.store.away import AWAY
from streaming.logs import log

Work = Literal["weigh", "say whose", "follow"]
# What changes what an alert rests on, whose it is, and where its patient is.
_CAUSES: Final[Mapping[Work, tuple[str, ...]]] = {
    "weigh": ("observations", "order_events", "medication_events"),
    "say whose": ("identity_events",),
    "follow": ("encounter_events", "identity_events"),
}
_ALL: Final = 1_000_000
_WORDS: Final[Mapping[str, str]] = {
    "corrected": "was corrected since",
    "withdrawn": "was withdrawn or deleted by its sender since",
    "misfiled": "was withdrawn since: it was another patient's",
    "cancelled": "was cancelled since",
}
_WHOSE: Final = (
    "identifiers of this patient were joined or parted, or a visit moved: check whose values"
    " these are"
)


@dataclass(slots=True)
class Reevaluation:
    """One desk's open cases. For one thread: the one that keeps the picture up.

    `seen` is the newest change of the store that is taken account of, None before the first look;
    `waiting` are cases of which the picture does not have the message yet.
    """

    cases: Cases
    picture: Picture
    seen: int | None = None
    watched: dict[str, CaseRow] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    due: dict[Work, set[str]] = field(default_factory=lambda: {work: set() for work in _CAUSES})

    def step(self, news: News, now: datetime) -> None:
        """Let cases follow this news, and each new case what is known already.

        What cannot be done now, because the store is away, is done with the next step.
        """
        for work, tables in _CAUSES.items():
            self.due[work] |= self._concerned(news, tables)
        self.waiting |= self._refresh()
        fresh = {alert_id for alert_id in self.waiting if self._is_known(alert_id)}
        self.waiting = (self.waiting - fresh) & self.watched.keys()
        for work in self.due:
            self.due[work] |= fresh
        self._each("weigh", self._weigh, now)
        self._each("say whose", self._say_whose, now)
        self._follow(sorted(self.due["follow"] & self.watched.keys()), now)
        self.due["follow"].clear()

    def _each(self, work: Work, done: Callable[[CaseRow, datetime], None], now: datetime) -> None:
        """Do a work for each case that is due; one that fails for its facts fails alone."""
        for alert_id in sorted(self.due[work]):
            if alert_id in self.watched:
                try:
                    done(self.watched[alert_id], now)
                except AWAY:
                    raise
                except Exception as error:
                    log().error("case_not_followed", kind=work, error=type(error).__name__)
            self.due[work].discard(alert_id)

    def _is_known(self, alert_id: str) -> bool:
        """Whether the picture has the message of a case: before, it knows less than the alert."""
        alert = self.watched.get(alert_id)
        return alert is not None and self.picture.has(*message_of(alert.payload))

    def _refresh(self) -> set[str]:
        """The open cases as they are now; those that were not watched before."""
        newest = self.cases.newest_change()
        if newest == self.seen:
            return set()
        before = set(self.watched)
        changed = self._changed(newest)
        self.seen = newest
        self.watched |= {case.alert_id: case for case in changed if _is_watched(case)}
        for case in changed:
            if not _is_watched(case):
                self.watched.pop(case.alert_id, None)
        return set(self.watched) - before

    def _changed(self, newest: int) -> list[CaseRow]:
        if self.seen is None:
            return self.cases.open(Scope(None), limit=_ALL)
        changes = self.cases.changes_since(self.seen, newest - self.seen)
        found = (self.cases.one(one) for one in dict.fromkeys(each.alert_id for each in changes))
        return [case for case in found if case is not None]

    def _concerned(self, news: News, tables: Iterable[str]) -> set[str]:
        """The watched cases of whose patients one of these tables brought a row."""
        named = set[Name]()
        for table in tables:
            if table in news.rows:
                named |= _named(news.rows[table])
        if news.anew & set(tables):
            return set(self.watched)
        if not named:
            return set()
        groups = {other for name in named for other in self.picture.mirror.kin.group(name)}
        return {
            alert_id
            for alert_id, case in self.watched.items()
            if Name(case.facility or "", case.patient_id or "") in groups
        }

    def _weigh(self, case: CaseRow, now: datetime) -> None:
        """Say what no longer stands of a case's inputs; take it back where nothing else holds."""
        alert = _alert(case)
        one = self.picture.person(case.facility, alert["patient_id"])
        gone = revised(self.picture, one, alert, now)
        if not gone:
            return
        for each in gone:
            key = f"{each.how} {each.identity} {alert['alert_id']}"
            act = Act("annotate", now, reason=each.how, note=_told(each))
            self.cases.act(case.alert_id, act, key)
        verdict = judged(one, alert, gone, self.picture.standing(one, now))
        if verdict.is_gone(alert["band"]):
            act = Act("retract", now, reason="input_revised", note="; ".join(map(_told, gone)))
            self.cases.act(case.alert_id, act, f"retract {alert['alert_id']}")

    def _say_whose(self, case: CaseRow, now: datetime) -> None:
        """Say that the ledger of identities names the patient; nothing is taken back for it."""
        one = self.picture.person(case.facility, case.patient_id or "")
        events = one.facts(IDENTITY_EVENTS.name, now).to_pylist()
        told = [row for row in events if _joins(row) and row["received_at"] > case.raised_at]
        if told:
            newest = max((row["received_at"], *place_of(row)) for row in told)
            key = "identity " + "/".join(map(str, newest[1:]))
            act = Act("annotate", now, reason="identity", note=_WHOSE)
            self.cases.act(case.alert_id, act, key)

    def _follow(self, alert_ids: Iterable[str], now: datetime) -> None:
        """Put cases on the unit on which their patients are."""
        cases = [self.watched[alert_id] for alert_id in alert_ids if alert_id in self.watched]
        keys: dict[str, Key] = {
            case.alert_id: (case.facility, case.patient_id or "") for case in cases
        }
        if not keys:
            return
        places = self.picture.locations(keys.values(), now)
        for case in cases:
            place = places.get(keys[case.alert_id])
            if place is not None and place.unit is not None and place.unit != case.unit:
                moved = self.cases.move(case.alert_id, place.unit, now)
                if moved.case is not None:
                    self.watched[case.alert_id] = moved.case


def _joins(row: Row) -> bool:
    """A link joins no facts."""
    return bool(row["event"] != "link")


def _is_watched(case: CaseRow) -> bool:
    return (
        case.life.is_open and case.patient_id is not None and not case.technical and not case.drill
    )


def _alert(case: CaseRow) -> Row:
    """The newest alert of a case as the lake has it."""
    return case.payload


def _named(rows: pa.Table) -> set[Name]:
    """Whom rows are about, those too whom the ledger names."""
    columns = [n for n in ("patient_id", "retired_id", "surviving_id") if n in rows.column_names]
    found = set[Name]()
    for column in columns:
        pairs = zip(rows["facility"].to_pylist(), rows[column].to_pylist(), strict=True)
        found |= {Name(facility or "", text) for facility, text in set(pairs) if text}
    return found


def _told(each: Revised) -> str:
    """In words, without a value."""
    return f"{each.name.replace('_', ' ')} {_WORDS[each.how]}"
