"""Admission: the same message twice is one message.

Here: duplicates (same sender, control id and bytes) and conflicts (same sender and control id,
other bytes), over a window of the feed's clock; and replays out of quarantine, each admitted once.
Not here: decoding, or what a message says.

What could not be understood holds no control id: the whole message after a torn one is no conflict
with it. A FHIR resource keeps its id through its versions, so in a FHIR feed other bytes are a new
version; and a sender may be known for giving control ids again (its profile's `quirks`).

A replay has sender, control id and bytes of the message that it replays, so it is known by that
one's place instead, for good. It is a duplicate where that one was replayed before, or was
understood after all, as it is in a backfill with the profile that was mended meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinical.scoring.fingerprint import fingerprint
from clinical.wire.decoded import Decoded
from clinical.wire.profile import Format
from streaming.batches import ORIGINAL, Understood
from streaming.memory import EVER, FOR_GOOD, WINDOW, Flags, Ints, Known, Memory, Words

HASH_BYTES = 16
LINE_ENDS = b"\r\n"
_ADMIT, _DUPLICATE, _CONFLICT = range(3)


def content_hashes(raw: pa.Array) -> pa.Array:
    """BLAKE2b-128 of each message's bytes, without line ends at the end.

    Where messages are told apart by line ends, as in a file, those of the last line are no part of
    the message; a frame keeps them. By either road it is one message.
    """
    messages = raw.cast(pa.large_binary())
    _, bounds, content = messages.buffers()
    ends = np.frombuffer(bounds, np.int64)[messages.offset :][: len(messages) + 1].tolist()
    text = memoryview(content or b"")
    digests = [
        blake2b(text[begin:end].tobytes().rstrip(LINE_ENDS), digest_size=HASH_BYTES).digest()
        for begin, end in pairwise(ends)
    ]
    return pa.array(digests, pa.binary(HASH_BYTES))


@dataclass(frozen=True, slots=True)
class _Sent:
    """Messages as they come: under their own names, and which replay another and which."""

    own: Known
    named: Flags
    replays: Flags
    originals: Words

    @classmethod
    def of(cls, told: pa.Table, content: pa.Array, at: pa.Array, originals: pa.Array) -> "_Sent":
        control_id = _flat(told["message_control_id"])
        quarantined = pc.equal(_flat(told["disposition"]), "quarantined")
        own = Known(
            _keys(_flat(told["sender"]), control_id),
            _words(content),
            _times(at),
            ~_flags(quarantined),
        )
        replays = _flags(pc.struct_field(originals, "offset").is_valid())
        return cls(own, ~_nameless(control_id), replays, _places(originals))

    def learnt(self, admitted: Flags) -> Known:
        """What is known once these are admitted: a replay by the place of its original."""
        known = Known(
            np.where(self.replays, self.originals, self.own.keys),
            self.own.contents,
            np.where(self.replays, FOR_GOOD, self.own.at),
            self.own.understood,
        )
        return known.taken(admitted & (self.named | self.replays))


class Admission:
    """What one feed sent, as far as it is remembered (memory.py)."""

    def __init__(self, feed_format: Format, *, repeats_ids: bool = False) -> None:
        """Start with nothing known; `repeats_ids` where other messages may have a known id."""
        self._keeps_ids = feed_format == "fhir" or repeats_ids
        self._memory = Memory()

    def recall(self, rows: pa.Table) -> None:
        """After a restart: take up rows of `raw_messages` that were admitted, in arrival order."""
        partition, offset = _flat(rows["original_partition"]), _flat(rows["original_offset"])
        originals = pa.StructArray.from_arrays([partition, offset], ["partition", "offset"])
        content, at = _flat(rows["content_hash"]), _flat(rows["received_at"])
        sent = _Sent.of(rows, content, at, originals)
        self._memory.learn(sent.learnt(np.ones(len(rows), np.bool_)))

    def admit(self, batch: Understood) -> Understood:
        """Mark duplicates and conflicts, and drop their facts."""
        messages = batch.messages
        hashes = content_hashes(messages.raw)
        originals = messages.originals
        if originals is None:
            originals = pa.nulls(len(hashes), ORIGINAL)
        sent = _Sent.of(batch.decoded.messages, hashes, messages.received_at, originals)
        verdict = self._judge(sent)
        self._memory.learn(sent.learnt(verdict == _ADMIT))
        return Understood(messages, _marked(batch.decoded, verdict), hashes)

    def _judge(self, sent: _Sent) -> Ints:
        own = sent.own
        # Of a replay's own message it counts whether it was ever understood, not when.
        oldest = np.where(sent.replays, EVER, own.at - WINDOW)
        found = self._memory.look_up(own.keys, oldest)
        if not (found[0].any() or sent.replays.any()) and _are_distinct(own.keys[sent.named]):
            # As good as every batch: nothing of it was heard before.
            return np.full(len(own), _ADMIT)
        keys, contents, since = own.keys.tolist(), own.contents.tolist(), oldest.tolist()
        known, content, understood = (column.tolist() for column in found)
        replayed, verdict = self._replayed(sent), [_ADMIT] * len(keys)
        here: dict[int, tuple[int, bool, int]] = {}
        for place in np.flatnonzero(sent.named | sent.replays).tolist():
            key, said = keys[place], contents[place]
            before = (content[place], understood[place]) if known[place] else None
            if key in here and here[key][2] >= since[place]:
                before = here[key][:2]
            if sent.replays[place]:
                original = int(sent.originals[place])
                if original in replayed or before == (said, True):
                    verdict[place] = _DUPLICATE
                else:
                    replayed.add(original)
            else:
                verdict[place] = self._verdict(before, said)
                if verdict[place] == _ADMIT:
                    here[key] = (said, bool(own.understood[place]), int(own.at[place]))
        return np.array(verdict, np.int64)

    def _verdict(self, before: tuple[int, bool] | None, said: int) -> int:
        if before is None:
            return _ADMIT
        if before[0] == said:
            return _DUPLICATE
        was_understood = before[1]
        return _CONFLICT if was_understood and not self._keeps_ids else _ADMIT

    def _replayed(self, sent: _Sent) -> set[int]:
        """Those of the originals that were replayed before."""
        originals = sent.originals[sent.replays]
        known, _, _ = self._memory.look_up(originals, np.full(len(originals), EVER))
        return set(originals[known].tolist())


def _are_distinct(keys: Words) -> bool:
    ordered = np.sort(keys)
    return not (ordered[1:] == ordered[:-1]).any()


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


def kept(rows: pa.Table, messages: Flags) -> pa.Table:
    """Rows of the messages that are kept."""
    return rows.filter(pa.array(messages[rows["message"].to_numpy()]))


def _keys(sender: pa.Array, control_id: pa.Array) -> Words:
    texts: Sequence[pa.Array] = (pc.fill_null(sender, ""), pc.fill_null(control_id, ""))
    return fingerprint(pc.binary_join_element_wise(*texts, "\x1f"))


def _places(originals: pa.Array) -> Words:
    # Without the separator that every other key has, so that no name can look like a place.
    parts = (pc.struct_field(originals, name).cast(pa.string()) for name in ("partition", "offset"))
    return fingerprint(pc.binary_join_element_wise(*parts, "/"))


def _nameless(control_id: pa.Array) -> Flags:
    return _flags(pc.equal(pc.fill_null(control_id, ""), ""))


def _flags(values: pa.Array) -> Flags:
    flags: Flags = values.to_numpy(zero_copy_only=False)
    return flags


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
