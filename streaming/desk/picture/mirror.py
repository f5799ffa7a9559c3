"""The lake's facts in memory, kept up with what comes.

Here: following the tables, showing their rows only up to the cut, and letting go of what is old.
Not here: following one table (streaming/desk/tail.py), or what is told of a patient (picture.py).

`raw_messages` commits last: while it brings nothing, nothing new can be shown, and no other table
is looked at. What is beyond the cut waits. One thread keeps up; readers take `standing`, which
never changes.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse.cuts import Cut, cut
from lakehouse.lake import Lake
from lakehouse.tables import ENCOUNTER_EVENTS, IDENTITY_EVENTS, RAW_MESSAGES
from streaming.desk.picture.kept import FADES_AFTER, KEPT, SILENT_AFTER, Kept
from streaming.desk.picture.kin import Kin
from streaming.desk.picture.runs import Runs
from streaming.desk.tail import BEGINNING, Added, Cursor, Growth, grown, read

# What is old is let go of so often: looking for it costs a look at every row.
TIDIED_EVERY: Final = timedelta(hours=6)
# By the number of a visit, beside that of the patient.
BY_VISIT: Final = "encounter_events by visit"
# Where the rows of a table stand.
_TOLD_IN: Final[Mapping[str, tuple[str, ...]]] = {
    name: (name, BY_VISIT) if name == ENCOUNTER_EVENTS.name else (name,) for name in KEPT
}
# Of all that stands so many rows are taken in at a time: more would only take more memory.
PIECE_ROWS: Final = 500_000
_RECEIVED = pa.schema([RAW_MESSAGES.schema.field("received_at")])
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known at one cut: the rows of each table by patient, and the newest message's time.

    `since` is how far back the rows that fade go. A new `turn` begins where rows were taken out.
    """

    rows: Mapping[str, Runs]
    cut: Cut = field(default_factory=lambda: Cut({}))
    as_of: datetime | None = None
    since: datetime | None = None
    turn: int = 0


@dataclass(frozen=True, slots=True)
class News:
    """Rows that became known with one look, by table; of tables in `anew` anything may be new."""

    rows: Mapping[str, pa.Table] = field(default_factory=dict)
    anew: frozenset[str] = frozenset()
    torn: tuple[str, ...] = ()


class Mirror:
    """The mirror of one lake. `keep_up` is for one thread; `standing` and `kin` for all."""

    def __init__(self, lake: Lake) -> None:
        """Nothing is mirrored yet."""
        self.kin = Kin()
        self.standing = Standing(
            {name: Runs(kept.schema) for name, kept in KEPT.items()}
            | {BY_VISIT: Runs(KEPT["encounter_events"].schema)}
        )
        self._lake = lake
        self._cursors: dict[str, Cursor] = {}
        self._waiting: dict[str, list[pa.Table]] = {}
        self._tidied: datetime | None = None

    def keep_up(self, now: datetime) -> News:
        """Take in what the lake tells since, up to its cut.

        Raises:
            LakehouseError: A table cannot be followed; nothing is shown of it meanwhile.
        """
        messages = self._look(RAW_MESSAGES.name)
        if messages.cursor == self._cursors.get(RAW_MESSAGES.name, BEGINNING):
            return News(torn=_torn({RAW_MESSAGES.name: messages}))
        try:
            return self._take_in(messages, now)
        except FileNotFoundError:
            # A file was deleted before we read it: the next look reads all that stands.
            self._forget()
            return News()
        except BaseException:
            self._forget()
            raise

    def _forget(self) -> None:
        """Begin anew with the next look."""
        self._cursors.clear()
        self._waiting.clear()

    def _take_in(self, messages: Growth, now: datetime) -> News:
        at, as_of = cut(self._lake), self._newest(messages)
        looks = {name: self._look(name) for name in KEPT}
        anew = frozenset(name for name, growth in looks.items() if growth.anew)
        rows, told = dict(self.standing.rows), dict[str, pa.Table]()
        turn = self.standing.turn + bool(anew)
        for name, growth in looks.items():
            if name in anew:
                self._waiting.pop(name, None)
                rows |= {one: Runs(rows[one].schema) for one in _TOLD_IN[name]}
            for came in self._came(KEPT[name], growth, now):
                known = self._known(name, came, at)
                self._add(rows, name, known)
                told |= {} if name in anew or not known.num_rows else {name: known}
        if self._tidied is None or now - self._tidied >= TIDIED_EVERY:
            rows, self._tidied, turn = _tidied(rows, now), now, turn + 1
        self.standing = Standing(rows, at, as_of, now - FADES_AFTER, turn)
        self._cursors |= {name: growth.cursor for name, growth in looks.items()}
        self._cursors[RAW_MESSAGES.name] = messages.cursor
        return News(told, anew, _torn({**looks, RAW_MESSAGES.name: messages}))

    def _look(self, name: str) -> Growth:
        # All at once: a table of which half was taken in would be behind the cut.
        return grown(self._lake.root / name, self._cursors.get(name, BEGINNING), most=sys.maxsize)

    def _newest(self, messages: Growth) -> datetime | None:
        """When the newest message was received; of all that stand only the last days are read."""
        days = sorted({file.partition.get("received_date") or "" for file in messages.files})
        recent = [
            f for f in messages.files if (f.partition.get("received_date") or "") in days[-1:]
        ]
        found = [
            pc.max(rows["received_at"]).as_py()
            for rows in read(replace(messages, files=tuple(recent)), _RECEIVED)
        ]
        before = None if messages.anew else self.standing.as_of
        return max((one for one in (*found, before) if one is not None), default=None)

    @staticmethod
    def _came(kept: Kept, growth: Growth, now: datetime) -> Iterator[pa.Table]:
        """The rows of a growth that may count; all at once, unless they are very many."""
        since = now - (FADES_AFTER if kept.fades else SILENT_AFTER)
        files = tuple(file for file in growth.files if _may_count(file, since))
        pieces = [kept.schema.empty_table()]
        for rows in read(replace(growth, files=files), kept.schema):
            pieces.append(_kept(kept, rows))
            if growth.anew and sum(piece.num_rows for piece in pieces) >= PIECE_ROWS:
                yield pa.concat_tables(pieces)
                pieces = []
        if pieces:
            yield pa.concat_tables(pieces)

    def _known(self, name: str, came: pa.Table, at: Cut) -> pa.Table:
        """The rows up to the cut; the others wait."""
        rows = pa.concat_tables([*self._waiting.pop(name, []), came])
        known = _reached(rows, at)
        waiting = rows.filter(pa.array(~known))
        if waiting.num_rows:
            self._waiting[name] = [waiting]
        return rows.filter(pa.array(known))

    def _add(self, rows: dict[str, Runs], name: str, known: pa.Table) -> None:
        if name == IDENTITY_EVENTS.name:
            self.kin.learn(known.to_pylist())
        rows[name] = rows[name].with_rows(self.kin.numbers(known, "patient_id"), known)
        if BY_VISIT in _TOLD_IN[name]:
            visits = self.kin.numbers(known, "encounter_id", is_visit=True)
            rows[BY_VISIT] = rows[BY_VISIT].with_rows(visits, known)


