"""The contexts that hold for a patient at a moment.

Here: asking the contexts of clinical/context of his facts as they were known. Not here: when a
context holds (clinical/context/columns.py), or what it does to an alert.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from clinical.context.columns import validities
from clinical.context.contexts import CONTEXTS
from clinical.encounters.identities import Identities
from clinical.normalise import signals as signals_of
from clinical.scoring.engine import Engine, Moments
from lakehouse.lineage import SCORED_FACTS
from streaming.desk.picture.people import learnt, only
from streaming.desk.picture.person import Person
from streaming.desk.picture.views import Held, Key

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def held(one: Person, known: Identities, key: Key, at: datetime) -> tuple[Held, ...]:
    """The contexts that hold, in the order of their table."""
    facts = {name: only(one.facts(name, at), known, *key) for name in SCORED_FACTS}
    told = signals(facts, known.survivor(key[1]))
    if not told.num_rows:
        return ()
    moments = Engine().step(told)
    if not len(moments.now):
        return ()
    micros = (at - _EPOCH) // timedelta(microseconds=1)
    then = replace(moments, now=np.full_like(moments.now, micros))
    last = np.array([len(moments.now) - 1])
    found = validities([(name, last) for name in CONTEXTS], then)
    return tuple(
        _held(name, int(each.since[0]), int(each.row[0]), moments)
        for name, each in zip(CONTEXTS, found, strict=True)
        if each.holds[0]
    )


def signals(facts: dict[str, pa.Table], patient_id: str) -> pa.Table:
    """The signals of a patient's facts, all under one identifier, in the order of arrival."""
    found = signals_of({name: rows for name, rows in facts.items() if rows.num_rows})
    if not found.num_rows:
        return found
    whose = pa.array([patient_id] * found.num_rows, pa.string())
    place = found.schema.get_field_index("patient_id")
    return learnt(found.set_column(place, "patient_id", whose)).combine_chunks()


def _held(name: str, since: int, row: int, moments: Moments) -> Held:
    source = moments.stack[row]
    feed, partition = moments.origins[source["origin"]]
    context = CONTEXTS[name]
    return Held(
        name,
        context.meaning,
        context.certainty,
        _EPOCH + timedelta(microseconds=since),
        feed,
        partition,
        int(source["offset"]),
        int(source["row"]),
    )
