"""When messages were sent: MSH-7 alone, for a clock that runs before anything is decoded.

Here: MSH-7 of a batch, from the beginnings of its messages. Not here: the rest of MSH (header.py).
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from clinical.wire.hl7.dispositions import Verdicts
from clinical.wire.hl7.header import MSH_TIME, times
from clinical.wire.hl7.indexing import build
from clinical.wire.hl7.screen import FIRST_NON_ASCII, alike, unmarked
from clinical.wire.hl7.text import layout
from clinical.wire.time import UTC

# Where MSH-7 is looked for first; a message of which this cuts MSH-7 short is looked at whole.
HEAD_BYTES = 256


def sent_at(messages: pa.Array, zone: str) -> pa.Array:
    """MSH-7 of each message in UTC; null where it is absent or unreadable."""
    messages = unmarked(messages)
    length = pc.binary_length(messages).to_numpy()
    sent, goes_on = _sent_at(pc.binary_slice(messages, 0, HEAD_BYTES), zone)
    unsure = np.flatnonzero((length > HEAD_BYTES) & ~goes_on)
    if len(unsure):
        sent[unsure], _ = _sent_at(messages.take(pa.array(unsure)), zone)
    return pa.array(sent, UTC)


def _sent_at(
    messages: pa.Array, zone: str
) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.bool_]]:
    """MSH-7 of each message, and whether anything follows MSH-7."""
    sent = np.full(len(messages), np.datetime64("NaT", "us"))
    goes_on = np.zeros(len(messages), np.bool_)
    for places, separators in alike(messages, Verdicts.of(len(messages))):
        index = build(_ascii(messages.take(pa.array(places))), separators)
        msh = index.headers()
        sent[places] = times(msh, MSH_TIME, zone).to_numpy(zero_copy_only=False)
        goes_on[places] = index.last[msh.at] - index.first[msh.at] >= MSH_TIME
    return sent, goes_on


def _ascii(messages: pa.Array) -> pa.Array:
    """The messages with what is not ASCII replaced, as no time has any of it."""
    bounds, content = layout(messages)
    if not len(content) or content.max() < FIRST_NON_ASCII:
        return messages
    plain = np.where(content < FIRST_NON_ASCII, content, ord("?")).astype(np.uint8)
    offsets = pa.py_buffer(bounds.astype(np.int32))
    return pa.Array.from_buffers(pa.binary(), len(messages), [None, offsets, pa.py_buffer(plain)])
