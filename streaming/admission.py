"""Admission: the same message twice is one message.

Here: duplicates (same sender, control id and bytes) and conflicts (same sender and control id,
other bytes), over a window of the feed's clock. Not here: decoding, or what a message says.

A FHIR resource keeps its id through its versions, so in a FHIR feed other bytes are a new version.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from clinical.scoring.fingerprint import fingerprint
from clinical.wire.decoded import Decoded
from clinical.wire.profile import Format
from streaming.batches import Understood

WINDOW = 7 * 24 * 3_600_000_000
# So many are remembered however old: a replayed backlog may repeat what it said long before.
REMEMBERED = 5_000_000
HASH_BYTES = 16
_ADMIT, _DUPLICATE, _CONFLICT = range(3)
# So many runs are searched at most; more are joined, so that a look-up stays cheap.
_RUNS = 8

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]


def content_hashes(raw: pa.Array) -> pa.Array:
    """BLAKE2b-128 of each message's bytes."""
    messages = raw.cast(pa.large_binary())
    _, bounds, content = messages.buffers()
    ends = np.frombuffer(bounds, np.int64)[messages.offset :][: len(messages) + 1].tolist()
    text = memoryview(content or b"")
    digests = [
        blake2b(text[begin:end], digest_size=HASH_BYTES).digest() for begin, end in pairwise(ends)
    ]
    return pa.array(digests, pa.binary(HASH_BYTES))


@dataclass(frozen=True, slots=True)
class _Run:
    """Known messages, sorted by key; `at` is when each was received."""

    keys: Words
    contents: Words
    at: Ints

    @classmethod
    def of(cls, keys: Words, contents: Words, at: Ints) -> "_Run":
        order = np.argsort(keys, kind="stable")
        return cls(keys[order], contents[order], at[order])

    def joined(self, other: "_Run") -> "_Run":
        keys, contents, at = (
            np.concatenate([getattr(self, name), getattr(other, name)])
            for name in ("keys", "contents", "at")
        )
        return _Run.of(keys, contents, at)

    def since(self, oldest: int) -> "_Run":
        kept = self.at >= oldest
        return _Run(self.keys[kept], self.contents[kept], self.at[kept])


class Admission:
    """What one feed sent, as 24 bytes a message: of late, and at least REMEMBERED messages."""

    def __init__(self, feed_format: Format) -> None:
        """Start with nothing known."""
        self._keeps_ids = feed_format == "fhir"
        self._runs: list[_Run] = []
        self._newest = 0

    def recall(
        self, sender: pa.Array, control_id: pa.Array, content: pa.Array, at: pa.Array
    ) -> None:
        """After a restart: take up messages that were admitted before, in arrival order."""
        known = ~np.isin(np.arange(len(sender)), np.flatnonzero(_nameless(control_id)))
        self._learn(_keys(sender, control_id)[known], _words(content)[known], _times(at)[known])

    def admit(self, batch: Understood) -> Understood:
        """Mark duplicates and conflicts, and drop their facts."""
        table = batch.decoded.messages
        hashes = content_hashes(batch.messages.raw)
        keys = _keys(_flat(table["sender"]), _flat(table["message_control_id"]))
        contents, at = _words(hashes), _times(batch.messages.received_at)
        named = ~_nameless(_flat(table["message_control_id"]))
        verdict = self._judge(keys, contents, at, named)
        fresh = named & (verdict == _ADMIT)
        self._learn(keys[fresh], contents[fresh], at[fresh])
        return Understood(batch.messages, _marked(batch.decoded, verdict), hashes)

    def _judge(self, keys: Words, contents: Words, at: Ints, named: NDArray[np.bool_]) -> Ints:
        known, content = self._look_up(keys, at)
        verdict = np.full(len(keys), _ADMIT)
        here: dict[int, tuple[int, int]] = {}
        for place in np.flatnonzero(named).tolist():
            key, said, when = int(keys[place]), int(contents[place]), int(at[place])
            before = int(content[place]) if known[place] else None
            if key in here and when - here[key][1] <= WINDOW:
                before = here[key][0]
            if before == said:
                verdict[place] = _DUPLICATE
            elif before is not None and not self._keeps_ids:
                verdict[place] = _CONFLICT
            else:
                here[key] = (said, when)
        return verdict

    def _look_up(self, keys: Words, at: Ints) -> tuple[NDArray[np.bool_], Words]:
        known, content = np.zeros(len(keys), np.bool_), np.zeros(len(keys), np.uint64)
        for run in self._runs:
            place = np.searchsorted(run.keys, keys, side="right") - 1
            found = (place >= 0) & (run.keys[place] == keys) & (at - run.at[place] <= WINDOW)
            known |= found
            content = np.where(found, run.contents[place], content)
        return known, content

    def _learn(self, keys: Words, contents: Words, at: Ints) -> None:
        if not len(keys):
            return
        self._newest = max(self._newest, int(at.max()))
        self._runs.append(_Run.of(keys, contents, at))
        while len(self._runs) > 1 and (
            len(self._runs) > _RUNS or len(self._runs[-2].keys) <= 2 * len(self._runs[-1].keys)
        ):
            newer = self._runs.pop()
            self._runs[-1] = self._runs[-1].joined(newer)
        if sum(len(run.keys) for run in self._runs) > REMEMBERED:
            self._runs = [run.since(self._newest - WINDOW) for run in self._runs]


def _marked(decoded: Decoded, verdict: Ints) -> Decoded:
    if not verdict.any():
        return decoded
    changed = pa.array(verdict != _ADMIT)
    told = {
        "disposition": ["", "duplicate", "quarantined"],
        "stage": [None, None, "admit"],
        "reason": [None, None, "control_id_conflict"],
    }
    messages = decoded.messages
    for name, words in told.items():
        said = pa.array(words, pa.string()).take(pa.array(verdict))
        place = messages.column_names.index(name)
        column = pc.if_else(changed, said, _flat(messages[name]))
        messages = messages.set_column(place, name, column)
    admitted = verdict == _ADMIT
    return Decoded(messages, {name: kept(rows, admitted) for name, rows in decoded.facts.items()})


def kept(rows: pa.Table, messages: NDArray[np.bool_]) -> pa.Table:
    """Rows of the messages that are kept."""
    return rows.filter(pa.array(messages[rows["message"].to_numpy()]))


def _keys(sender: pa.Array, control_id: pa.Array) -> Words:
    texts: Sequence[pa.Array] = (pc.fill_null(sender, ""), pc.fill_null(control_id, ""))
    return fingerprint(pc.binary_join_element_wise(*texts, "\x1f"))


def _nameless(control_id: pa.Array) -> NDArray[np.bool_]:
    empty: NDArray[np.bool_] = pc.equal(pc.fill_null(control_id, ""), "").to_numpy(
        zero_copy_only=False
    )
    return empty


def _words(content: pa.Array) -> Words:
    """The first eight bytes of each hash."""
    fixed = content.cast(pa.binary(HASH_BYTES))  # as read from the lake it is not
    words = np.frombuffer(fixed.buffers()[1] or b"", np.uint64).reshape(-1, HASH_BYTES // 8)
    return words[fixed.offset : fixed.offset + len(fixed), 0].copy()


def _times(at: pa.Array) -> Ints:
    times: Ints = at.cast(pa.int64()).to_numpy()
    return times


def _flat(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks()
