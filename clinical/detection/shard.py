"""A shard: one facility's facts folded into scores and alerts.

Here: the order of work for a batch of facts: merges, demographics that changed, scores, findings,
episodes, suppression. The stream and every replay run this same class. Not here: tables, Bytewax.
"""

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clinical.detection.alert_rows import SCHEMA, Raised, alert_row
from clinical.detection.batch_clock import BatchClock
from clinical.detection.demographics import Demographics
from clinical.detection.episodes import Episodes, Key
from clinical.detection.finding import Rule
from clinical.detection.location import Locations
from clinical.detection.raising import Raising, message_of
from clinical.detection.rules import RULES
from clinical.detection.stored import Stored
from clinical.detection.version import rules_version
from clinical.normalise import signals as signals_of
from clinical.scoring.engine import Engine, Moments, Scored
from clinical.scoring.laws import Assessments
from clinical.scoring.rows import numbers, score_rows
from clinical.scoring.validity import IDLE_SIGNALS

# What is read of the ledger of identities.
LEDGER = (
    *("message", "facility", "encounter_id", "event", "retired_id", "surviving_id"),
    *("retired_facility", "retired_visit", "surviving_visit"),
)
Facts = Mapping[str, pa.Table]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Derived:
    """What a batch of facts led to: rows of `scores`, of `alerts`, and changed demographics."""

    scores: pa.Table | None
    alerts: pa.Table | None
    demographics: pa.Table | None


class Shard:
    """The fold of one facility. Not thread-safe; knows no clock but its facts'."""

    def __init__(self, clock: BatchClock, rules: Sequence[Rule] = RULES) -> None:
        """Start with nothing known; `clock` says when the 2am job runs, `rules` are asked."""
        self._clock, self._rules = clock, rules
        self._engine = Engine()
        self._episodes = Episodes()
        self._locations = Locations(self._engine.identities)
        self._raising = Raising(self._episodes, self._locations)
        self._demographics = Demographics()
        self._stored = Stored()
        self._learnt = 0

    def step(self, facts: Facts) -> Derived:
        """Learn a batch of facts, in arrival order, and give what follows from it."""
        signals, changed = self._told(facts)
        pieces = [self._fold(piece) for piece in self._pieces(signals, facts)]
        self._locations.settle()
        return Derived(
            _joined([scores for scores, _ in pieces]),
            _joined([alerts for _, alerts in pieces]),
            changed,
        )

    def remember(self, facts: Facts, alerted: pa.Array) -> None:
        """After a restart: learn a batch of facts, what follows from which is stored already.

        Later results rest on the facts and on open episodes. Episodes begin with an alert, so rules
        are asked again only of patients who have one.

        Args:
            facts: As `step` takes them, and `alerts` as they are stored.
            alerted: Every identifier of the patients of whom an alert is stored.
        """
        signals, _ = self._told(facts)
        self._stored.read(facts.get("alerts"))
        for unnumbered in self._pieces(signals, facts):
            piece = self._engine.numbered(unnumbered)
            asked = _asked(piece, alerted)
            self._engine.learn(piece.filter(pa.array(~asked)))
            self._ask_again(piece.filter(pa.array(asked)))
            self._forget(piece["received_at"].cast(pa.int64()).to_numpy(), piece.num_rows)
        self._stored.pass_by()
        self._locations.settle()

    def recall(self, alerts: pa.Table) -> None:
        """After a restart: take up episodes that began before the facts that were folded again.

        Args:
            alerts: The latest stored alert of each patient, family and suppression.
        """
        self._engine.settle()
        parted = self._episodes.parted
        for row in alerts.to_pylist():
            key = Key(row["patient_id"], row["rule_family"], row["suppressed_by"])
            if key.patient not in parted:
                self._episodes.recall(key, row["episode_id"], row["band"])
        self._recall(parted)
        self._stored = Stored()

    def _recall(self, patients: Collection[str]) -> None:
        """Take up the episodes of some patients as their alerts were stored so far."""
        for one in self._stored.of(patients):
            self._episodes.recall(*one)

    def _told(self, facts: Facts) -> tuple[pa.Table | None, pa.Table | None]:
        """The signals of a batch in order, and the demographics that say something new."""
        changed = self._demographics.changed(facts.get("patient_demographics"))
        self._locations.learn(facts.get("encounter_events"))
        known = dict(facts)
        known.pop("patient_demographics", None)
        if changed is not None:
            known["patient_demographics"] = changed
        return _in_order(signals_of(known)) if known else None, changed

    def _pieces(self, signals: pa.Table | None, facts: Facts) -> Iterator[pa.Table]:
        """The signals in pieces, none of them empty; between them identities change."""
        ledger = _ledger(facts.get("identity_events"))
        if signals is None or "message" not in signals.column_names:
            for event in ledger:
                self._resolve(event)
            return
        done = 0
        messages = signals["message"].to_numpy()
        for event in ledger:
            upto = int(np.searchsorted(messages, event["message"]))
            if upto > done:
                yield signals.slice(done, upto - done)
            done = upto
            self._resolve(event)
        if done < signals.num_rows:
            yield signals.slice(done)

    def _resolve(self, event: Mapping[str, Any]) -> None:
        """Let facts, episodes and places follow what an event of the ledger changes."""
        joint = self._engine.survivor(event["retired_id"]) if event["retired_id"] else ""
        self._stored.pass_by(event["message"])
        self._recall({joint, self._engine.survivor(event.get("surviving_id") or "")})
        change = self._engine.resolve(event)
        if change is not None and change.retired is not None:
            self._episodes.merge(change.retired, self._engine.survivor(change.retired))
        elif change is not None and change.parted:
            self._episodes.part(joint, change.parted)
            self._stored.drop({joint, *change.parted})

    def _fold(self, signals: pa.Table) -> tuple[pa.Table | None, pa.Table | None]:
        moments = self._engine.step(signals)
        scores, alerts = self._derived(moments, signals) if len(moments.now) else (None, None)
        self._forget(moments.now, signals.num_rows)
        return scores, alerts

    def _derived(
        self, moments: Moments, signals: pa.Table
    ) -> tuple[pa.Table | None, pa.Table | None]:
        scored = self._engine.scores(moments)
        due = [one for one in scored if len(one.at)]
        scores = score_rows(moments, due, signals, rules_version()) if due else None
        return scores, self._alerts(moments, scored, signals)

    def _ask_again(self, signals: pa.Table) -> None:
        """Take up episodes as the stored alerts of these signals did."""
        if signals.num_rows:
            moments = self._engine.step(signals)
            deque(self._raised(moments, self._engine.scores(moments), signals), maxlen=0)

    def _forget(self, clocks: Ints, learnt: int) -> None:
        """Now and then let go of patients and episodes long silent.

        The clock is the middle one of a batch, so that one wrong clock cannot age a whole facility.
        """
        self._learnt += learnt
        if self._learnt >= IDLE_SIGNALS and len(clocks):
            self._learnt = 0
            now = int(np.median(clocks))
            self._engine.forget(now)
            self._episodes.forget(now)
            self._locations.forget(now)

    def _raised(
        self, moments: Moments, scored: Sequence[Scored], signals: pa.Table
    ) -> Iterator[Raised]:
        known = (one.assessed for one in scored)
        assessed = Assessments(known, moments.panel, moments.timeline)
        findings = (found for rule in self._rules for found in rule(moments, assessed))
        return self._raising.observe(moments, findings, signals)

    def _alerts(
        self, moments: Moments, scored: Sequence[Scored], signals: pa.Table
    ) -> pa.Table | None:
        raised = list(self._raised(moments, scored, signals))
        if not raised:
            return None
        rows = [
            alert_row(moments, one, message_of(signals, moments, one.at), self._clock)
            for one in raised
        ]
        blank = {"row": None, "rules_version": rules_version()}
        table = pa.Table.from_pylist([{**blank, **row} for row in rows], SCHEMA)
        message = moments.message[[one.at for one in raised]]
        place = pa.array(numbers(message, np.arange(len(rows))), pa.int32())
        return table.set_column(table.column_names.index("row"), "row", place)