def _torn(looks: Mapping[str, Growth]) -> tuple[str, ...]:
    return tuple(name for name, growth in looks.items() if growth.torn is not None)


def _may_count(file: Added, since: datetime) -> bool:
    """Whether a file may hold rows since a day; what names no day may."""
    day = file.partition.get("received_date")
    return day is None or day >= since.date().isoformat()


def _kept(kept: Kept, rows: pa.Table) -> pa.Table:
    return rows if kept.needs is None else rows.filter(rows[kept.needs].is_valid())


def _reached(rows: pa.Table, at: Cut) -> Bools:
    """Which rows lie up to the cut."""
    known = np.zeros(rows.num_rows, np.bool_)
    if not rows.num_rows:
        return known
    offset, part = rows["offset"].to_numpy(), rows["partition"].to_numpy()
    feed = rows["feed"].combine_chunks().dictionary_encode()
    names = feed.dictionary.to_pylist()
    for (name, number), reached in at.items():
        if name in names:
            mine = feed.indices.to_numpy() == names.index(name)
            known |= mine & (part == number) & (offset <= reached)
    return known


def _tidied(rows: Mapping[str, Runs], now: datetime) -> dict[str, Runs]:
    """The rows that may still count, by when they came or when their patient was last heard of."""
    faded = {
        name: runs.only(lambda _, rows: _since(rows, now - FADES_AFTER))
        if name in KEPT and KEPT[name].fades
        else runs
        for name, runs in rows.items()
    }
    heard = np.unique(np.concatenate([np.empty(0, np.int64), *_heard(faded, now)]))
    return {
        name: runs
        if name in {IDENTITY_EVENTS.name, BY_VISIT} or KEPT[name].fades
        else runs.only(lambda keys, _: np.isin(keys, heard))
        for name, runs in faded.items()
    } | {BY_VISIT: faded[BY_VISIT].only(lambda _, rows: _since(rows, now - SILENT_AFTER))}


def _heard(rows: Mapping[str, Runs], now: datetime) -> Iterator[Ints]:
    """The numbers of patients of whom something was heard."""
    for name, runs in rows.items():
        if name != BY_VISIT:
            for run in runs.runs:
                yield np.unique(run.keys[_since(run.rows, now - SILENT_AFTER)])


def _since(rows: pa.Table, since: datetime) -> Bools:
    # Rows later than now stay: a rehearsal's clock stands before them.
    received: Bools = pc.greater_equal(rows["received_at"], pa.scalar(since)).to_numpy()
    return received
