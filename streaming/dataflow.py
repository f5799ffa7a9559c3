"""The life of a message, on one page.

Here: which step follows which. Not here: what a step does (steps.py), what a message means
(clinical/), or how rows are committed exactly once (sink.py, lakehouse/appends.py).

    source ─ decode ─ admit ─ normalise ─┬───────────────────────────────┬─ lake
                                         └─ by facility ─ score, detect ─┘

* The unit that flows is an Arrow batch of many messages, never an object per observation.
* `admit` is keyed by feed: the same message twice is one message.
* `score_and_detect` is keyed by facility: patients merge within one, so a merge moves no state.
* `lake` is keyed by the place a row came from. It commits when an epoch closes, since only then has
  every row of every message of the epoch arrived; `raw_messages` goes last, so that its offset says
  that every table has passed.
* No step is recovered from a store: state is folded anew from the lake when a key is first seen.
"""

from collections.abc import Callable

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import Source
from bytewax.outputs import Sink

from clinical.detection.shard import Shard
from streaming import bearing, steps
from streaming.admission import Admission
from streaming.batches import Messages, Rows
from streaming.drift import Drift
from streaming.turns import Turns


def clinical_flow(
    source: Source[Messages],
    lake: Sink[tuple[str, Rows]],
    *,
    profiles: steps.Profiles,
    open_admission: Callable[[str], Admission],
    open_shard: Callable[[str], Shard],
    failed: Callable[[BaseException], None] = lambda _: None,
    drift: Drift | None = None,
) -> Dataflow:
    """The dataflow from messages to tables and alerts.

    Args:
        source: Batches of messages, each of one feed partition.
        lake: Takes the rows of all tables, keyed by the place they came from.
        profiles: The profile of every feed that the source may name.
        open_admission: What is known of a feed's messages so far.
        open_shard: What is known of a facility's patients so far.
        failed: Told what scores and rules fail with, before the flow ends with it.
        drift: Notices what a feed did not send before.
    """
    flow, turns = Dataflow("clinical"), Turns()
    messages = op.input("source", flow, source)

    decoded = op.map(
        "decode", messages, lambda batch: steps.decode(batch, profiles[batch.feed], drift)
    )
    by_feed = op.key_on("by_feed", decoded, lambda batch: batch.messages.feed)
    admitted = op.stateful("admit", by_feed, lambda _: steps.Admitting(open_admission))
    facts = op.map(
        "normalise", admitted, lambda item: bearing.normalised(item[1], profiles[item[0]], drift)
    )

    by_facility = op.flat_map("by_facility", facts, steps.by_facility)
    derived = op.stateful(
        "score_and_detect", by_facility, lambda _: bearing.Folding(open_shard, failed)
    )

    rows = op.merge(
        "rows",
        op.map("facts_as_rows", facts, lambda one: steps.stored(one, turns.take())),
        op.map("derived_as_rows", derived, lambda item: steps.placed(item[1])),
    )
    op.output("lake", rows, lake)
    return flow
