"""Whether an alert would be raised again, of its patient's facts as they stand now.

Here: the very rules, run over the facts up to the alert's message: once as they were told, once as
they stand. Not here: the rules (clinical/detection), or what follows from the answer
(reevaluation.py).

A fact that was corrected since is put where it was first told, as it stands; one that was withdrawn
is left out. Facts that have faded from memory may be missed by a rule: so the alert must first be
found again in the facts as they were told, else there is nothing to say.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from clinical.detection.rules import RULES
from clinical.encounters.identities import Identities
from clinical.scoring.engine import Engine
from clinical.scoring.laws import Assessments
from lakehouse.lineage import SCORED_FACTS
from streaming.desk.evaluating.revised import Revised, Row, moment
from streaming.desk.picture.people import LEARNT, only, owners
from streaming.desk.picture.person import Person
from streaming.desk.picture.standing_contexts import signals

Facts = dict[str, pa.Table]
_IDENTITY = {"observations": "observation_id", "order_events": "order_id"}
_IDENTITY |= {"medication_events": "order_id"}


@dataclass(frozen=True, slots=True)
class Judged:
    """The band that the rules find of the facts as told at the alert, and as they stand now."""

    told: int
    stands: int

    def is_gone(self, band: int) -> bool:
        """Whether an alert of this band, which was rightly raised, would not be raised again."""
        return self.told >= band > self.stands


def judged(one: Person, alert: Row, gone: Iterable[Revised], standing: pa.Table) -> Judged:
    """Both bands of an alert's family at its message."""
    raised_at = moment(alert["raised_at"])
    known = owners(one, alert["facility"], raised_at)
    told = {name: _until(one.facts(name, raised_at), alert) for name in SCORED_FACTS}
    ids = {each.identity for each in gone}
    stands = {name: _as_it_stands(name, rows, ids, standing) for name, rows in told.items()}
    return Judged(_band(told, known, alert), _band(stands, known, alert))


def _until(rows: pa.Table, alert: Row) -> pa.Table:
    """The rows that had come with the alert's message; of one feed, the later ones had not."""
    return _only(
        rows,
        lambda row: (
            (row["feed"], row["partition"]) != (alert["feed"], alert["partition"])
            or row["offset"] <= alert["offset"]
        ),
    )


def _as_it_stands(name: str, told: pa.Table, gone: set[str], standing: pa.Table) -> pa.Table:
    identity = _IDENTITY.get(name)
    if identity is None or not gone:
        return told
    kept = _only(told, lambda row: row[identity] not in gone)
    if name != "observations":
        return kept
    first = {row[identity]: row for row in reversed(told.sort_by(_ARRIVAL).to_pylist())}
    new = [
        {**row, **{part: first[row[identity]][part] for part in (*LEARNT, "documented_at")}}
        for row in standing.select(told.column_names).to_pylist()
        if row[identity] in gone and row[identity] in first
    ]
    return pa.concat_tables([kept, pa.Table.from_pylist(new, told.schema)])


_ARRIVAL = [(name, "ascending") for name in LEARNT]


def _only(rows: pa.Table, stays: Callable[[Mapping[str, Any]], bool]) -> pa.Table:
    return rows.filter(pa.array([stays(row) for row in rows.to_pylist()], pa.bool_()))


def _band(facts: Facts, known: Identities, alert: Row) -> int:
    """The band of the alert's family after its message; 0 where nothing is found."""
    key = alert["facility"], alert["patient_id"]
    mine = {name: only(rows, known, *key) for name, rows in facts.items()}
    told = signals(mine, known.survivor(alert["patient_id"]))
    if not told.num_rows:
        return 0
    engine = Engine()
    moments = engine.step(told)
    if not len(moments.now):
        return 0
    scored = (one.assessed for one in engine.scores(moments))
    assessed = Assessments(scored, moments.panel, moments.timeline)
    found = (each for rule in RULES for each in rule(moments, assessed))
    bands = [int(one.band[-1]) for one in found if one.family == alert["rule_family"]]
    return max(bands, default=0)
