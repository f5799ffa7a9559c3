"""The engine: the law over columns, one shard at a time.

Here: the shard's memory, one batch's fold, and the moments at which scores are due. The stream, the
replay and the backtest all run it. Not here: bands, the stored form of a score (rows.py), alerts.

`step` takes signals in arrival order (see clinical.normalise.signals) with their provenance, and
returns the moments (one per message and patient) at which an input of some score changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clinical.encounters.identities import Change, Identities
from clinical.scores import SCORES
from clinical.scores.definition import WindowScore
from clinical.scoring.changes import (
    Batch,
    clock_at,
    message_numbers,
    pairs_of,
    what_changed,
    what_was_heard,
)
from clinical.scoring.columns import Assessed
from clinical.scoring.concept_flags import any_of, asked, lines
from clinical.scoring.history import History
from clinical.scoring.laws import assess_all
from clinical.scoring.memory import (
    CONCEPT_NAMES,
    IS_EVENT,
    QUIET,
    Patient,
    Stack,
    joined,
    lasting,
    pieces,
    remembered,
    taken,
)
from clinical.scoring.overruling import silenced, withdrawals
from clinical.scoring.panel import EVERYTHING, Panel
from clinical.scoring.put_by import PutBy, leaving, needed, whole, with_more
from clinical.scoring.regrouping import regrouped
from clinical.scoring.stacking import Stacking, times
from clinical.scoring.timeline import Points, Timeline
from clinical.scoring.validity import FORGOTTEN_AFTER, IDLE_SIGNALS
from clinical.scoring.winners import Lookup, Rows, Winners, alive, winners

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments at which something changed: message by message, patients in the order of their ids.

    `message` numbers the messages of the batch and `first` is the row of the batch that opened the
    moment's; `changed` says per concept number whether its current value changed, and `corrected`
    whether that was because the value before was withdrawn or replaced, not followed by a newer
    one. `heard` says whether any fact of a concept that windows rest on changed, however old, and
    `revised` whether it was one that was known. `stack` and `origins` resolve the rows that
    readings name; `timeline` has all rows and the moments as its points.
    """

    patient: pa.Array
    encounter: pa.Array
    message: Ints
    first: Ints
    now: Ints
    changed: Bools
    corrected: Bools
    heard: Bools
    revised: Bools
    panel: Panel
    timeline: Timeline
    stack: Stack
    origins: Sequence[tuple[str, int]]
    put_by: PutBy

    def of_owners(self, places: Ints) -> "Moments":
        """The same moments with the rows of those patients alone whom these moments speak of.

        They have a stack of their own, in which is also what was put by of these patients.
        """
        points = self.timeline.points
        owners = np.unique(points.owner[places])
        rows, whose = self.put_by.of(owners)
        history = self.timeline.history.of(owners, rows, whose)
        known = Points(points.owner, points.known + len(rows), points.now)
        return replace(self, timeline=Timeline(history, known), stack=history.stack)

    def touched(self, names: Sequence[str]) -> Bools:
        """Moments at which one of these inputs changed."""
        return any_of(self.changed, names)

    def heard_of(self, names: Sequence[str]) -> tuple[Bools, Bools]:
        """Moments at which any fact of these concepts changed; and where one so far known did."""
        return any_of(self.heard, names), any_of(self.revised, names)

    def withdrawn(self, names: Sequence[str]) -> Bools:
        """Moments at which the value of one of these inputs turned out to be wrong."""
        return any_of(self.corrected, names)


@dataclass(frozen=True, slots=True)
class Scored:
    """One score where it is due: `at` are places in the moments."""

    at: Ints
    assessed: Assessed


