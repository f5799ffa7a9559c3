"""Recollection: what a key knew, folded anew from the lake when the key is first seen.

Here: reading the facts that can still count, up to the cut, in the order in which they were learnt,
and running the same fold over them. Not here: the fold (clinical/detection/shard.py). There is no
recovery store: every restart exercises the replay.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import duckdb
import pyarrow as pa

from clinical.detection.batch_clock import BatchClock
from clinical.detection.shard import Shard
from clinical.encounters.told import READ as LOCATED
from clinical.normalise.conditions import READ as CODED
from clinical.normalise.signals import OBSERVED
from clinical.normalise.stays import READ as STAYED
from clinical.scoring.validity import LONGEST_MEMORY, LOOKBACK, UNLIMITED
from clinical.wire.profile import FeedProfile
from lakehouse.arrivals import Run, add_runs, arrivals, chunks
from lakehouse.catalogue import connect
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.tables import ALERTS, RAW_MESSAGES
from streaming.admission import Admission
from streaming.memory import REMEMBERED, WINDOW

_FACTS = (
    "observations",
    "encounter_events",
    "patient_demographics",
    "identity_events",
    "order_events",
    "medication_events",
    "diagnoses",
    "procedures",
    "flags",
)
_FOR_GOOD = sorted(name for name, span in LOOKBACK.items() if span == UNLIMITED)
# Messages whose facts are folded in one go: more costs memory, fewer costs time.
_CHUNK = 100_000

# Up to so many runs, comparing each row with all is faster than sorting.
_FEW = 8

# Tables whose rows fade: the others are small and taken whole.
_FADING = frozenset({"observations", "order_events", "medication_events"})

_MENTIONS = " union all ".join(
    f"select received_at, patient_id from {name} where facility = $facility"  # noqa: S608 contracts
    for name in _FACTS
)
_CLOCKS = f"""
create or replace temp table clocks as
select patient_id, max(received_at) as clock from ({_MENTIONS}) group by patient_id
"""  # noqa: S608


class Recollection:
    """The lake at the cut at which a dataflow starts."""

    def __init__(
        self, lake: Lake, at: Cut, clock: BatchClock, order: Sequence[Run] | None = None
    ) -> None:
        """Read up to `at` and no further, whatever the dataflow commits meanwhile.

        `order` is the order in which the messages were learnt; the lake's own where None.
        """
        self._lake = lake
        self._cut = at
        self._clock = clock
        self._order = arrivals(lake, at) if order is None else order

    def admission(self, profile: FeedProfile) -> Admission:
        """A feed's admission with the messages it admitted within the window."""
        repeats_ids = "repeated_control_ids" in profile.quirks
        admission = Admission(profile.format, repeats_ids=repeats_ids)
        if not self._lake.has(RAW_MESSAGES):
            return admission
        values = {"feed": profile.name, **_MEMORY}
        with connect(self._lake, tables=(RAW_MESSAGES,), at=self._cut) as connection:
            add_runs(connection, self._order)
            rows = connection.execute(_ADMITTED, values).to_arrow_table()
        admission.recall(rows)
        return admission

    def shard(self, facility: str) -> Shard:
        """A facility's shard with everything that can still count."""
        shard = Shard(self._clock)
        if self._cut:
            with connect(self._lake, at=self._cut) as connection:
                self._refold(shard, connection, facility)
        return shard

    def _refold(self, shard: Shard, connection: duckdb.DuckDBPyConnection, facility: str) -> None:
        connection.execute(_CLOCKS, {"facility": facility})
        alerts = connection.execute(_LATEST_ALERTS, {"facility": facility}).to_arrow_table()
        alerted = _alerted(connection, facility, alerts)
        for pieces in chunks(self._order, _CHUNK):
            connection.register("pieces", _as_table(pieces))
            names = (*_FACTS, ALERTS.name)
            facts = {name: _facts(connection, name, facility, pieces) for name in names}
            shard.remember({name: rows for name, rows in facts.items() if rows.num_rows}, alerted)
        shard.recall(alerts)


