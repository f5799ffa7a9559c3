"""Recollection: what a key knew, folded anew from the lake when the key is first seen.

Here: reading the facts that can still count, up to the cut, in the order in which they were learnt,
and running the same fold over them. Not here: the fold (clinical/detection/shard.py). There is no
recovery store: every restart exercises the replay.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from clinical.detection.batch_clock import BatchClock
from clinical.detection.shard import Shard
from clinical.scoring.validity import LONGEST_MEMORY, LOOKBACK, UNLIMITED
from clinical.wire.profile import FeedProfile
from lakehouse.arrivals import Run, add_runs, arrivals
from lakehouse.catalogue import connect
from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.tables import RAW_MESSAGES
from streaming.admission import REMEMBERED, WINDOW, Admission

_FACTS = (
    "observations",
    "encounter_events",
    "patient_demographics",
    "identity_events",
    "order_events",
    "medication_events",
)
_FOR_GOOD = sorted(name for name, span in LOOKBACK.items() if span == UNLIMITED)
# Facts folded in one go: more costs memory, fewer costs time.
_CHUNK = 200_000

# Tables whose rows fade: the others are small and taken whole.
_FADING = frozenset({"observations", "order_events", "medication_events"})

_MENTIONS = " union all ".join(
    f'select feed, "partition", "offset", received_at, patient_id from {name}'  # noqa: S608 contracts
    " where facility = $facility"
    for name in _FACTS
)
# Every message's place in the order in which the facility learnt: that of the lake.
_ARRIVALS = f"""
create or replace temp table arrivals as
with messages as (select distinct feed, "partition", "offset" from ({_MENTIONS}))
select m.feed, m."partition", m."offset",
    (row_number() over (order by r.number, m."offset") - 1)::integer as message
from messages m
asof join runs r on m.feed = r.feed and m."partition" = r."partition" and m."offset" >= r.first
"""  # noqa: S608
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
        admission = Admission(profile.format)
        if not self._lake.has(RAW_MESSAGES):
            return admission
        values = {"feed": profile.name, **_MEMORY}
        with connect(self._lake, tables=(RAW_MESSAGES,), at=self._cut) as connection:
            add_runs(connection, self._order)
            rows = connection.execute(_ADMITTED, values).to_arrow_table()
        columns = ("sender", "message_control_id", "content_hash", "received_at")
        if rows.num_rows:
            admission.recall(*(rows[name].combine_chunks() for name in columns))
        return admission

    def shard(self, facility: str) -> Shard:
        """A facility's shard with everything that can still count."""
        shard = Shard(self._clock)
        if self._cut:
            with connect(self._lake, at=self._cut) as connection:
                add_runs(connection, self._order)
                self._refold(shard, connection, facility)
        return shard

    @staticmethod
    def _refold(shard: Shard, connection: duckdb.DuckDBPyConnection, facility: str) -> None:
        connection.execute(_ARRIVALS, {"facility": facility})
        connection.execute(_CLOCKS, {"facility": facility})
        count = connection.execute("select count(*) from arrivals").fetchone()
        for start in range(0, count[0] if count else 0, _CHUNK):
            bounds = {"facility": facility, "low": start, "high": start + _CHUNK}
            facts = {name: _facts(connection, name, bounds) for name in _FACTS}
            shard.step({name: rows for name, rows in facts.items() if rows.num_rows})
        alerts = connection.execute(_LATEST_ALERTS, {"facility": facility}).to_arrow_table()
        shard.recall(alerts)


_MEMORY = {"window": WINDOW, "remembered": REMEMBERED}
_ADMITTED = """
select m.sender, m.message_control_id, m.content_hash, m.received_at
from raw_messages m
asof join runs r on m.feed = r.feed and m."partition" = r."partition" and m."offset" >= r.first
where m.feed = $feed
    and m.disposition <> 'duplicate'
    and coalesce(m.reason, '') <> 'control_id_conflict'
qualify m.received_at >= max(m.received_at) over () - to_microseconds($window)
    or row_number() over (order by r.number desc, m."offset" desc) <= $remembered
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


_WHOLE = """
select t.*, a.message from {table} t join arrivals a using (feed, "partition", "offset")
where t.facility = $facility and a.message >= $low and a.message < $high
order by a.message, t."row"
"""
_STILL_COUNTING = """
select t.*, a.message
from {table} t
join arrivals a using (feed, "partition", "offset")
left join clocks c on c.patient_id is not distinct from t.patient_id
where t.facility = $facility and a.message >= $low and a.message < $high
    and t.concept is not null
    and (t.received_at >= c.clock - to_microseconds($longest)
        or list_contains($for_good, t.concept))
order by a.message, t."row"
"""


def _facts(connection: duckdb.DuckDBPyConnection, name: str, bounds: Mapping[str, Any]) -> pa.Table:
    """Facts of one table that can still count, with the place of their message in the order."""
    if name not in _FADING:
        return connection.execute(_WHOLE.format(table=name), dict(bounds)).to_arrow_table()
    values = {**bounds, "longest": LONGEST_MEMORY, "for_good": _FOR_GOOD}
    return connection.execute(_STILL_COUNTING.format(table=name), values).to_arrow_table()
