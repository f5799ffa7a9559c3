"""Where each patient is, as far as the messages so far say.

Here: the point of care of a patient once a message was known. Not here: the line of a visit's
places (clinical/encounters/timeline.py), of which this is the newest end.

Events are put by as they come; a visit's line is only laid out when somebody asks, which is when an
alert is raised. However a feed is cut into batches, the same message finds a patient in the same
place.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from clinical.encounters.identities import Identities
from clinical.encounters.timeline import Stay, visit
from clinical.encounters.told import READ, TIMES, Told
from clinical.encounters.vocabulary import PLACING
from clinical.scoring.validity import FORGOTTEN_AFTER

_SUBJECT = ("arrival", "patient_id", "encounter_id")
# So many batches or events are looked at in one go: of few, most of the cost is to begin.
_PUT_BY = 16
_Heard = tuple[int, str | None, Told]


class Locations:
    """Points of care of a shard's patients; a batch is learnt, asked, then settled."""

    def __init__(self, identities: Identities) -> None:
        """Nobody is anywhere; `identities` says whose an event is at the moment of asking."""
        self._identities = identities
        self._heard: dict[str, list[_Heard]] = defaultdict(list)
        self._unread: list[tuple[int, pa.Table]] = []
        self._before, self._behind = 0, 0

    def learn(self, events: pa.Table | None) -> None:
        """Take a batch of encounter events in arrival order."""
        if events is None or not events.num_rows:
            return
        self._unread.append((self._before, events))
        self._behind = max(self._behind, self._before + int(events["message"][-1].as_py()) + 1)
        if len(self._unread) >= _PUT_BY or events.num_rows >= _PUT_BY:
            self._read()

    def _read(self) -> None:
        """Look at the events that were put by, all at once."""
        if not self._unread:
            return
        tables = [_with_arrival(events, before) for before, events in self._unread]
        self._unread.clear()
        rows = pa.concat_tables(tables, promote_options="default")
        told = zip(*(_plain(rows, name) for name in READ), strict=True)
        subject = zip(*(rows[name].to_pylist() for name in _SUBJECT), strict=True)
        for (arrival, who, number), row in zip(subject, told, strict=True):
            if row[0] in PLACING:
                self._heard[who].append((arrival, number, Told.read(row)))

    def unit_of(self, patient_id: str, message: int) -> str | None:
        """The patient's unit once a message of the batch was known.

        Where the patient lies; after the last discharge, where the patient lay.
        """
        self._read()
        stays = [stay for stay in self._stays(patient_id, self._before + message) if stay.place]
        newest = max(stays, key=_newness, default=None)
        return newest.place.unit if newest and newest.place else None

    def settle(self) -> None:
        """Let the messages of the next batch be later than those of this one."""
        self._before = max(self._before, self._behind)

    def forget(self, now: int) -> None:
        """Of patients long silent on the shard's clock, keep the newest visit alone."""
        self._read()
        for name, heard in self._heard.items():
            _, number, newest = heard[-1]
            if now - newest.written > FORGOTTEN_AFTER and any(one[1] != number for one in heard):
                self._heard[name] = [one for one in heard if one[1] == number]

    def _stays(self, patient_id: str, upto: int) -> Iterator[Stay]:
        known = self._identities
        visits: dict[str | None, list[Told]] = defaultdict(list)
        for name in known.told_of(patient_id):
            for arrival, number, told in self._heard.get(name, ()):
                if arrival > upto:
                    break
                if known.owner(name, number) == patient_id:
                    visits[known.visit(number)].append(told)
        for told_of_one in visits.values():
            yield from visit(told_of_one).stays


def _newness(stay: Stay) -> tuple[bool, int, str]:
    is_open = stay.ends is None
    at = stay.begins if stay.ends is None else stay.ends
    return is_open, at, (stay.place.unit if stay.place else None) or ""


def _with_arrival(events: pa.Table, before: int) -> pa.Table:
    """What is read of a batch, with the place of each message among all that were heard."""
    there = [name for name in (*_SUBJECT[1:], *READ) if name in events.column_names]
    arrival = events["message"].combine_chunks().to_numpy().astype(np.int64) + before
    return events.select(there).append_column("arrival", pa.array(arrival))


def _plain(rows: pa.Table, name: str) -> list[Any]:
    if name not in rows.column_names:
        return [None] * rows.num_rows
    column = rows[name]
    plain: list[Any] = (column.cast(pa.int64()) if name in TIMES else column).to_pylist()
    return plain
