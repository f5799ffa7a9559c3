"""Bearing: steps of ours that raise cost the message that they cannot bear, never the flow.

Here: finding that message where a step has no state, and naming where it lies where one has. Not
here: the steps (steps.py), or the decoder's own poison (poison.py).

A fold that raised has learnt half a batch: its state cannot be trusted, so nothing is tried again
with it. The process ends, having named the messages, and the next one starts from the lake.
"""

from collections.abc import Callable, Iterable
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clinical.detection.shard import Shard
from clinical.wire.decoded import Decoded
from clinical.wire.profile import FeedProfile
from lakehouse.errors import LakehouseError
from streaming import poison, steps
from streaming.admission import kept
from streaming.batches import Rows, Understood
from streaming.drift import Drift

Flags = NDArray[np.bool_]
_SAID: Final = {"disposition": "quarantined", "stage": "normalise", "reason": poison.REASON}


class FoldFailedError(LakehouseError):
    """Scores and rules could not be folded over some messages; `place` and offsets name them."""

    def __init__(self, place: str, first: int, last: int, cause: str) -> None:
        super().__init__(
            f"scores and rules failed with {cause} on messages of {place}, offsets {first} to"
            f" {last}: none of them is committed; the next start looks at them one by one, and"
            " quarantines the one that fails"
        )
        self.place, self.first, self.last = place, first, last


def normalised(batch: Understood, profile: FeedProfile, drift: Drift | None = None) -> steps.Facts:
    """As `steps.normalised`; a message that it cannot bear is quarantined."""
    try:
        facts = steps.normalised(batch, profile)
    except Exception:
        # Whatever it was, it is found again, message by message.
        everyone = np.arange(len(batch.messages.raw))
        # What fails without a single fact is no message's fault: then it is raised here.
        steps.normalised(_without(batch, np.ones(len(everyone), np.bool_)), profile)
        culprits = _culprits(batch, profile, everyone)
        facts = steps.normalised(_without(batch, culprits), profile)
    if drift is not None:
        drift.codes(batch, profile)
    return facts


def _culprits(batch: Understood, profile: FeedProfile, which: NDArray[np.intp]) -> Flags:
    """The messages, of those asked for, that cannot be normalised, each for itself."""
    asked = np.zeros(len(batch.messages.raw), np.bool_)
    asked[which] = True
    try:
        steps.normalised(_without(batch, ~asked), profile)
    except Exception:
        if len(which) == 1:
            return asked
        half = len(which) // 2
        return _culprits(batch, profile, which[:half]) | _culprits(batch, profile, which[half:])
    return np.zeros_like(asked)


def _without(batch: Understood, culprits: Flags) -> Understood:
    """The batch with some messages quarantined, and without their facts."""
    messages, which = batch.decoded.messages, pa.array(culprits)
    for name, said in _SAID.items():
        column = pc.if_else(which, said, messages[name].combine_chunks())
        messages = messages.set_column(messages.column_names.index(name), name, column)
    facts = {name: kept(rows, ~culprits) for name, rows in batch.decoded.facts.items()}
    return Understood(batch.messages, Decoded(messages, facts), batch.content_hash)


class Folding(steps.Folding):
    """The shard of one facility; where it raises, the messages are named."""

    def __init__(
        self, open_shard: Callable[[str], Shard], failed: Callable[[BaseException], None]
    ) -> None:
        """Args: failed: Told of a failure, which an engine of several processes hides."""
        super().__init__(open_shard)
        self._failed = failed

    def on_item(self, value: steps.Facts) -> tuple[Iterable[Rows], bool]:
        """Fold one batch of a facility's facts."""
        try:
            return super().on_item(value)
        except Exception as error:
            # Without a shard it is what the lake holds that could not be folded.
            named = error if self._shard is None else _named(value, error)
            self._failed(named)
            raise named from error


def _named(facts: steps.Facts, error: Exception) -> FoldFailedError:
    lows = [pc.min(rows["offset"]).as_py() for rows in facts.tables.values()]
    highs = [pc.max(rows["offset"]).as_py() for rows in facts.tables.values()]
    return FoldFailedError(facts.place, min(lows), max(highs), type(error).__name__)
