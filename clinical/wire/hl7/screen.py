"""The first look at a batch: what can be read at all, and by which separators.

Here: limits, MSH, separators and character sets; the usable messages in groups that share their
separators. Not here: what the messages say.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clinical.wire.hl7 import charsets
from clinical.wire.hl7.delimiters import Delimiters, delimiters
from clinical.wire.hl7.dispositions import Verdicts
from clinical.wire.hl7.index import MSH, Index
from clinical.wire.hl7.indexing import build
from clinical.wire.hl7.text import Positions, layout
from clinical.wire.profile import FeedProfile

# `MSH`, then the field separator, up to five characters of MSH-2 and the separator that closes it.
HEAD = 7
USUAL = b"MSH|^~\\&|"
_EIGHT = np.frombuffer(USUAL[:8], np.uint64)[0]
MSH_18 = 18
FIRST_NON_ASCII = 0x80


@dataclass(frozen=True, slots=True)
class Group:
    """Messages that share their separators: their places in the batch, and their index."""

    places: Positions
    index: Index


def screen(messages: pa.Array, profile: FeedProfile, verdicts: Verdicts) -> Iterator[Group]:
    """Reject what cannot be read, and group and index the rest."""
    messages = unmarked(messages)
    bounds, _ = layout(messages)
    verdicts.reject(np.diff(bounds) > profile.limits.message_bytes, "message_too_large")
    for places, separators in alike(messages, verdicts):
        yield _group(messages, places, separators, profile, verdicts)


def unmarked(messages: pa.Array) -> pa.Array:
    """The messages without byte order marks, those in UTF-16 or UTF-32 in UTF-8."""
    bounds, content = layout(messages)
    begin = bounds[:-1][bounds[:-1] < bounds[1:]]
    # A mark begins with a byte beyond ASCII or, in UTF-32 big-endian, with NUL.
    marked = (content[begin] >= FIRST_NON_ASCII) | (content[begin] == 0)
    if not marked.any():
        return messages
    return pa.array([charsets.unwrapped(raw) for raw in messages.to_pylist()], pa.binary())


def alike(messages: pa.Array, verdicts: Verdicts) -> Iterator[tuple[Positions, Delimiters]]:
    """The places of messages that share their separators; others are rejected."""
    bounds, content = layout(messages)
    heads = _heads(bounds, content, verdicts)
    used = content[bounds[0] : bounds[-1]]
    if len(used) and not used.min():
        verdicts.reject(_holding(bounds, used == 0), "nul_byte")
    for head in np.unique(heads[verdicts.usable]):
        separators = delimiters(head.item().to_bytes(HEAD, "big").rstrip(b"\0"))
        same = verdicts.usable & (heads == head)
        if separators is None:
            verdicts.reject(same, "bad_msh")
        else:
            yield np.flatnonzero(same), separators


def _holding(bounds: Positions, marked: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which messages hold a marked byte; the marks begin with the first message."""
    found = np.zeros(len(bounds) - 1, np.bool_)
    if marked.any():
        at = np.flatnonzero(marked) + bounds[0]
        found[np.searchsorted(bounds[1:], at, side="right")] = True
    return found


def _heads(
    bounds: Positions, content: npt.NDArray[np.uint8], verdicts: Verdicts
) -> npt.NDArray[np.uint64]:
    """What follows `MSH` in each message, as a number; messages without MSH are rejected."""
    if (usual := _usual(bounds, content)) is not None:
        return usual
    width = len(MSH) + HEAD
    place = bounds[:-1, None] + np.arange(width)
    inside = place < bounds[1:, None]
    padded = content if len(content) else np.zeros(1, np.uint8)
    head = np.where(inside, padded[np.minimum(place, len(padded) - 1)], 0)
    begins = (head[:, :3] == np.frombuffer(MSH.encode("ascii"), np.uint8)).all(axis=1)
    verdicts.reject(~begins, "no_msh")
    head = _closed(head[:, 3:])
    weights = np.uint64(256) ** np.arange(HEAD - 1, -1, -1, dtype=np.uint64)
    numbers: npt.NDArray[np.uint64] = (head.astype(np.uint64) * weights).sum(axis=1)
    return numbers


