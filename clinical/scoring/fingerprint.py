"""Fingerprints of text columns: 64-bit numbers that stand for identities inside one process.

Here: a vectorised hash over Arrow strings. Not for storage: nothing outside memory depends on it.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_WORD = 8
_MULTIPLIER = np.uint64(0xFF51AFD7ED558CCD)
_SHIFT = np.uint64(29)
_PADDING = np.zeros(_WORD, np.uint8)
# How many of a word's eight bytes, from the first, belong to the string.
_KEEP = np.tril(np.full((_WORD + 1, _WORD), 255, np.uint8), -1).view(np.uint64).ravel()

Bytes = NDArray[np.uint8]
Positions = NDArray[np.int64]


def fingerprint(text: pa.Array) -> NDArray[np.uint64]:
    """One 64-bit hash per string; equal strings have equal hashes, nulls hash as empty."""
    strings = text.fill_null("").cast(pa.string())
    if not len(strings):
        return np.empty(0, np.uint64)
    _, offsets_buffer, bytes_buffer = strings.buffers()
    window = slice(strings.offset, strings.offset + len(strings) + 1)
    offsets = np.frombuffer(offsets_buffer, np.int32)[window].astype(np.int64)
    content = np.append(np.frombuffer(bytes_buffer or b"", np.uint8), _PADDING)
    starts, lengths = offsets[:-1], np.diff(offsets)
    # Lengths are spread, so that no short text takes the place of a shorter one.
    hashed = lengths.astype(np.uint64) * _MULTIPLIER
    for begin in range(0, int(lengths.max()), _WORD):
        left = lengths - begin
        # A string's hash must not depend on how long its neighbours are.
        hashed = np.where(left > 0, _mix(hashed ^ _words(content, starts + begin, left)), hashed)
    return hashed


def _words(content: Bytes, starts: Positions, left: Positions) -> NDArray[np.uint64]:
    """Eight bytes of each string as one number; bytes beyond the string's end are zero."""
    last = len(content) - _WORD
    everywhere = np.ndarray(last + 1, np.uint64, content.data, strides=(1,))
    taken = everywhere[np.minimum(starts, last)]
    words: NDArray[np.uint64] = taken & _KEEP[np.minimum(np.maximum(left, 0), _WORD)]
    return words


def _mix(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    value = value * _MULTIPLIER
    return value ^ (value >> _SHIFT)