class Engine:
    """The fold of one shard. Not thread-safe; holds no file and no clock."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self._patients: dict[str, Patient] = {}
        self.identities = Identities()
        self._stacking = Stacking()

    def survivor(self, patient_id: str) -> str:
        """The identifier that a patient's facts are folded under."""
        return self.identities.survivor(patient_id)

    def merge(self, retired: str, surviving: str) -> None:
        """From now on the two identifiers are one patient."""
        self.resolve({"event": "merge", "retired_id": retired, "surviving_id": surviving})

    def resolve(self, event: Mapping[str, Any]) -> Change | None:
        """Take an event of the ledger of identities: facts go to whose they are from now on."""
        change = self.identities.learn(event)
        owners = change.owners & self._patients.keys() if change else ()
        if owners:
            known = {name: self._whole(name) for name in sorted(owners)}
            for name in known:
                del self._patients[name]
            self._patients |= regrouped(known, self.identities, self._stacking.sources.told)
        return change

    def forget(self, now: int) -> None:
        """Drop what fades of patients long silent on the shard's clock, so that memory stays small.

        What counts for good, a birth date say, stays: nobody would tell it again.
        """
        for name, patient in self._patients.items():
            if now - patient.clock > FORGOTTEN_AFTER and self._is_idle(self._whole(name)):
                patient.rows = taken(patient.rows, np.flatnonzero(lasting(patient.rows)))
                kept = np.flatnonzero(lasting(patient.withdrawn))
                patient.withdrawn = taken(patient.withdrawn, kept)

    def _is_idle(self, patient: Patient) -> bool:
        newest = patient.rows["arrival"].max(initial=0)
        return bool(self._stacking.arrivals - newest > IDLE_SIGNALS)

    def step(self, signals: pa.Table) -> Moments:
        """Learn a batch of signals and return the moments at which something changed."""
        batch = self._gather(signals)
        won = winners(_grouped(batch.stack, batch.owner))
        moments = self._moments(signals, batch, won)
        self._remember(batch, won)
        return moments

    def learn(self, signals: pa.Table) -> None:
        """Learn a batch as `step` does, where nobody asks what changed: at a fraction of its cost.

        The rows are put by, and looked at when something is next asked of their patient.
        """
        names, owner = self._identify(signals)
        rows, received = self._stacking.rows(signals), times(signals["received_at"])
        clocks = np.zeros(len(names), np.int64)
        np.maximum.at(clocks, owner, received)
        order = np.argsort(owner, kind="stable")
        ends = np.searchsorted(owner[order], np.arange(1, len(names) + 1))
        known = [self._patients.setdefault(name, Patient()) for name in names]
        now = clock_at(received, owner, np.array([one.clock for one in known], np.int64))[order]
        parts = zip(pieces(taken(rows, order), ends), np.split(now, ends), strict=False)
        for one, piece, clock in zip(known, parts, clocks.tolist(), strict=True):
            one.heard.append(piece)
            one.clock = max(one.clock, clock)

    def numbered(self, signals: pa.Table) -> pa.Table:
        """Signals in the order of arrival, of which parts are then learnt in any order.

        Patients who merge later are so told in one order, whoever was looked at first.
        """
        return self._stacking.numbered(signals)

    def settle(self) -> None:
        """Look at all that was put by."""
        for name in self._patients:
            self._whole(name)

    def _known(self, name: str) -> Patient:
        """What is known of a patient, with all that was put by."""
        one = self._patients.get(name, Patient())
        if one.heard:
            before = whole(one)
            rows = joined([before, *(piece for piece, _ in one.heard)])
            owner, held = np.zeros(len(rows), np.int64), len(before)
            clocks = [clock for _, clock in one.heard]
            known = [one.withdrawn]
            rows = silenced(rows, owner, held, lambda: np.concatenate(clocks), known)
            kept = alive(_grouped(rows, owner)) & remembered(rows, np.array(one.clock))
            if rows["void"].any():
                one.withdrawn = withdrawals(joined([*known, rows]), one.clock)
            one.rows, one.heard, one.put_by = taken(rows, np.flatnonzero(kept)), [], ()
        return one

    def _whole(self, name: str) -> Patient:
        """What is known of a patient, with nothing put by any more."""
        one = self._known(name)
        one.rows, one.put_by = whole(one), ()
        return one

    def _gather(self, signals: pa.Table) -> Batch:
        names, patient = self._identify(signals)
        fresh, known = self._stacking.rows(signals), [self._known(name) for name in names]
        for asked_for in np.flatnonzero(needed(fresh, patient, known)).tolist():
            known[asked_for] = self._whole(names[asked_for])
        held = [len(one.rows) for one in known]
        stack = joined([*(one.rows for one in known), fresh])
        owner = np.concatenate([np.repeat(np.arange(len(names)), held), patient])
        received = times(signals["received_at"])
        clocks = np.array([one.clock for one in known], np.int64)
        gone = [one.withdrawn for one in known]
        now = partial(clock_at, received, patient, clocks)
        stack = silenced(stack, owner, sum(held), now, gone)
        put_by = PutBy([one.put_by for one in known], clocks)
        latest = np.array([one.latest for one in known], np.int64)
        return Batch(
            names, clocks, patient, received, stack, owner, sum(held), gone, put_by, latest
        )

    def scores(self, moments: Moments) -> list[Scored]:
        """Every score where one of its inputs changed; none of which no input changed anywhere."""
        changed = np.logical_or.reduce(moments.changed, axis=0)
        heard = np.logical_or.reduce(moments.heard, axis=0)
        due = [
            score
            for score in SCORES
            if (heard if isinstance(score, WindowScore) else changed)[asked(score)].any()
        ]
        return [
            self._due(assessed, moments)
            for assessed in assess_all(due, moments.panel, moments.timeline)
        ]

    @staticmethod
    def _due(assessed: Assessed, moments: Moments) -> Scored:
        score = assessed.score
        if isinstance(score, WindowScore):
            heard, revised = moments.heard_of(score.inputs)
            lacks = assessed.lacks_an_input & assessed.applies
            return Scored(np.flatnonzero(heard & (revised | ~lacks)), assessed)
        due = moments.touched(score.depends_on)
        unsure = due & assessed.lacks_an_input & assessed.applies
        if unsure.any():
            inputs = score.inputs
            known = np.array([moments.panel[name].current for name in inputs])
            touched = np.array([moments.touched((name,)) for name in inputs])
            due &= ~unsure | (touched & ~known).any(axis=0)
        return Scored(np.flatnonzero(due), assessed)

    def _identify(self, signals: pa.Table) -> tuple[list[str], Ints]:
        """Surviving patient ids of the batch in order, and the place of each row's patient."""
        if self.identities.moves_visits:
            survivors, indices = self._stacking.sources.owners(signals, self.identities)
        else:
            encoded = signals["patient_id"].combine_chunks().dictionary_encode()
            survivors = [self.survivor(name) for name in encoded.dictionary.to_pylist()]
            indices = encoded.indices.to_numpy()
        names = sorted(set(survivors))
        place = {name: number for number, name in enumerate(names)}
        local = np.array([place[name] for name in survivors], np.int64)
        return names, local[indices]

    def _moments(self, signals: pa.Table, batch: Batch, won: Winners) -> Moments:
        patients = max(len(batch.names), 1)
        points = pairs_of(message_numbers(signals), batch, patients)
        changed, corrected = what_changed(won, batch, points)
        history = History(batch.stack, batch.owner, lacks=QUIET)
        heard, revised = what_was_heard(history, batch, points)
        kept = np.flatnonzero(np.logical_or.reduce(changed | heard, axis=1))
        owner, last = points.owner[kept], points.last[kept]
        arrival = batch.held + last
        lookup = Lookup(won, owner, arrival, len(CONCEPT_NAMES))
        panel = Panel(history, points.now[kept], lookup.rows, EVERYTHING)
        return Moments(
            patient=pa.array(batch.names, pa.string()).take(pa.array(owner)),
            encounter=signals["encounter_id"].combine_chunks().take(pa.array(last)),
            message=points.message[kept],
            first=points.first[kept],
            now=points.now[kept],
            changed=lines(changed, kept),
            corrected=lines(corrected, kept),
            heard=lines(heard, kept),
            revised=lines(revised, kept),
            panel=panel,
            timeline=Timeline(history, Points(owner, arrival, points.now[kept])),
            stack=batch.stack,
            origins=self._stacking.origins,
            put_by=batch.put_by,
        )

    def _remember(self, batch: Batch, won: Winners) -> None:
        clocks = batch.clocks.copy()
        np.maximum.at(clocks, batch.patient, batch.received)
        kept = np.flatnonzero(won.alive & remembered(batch.stack, clocks[batch.owner]))
        kept = kept[np.argsort(batch.owner[kept], kind="stable")]
        leaves = leaving(batch.stack, won, kept)
        near, away = (_dealt(batch, rows) for rows in (kept[~leaves], kept[leaves]))
        latest, gone = batch.latest.copy(), kept[leaves]
        np.maximum.at(latest, batch.owner[gone], batch.stack["written"][gone])
        void, before = _withdrawn(batch, clocks), batch.put_by.each
        each = (batch.names, near, clocks.tolist(), void, before, away, latest.tolist())
        for name, rows, clock, withdrawn, known, more, number in zip(*each, strict=True):
            put_by = with_more(known, more, clock)
            self._patients[name] = Patient(rows, clock, withdrawn, put_by=put_by, latest=number)


def _dealt(batch: Batch, rows: Ints) -> Iterator[Stack]:
    """The rows of each patient, given in the order of patients."""
    ends = batch.owner[rows].searchsorted(np.arange(1, len(batch.names) + 1))
    return pieces(taken(batch.stack, rows), ends)


def _withdrawn(batch: Batch, clocks: Ints) -> list[Stack]:
    """The withdrawals of each patient, those of the batch too."""
    void = batch.held + np.flatnonzero(batch.stack["void"][batch.held :])
    found, owner = list(batch.withdrawn), batch.owner[void]
    for one in np.unique(owner).tolist():
        both = joined([found[one], taken(batch.stack, void[owner == one])])
        found[one] = withdrawals(both, int(clocks[one]))
    return found


def _grouped(stack: Stack, owner: Ints) -> Rows:
    concept = stack["concept"].astype(np.int64)
    return Rows(
        group=owner * len(CONCEPT_NAMES) + concept,
        effective=stack["effective"],
        signal=stack["signal"],
        void=stack["void"],
        is_event=IS_EVENT[concept],
    )