def _usual(bounds: Positions, content: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64] | None:
    """The heads of a batch in which all messages begin as nearly all the world's do; else None."""
    if not len(content) or (np.diff(bounds) < len(USUAL)).any():
        return None
    # All but the last character at once: eight bytes that lie anywhere, as a number.
    eights = np.ndarray((len(content) - 7,), np.uint64, content, strides=(1,))
    if (eights[bounds[:-1]] != _EIGHT).any() or (content[bounds[:-1] + 8] != USUAL[8]).any():
        return None
    number = int.from_bytes(USUAL[len(MSH) :].ljust(HEAD, b"\0"), "big")
    return np.full(len(bounds) - 1, number, np.uint64)


def _closed(head: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The heads without what follows the separator that closes MSH-2, so that equals compare."""
    closing = head[:, 1:] == head[:, :1]
    after = np.cumsum(closing, axis=1) - closing > 0
    head[:, 1:][after] = 0
    return head


def _group(
    messages: pa.Array,
    places: Positions,
    separators: Delimiters,
    profile: FeedProfile,
    verdicts: Verdicts,
) -> Group:
    chosen = messages if len(places) == len(messages) else messages.take(pa.array(places))
    index = build(chosen, separators)
    codecs = _codecs(index, profile)
    verdicts.reject(_at(places, codecs.unknown, verdicts), "unknown_charset")
    wide = _wide(chosen)
    if charsets.SWITCHED in codecs.names:
        wide |= _switching(chosen) & codecs.switched
    if wide.any():
        chosen, unreadable = _to_utf8(chosen, wide, codecs, profile)
        verdicts.reject(_at(places, unreadable, verdicts), "bad_charset")
        index = build(chosen, separators)
    crowded = index.segments_per_message() > profile.limits.segments
    verdicts.reject(_at(places, crowded, verdicts), "too_many_segments")
    return Group(places, index)


def _at(
    places: Positions, which: npt.NDArray[np.bool_], verdicts: Verdicts
) -> npt.NDArray[np.bool_]:
    chosen = np.zeros(len(verdicts.reasons), np.bool_)
    chosen[places[which]] = True
    return chosen


@dataclass(frozen=True, slots=True)
class _Codecs:
    """The codec of each message of a group, by number; "" is one that is unknown."""

    names: list[str]
    number: npt.NDArray[np.int64]

    @property
    def unknown(self) -> npt.NDArray[np.bool_]:
        return np.array([not name for name in self.names])[self.number]

    @property
    def switched(self) -> npt.NDArray[np.bool_]:
        return np.array([name == charsets.SWITCHED for name in self.names])[self.number]


def _codecs(index: Index, profile: FeedProfile) -> _Codecs:
    declared = index.headers().field(MSH_18, pa.binary())
    if declared.null_count == len(declared):
        return _Codecs([profile.charset], np.zeros(len(declared), np.int64))
    encoded = declared.fill_null(b"").dictionary_encode()
    repetition = index.delimiters.repetition
    names = [raw.decode("ascii", "replace") for raw in encoded.dictionary.to_pylist()]
    found = [charsets.codec(name, profile.charset, repetition) for name in names]
    return _Codecs([name or "" for name in found], encoded.indices.to_numpy())


def _wide(messages: pa.Array) -> npt.NDArray[np.bool_]:
    """Which messages hold more than ASCII."""
    bounds, content = layout(messages)
    content = content[bounds[0] : bounds[-1]]
    if not len(content) or content.max() < FIRST_NON_ASCII:
        return np.zeros(len(messages), np.bool_)
    return _holding(bounds, content >= FIRST_NON_ASCII)


def _switching(messages: pa.Array) -> npt.NDArray[np.bool_]:
    """Which messages hold an escape character, after which no byte is what it seems."""
    bounds, content = layout(messages)
    return _holding(bounds, content[bounds[0] : bounds[-1]] == charsets.ESCAPE)


def _to_utf8(
    messages: pa.Array, wide: npt.NDArray[np.bool_], codecs: _Codecs, profile: FeedProfile
) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """The messages in UTF-8, and which of them hold bytes their character set does not have."""
    raw = messages.to_pylist()
    unreadable = np.zeros(len(raw), np.bool_)
    for place in np.flatnonzero(wide):
        name = codecs.names[codecs.number[place]] or charsets.ASCII
        raw[place], unreadable[place] = charsets.to_utf8(raw[place], name, profile.charset)
    return pa.array(raw, pa.binary()), unreadable