def _as_table(pieces: Sequence[Run]) -> pa.Table:
    """Runs with the number that the first message of each has within them all."""
    lengths = [piece.last - piece.first + 1 for piece in pieces]
    return pa.table(
        {
            "feed": [piece.feed for piece in pieces],
            "partition": pa.array([piece.partition for piece in pieces], pa.int32()),
            "first": [piece.first for piece in pieces],
            "last": [piece.last for piece in pieces],
            "number": list(accumulate(lengths, initial=0))[:-1],
        }
    )


def _alerted(connection: duckdb.DuckDBPyConnection, facility: str, alerts: pa.Table) -> pa.Array:
    """Every identifier of the patients of whom an alert is stored."""
    rows = connection.execute(_MERGES, {"facility": facility}).fetchall()
    found = set(alerts["patient_id"].to_pylist())
    before = 0
    while before != len(found):
        before = len(found)
        found.update(name for pair in rows if not found.isdisjoint(pair) for name in pair)
    return pa.array(sorted(found), pa.string())


_MEMORY = {"window": WINDOW, "remembered": REMEMBERED}
_ADMITTED = """
select m.sender, m.message_control_id, m.content_hash, m.received_at, m.disposition,
    m.original_partition, m.original_offset
from raw_messages m
asof join runs r on m.feed = r.feed and m."partition" = r."partition" and m."offset" >= r.first
where m.feed = $feed
    and m.disposition <> 'duplicate'
    and coalesce(m.reason, '') <> 'control_id_conflict'
qualify m.received_at >= max(m.received_at) over () - to_microseconds($window)
    or row_number() over (order by r.number desc, m."offset" desc) <= $remembered
    or m.original_offset is not null
order by r.number, m."offset"
"""
_LATEST_ALERTS = """
select
    patient_id,
    rule_family,
    suppressed_by,
    arg_max(episode_id, (raised_at, "offset")) as episode_id,
    arg_max(band, (raised_at, "offset")) as band
from alerts where facility = $facility
group by all
"""


_MERGES = """
select distinct retired_id, surviving_id from identity_events
where facility = $facility and retired_id is not null and surviving_id is not null
"""
# What the fold reads of each table: the fewer columns, the sooner they are read.
_PLACE = ("feed", "partition", "offset", "row", "received_at", "facility", "patient_id")
_COLUMNS = {
    "observations": (*_PLACE, "encounter_id", *OBSERVED),
    "encounter_events": (
        *_PLACE,
        "encounter_id",
        *dict.fromkeys(name for name in (*STAYED, *LOCATED) if name not in _PLACE),
    ),
    "diagnoses": (*_PLACE, "encounter_id", *CODED),
    ALERTS.name: (*_PLACE, "rule_family", "suppressed_by", "episode_id", "band"),
}
_PIECES = """
select {columns}, (p.number + t."offset" - p."first")::integer as message
from {table} t
{how} join pieces p
on t.feed = p.feed and t."partition" = p."partition" and t."offset" >= p."first"
left join clocks c on c.patient_id is not distinct from t.patient_id
where t.facility = $facility and t."offset" <= p."last"
    and t."offset" >= $lowest and t."offset" <= $highest
"""
_STILL_COUNTING = """
    and t.concept is not null
    and (t.received_at >= c.clock - to_microseconds($longest)
        or list_contains($for_good, t.concept))
"""
_IN_ORDER = """
order by message, t."row"
"""


def _facts(
    connection: duckdb.DuckDBPyConnection, name: str, facility: str, pieces: Sequence[Run]
) -> pa.Table:
    """Facts of one table that can still count, with the number of their message in the pieces.

    The bounds of the offsets let the reader skip whatever files lie outside of them.
    """
    columns = ", ".join(f't."{column}"' for column in _COLUMNS.get(name, ())) or "t.*"
    how = "inner" if len(pieces) <= _FEW else "asof"
    sql = _PIECES.format(table=name, columns=columns, how=how)
    values: dict[str, Any] = {
        "facility": facility,
        "lowest": min(piece.first for piece in pieces),
        "highest": max(piece.last for piece in pieces),
    }
    if name in _FADING:
        sql += _STILL_COUNTING
        values |= {"longest": LONGEST_MEMORY, "for_good": _FOR_GOOD}
    return connection.execute(sql + _IN_ORDER, values).to_arrow_table()
