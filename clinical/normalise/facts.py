"""Normalising a decoded batch.

Here: which table gets which columns, and the place of each row within its message. Not here: how
(observations.py, orders.py, medications.py), or provenance, which the dataflow adds.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa

from clinical.normalise.coding import check
from clinical.normalise.distinct import flat, runs
from clinical.normalise.flags import flags
from clinical.normalise.medications import medication_events
from clinical.normalise.notes import placed_notes
from clinical.normalise.observations import observations
from clinical.normalise.orders import order_events
from clinical.normalise.procedures import procedures
from clinical.wire.decoded import Decoded
from clinical.wire.profile import FeedProfile

_ADDED: Mapping[str, Callable[[pa.Table, FeedProfile], pa.Table]] = {
    "order_events": order_events,
    "medication_events": medication_events,
    "procedures": procedures,
    "flags": flags,
}


def normalise(
    decoded: Decoded, received_at: pa.TimestampArray, profile: FeedProfile
) -> Mapping[str, pa.Table]:
    """The facts of a batch in the product's own terms.

    Args:
        decoded: What the decoder found, as sent.
        received_at: When each message of the batch reached us.
        profile: The feed.

    Returns:
        The columns of the stored tables without provenance, with `message` (place in the batch) and
        `row` (place within the message, per table). Every row of `decoded` is there, in its order.

    Raises:
        NormalisationError: The profile names a concept or an answer that the dictionary lacks.
    """
    check(profile)
    learnt = flat(received_at)
    told = {name: _normalised(name, rows, learnt, profile) for name, rows in decoded.facts.items()}
    if "notes" in told:
        told["notes"] = placed_notes(told["notes"], told)
    return {name: _placed(rows) for name, rows in told.items()}


def _normalised(name: str, rows: pa.Table, received_at: pa.Array, profile: FeedProfile) -> pa.Table:
    if name == "observations":
        return observations(rows, received_at, profile)
    return _ADDED[name](rows, profile) if name in _ADDED else rows


def _placed(rows: pa.Table) -> pa.Table:
    """Number the rows of each message from 0; rows stand in message order."""
    message = flat(rows["message"]).to_numpy(zero_copy_only=False)
    begins, lengths = runs(message)
    place = np.arange(len(message)) - np.repeat(begins, lengths)
    return rows.add_column(1, "row", pa.array(place, pa.int32()))