def _in_order(signals: pa.Table) -> pa.Table:
    """Signals by message, and within a message by table and row."""
    if "message" not in signals.column_names:
        return signals
    message = signals["message"].to_numpy()
    if (message[1:] >= message[:-1]).all():
        return signals
    return signals.take(pa.array(np.argsort(message, kind="stable")))


def _asked(signals: pa.Table, alerted: pa.Array) -> Bools:
    """Signals of these patients, and of all whom a message names with one of them.

    An alert's id counts the patients of its message, and a patient's signals stay in one order.
    """
    encoded = signals["patient_id"].combine_chunks().dictionary_encode()
    patient, message = encoded.indices.to_numpy(), signals["message"].to_numpy()
    chosen = pc.is_in(encoded.dictionary, alerted).to_numpy(zero_copy_only=False)
    named = np.zeros(int(message.max()) + 1, np.bool_)
    asked: Bools = chosen[patient]
    while True:
        named[message[asked]] = True
        chosen[patient[named[message]]] = True
        before, asked = asked, chosen[patient]
        if asked.sum() == before.sum():
            return asked


def _joined(pieces: Sequence[pa.Table | None]) -> pa.Table | None:
    present = [piece for piece in pieces if piece is not None and piece.num_rows]
    return pa.concat_tables(present) if present else None


def _ledger(identities: pa.Table | None) -> list[dict[str, Any]]:
    if identities is None:
        return []
    there = [name for name in LEDGER if name in identities.column_names]
    return sorted(identities.select(there).to_pylist(), key=lambda row: row["message"])
