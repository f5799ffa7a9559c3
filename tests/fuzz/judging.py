"""What must hold of any bytes: one disposition, a reason from the list, in bounded time.

Here: a batch and its verdict; a batch that fails is halved until the message that did it is found.
Not here: where messages come from.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import process_time

import pyarrow as pa

from clinical import wire
from clinical.normalise import normalise, signals
from clinical.wire.decoded import FACTS, MESSAGES
from clinical.wire.fhir.reasons import Reason
from clinical.wire.hl7.dispositions import REASONS
from clinical.wire.profile import FeedProfile, Format

# A message may cost this, and a batch this beside: a thousand times what one costs.
SECONDS, BATCH_SECONDS = 0.5, 5.0
DISPOSITIONS = frozenset({"parsed", "skipped", "quarantined"})
# A reason is one of a list, so that nothing of a message can stand in it.
KNOWN = frozenset(REASONS) | {reason.value for reason in Reason}
LEARNT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Outcome:
    """What came of a run so far: counts, and what failed by the number of its message."""

    counts: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    failed: dict[int, str] = field(default_factory=dict)


def profile(kind: Format) -> FeedProfile:
    """A feed with a zone whose clocks change."""
    return FeedProfile("fuzz", format=kind, zone="America/New_York")


def judge(messages: Sequence[bytes], first: int, kind: Format, outcome: Outcome) -> None:
    """Decode, normalise and fold a batch, and note what does not hold.

    Args:
        messages: The batch.
        first: The number of its first message.
        kind: Their format.
        outcome: Where what is found is noted.
    """
    began = process_time()
    try:
        _check(messages, kind, outcome)
        wrong = None
    except Exception as error:
        wrong = type(error).__name__
    if wrong is None and process_time() - began > BATCH_SECONDS + SECONDS * len(messages):
        wrong = "too slow"
    if wrong is None:
        return
    if len(messages) == 1:
        outcome.failed[first] = wrong
        return
    half = len(messages) // 2
    judge(messages[:half], first, kind, outcome)
    judge(messages[half:], first + half, kind, outcome)


def _check(messages: Sequence[bytes], kind: Format, outcome: Outcome) -> None:
    feed, raw = profile(kind), pa.array(messages, pa.binary())
    decoded = wire.decode(raw, feed)
    told = decoded.messages
    _hold(told.schema == MESSAGES and told.num_rows == len(messages), "shape")
    disposition, reason = told["disposition"].to_pylist(), told["reason"].to_pylist()
    _hold(DISPOSITIONS.issuperset(disposition), "disposition")
    _hold(KNOWN.issuperset(filter(None, reason)), "reason")
    parsed = [one == "parsed" for one in disposition]
    _hold(parsed == [one is None for one in reason], "reason of a parsed message")
    for name, rows in decoded.facts.items():
        rows.validate(full=True)
        _hold(rows.schema == FACTS[name], "schema")
        _hold(all(parsed[place] for place in set(rows["message"].to_pylist())), "unparsed facts")
        outcome.rows[name] += rows.num_rows
    _hold(len(wire.sent_at(raw, feed)) == len(messages), "sent_at")
    _hold(wire.dispositions(raw, feed).equals(told), "dispositions")
    evident = [wire.is_evident(one, feed) for one in messages]
    _hold(all(one for one, sure in zip(parsed, evident, strict=True) if sure), "evident")
    now = pa.array([LEARNT] * len(messages), pa.timestamp("us", tz="UTC"))
    signals(normalise(decoded, now, feed))
    outcome.counts.update(
        f"{one}: {why}" if why else one for one, why in zip(disposition, reason, strict=True)
    )


def _hold(law: bool, name: str) -> None:
    if not law:
        raise AssertionError(name)
