"""Poison: a message that the decoder cannot bear costs itself, never the flow.

Here: decoding around it, and the reason that it gets. Not here: messages that the decoder can read
and refuses; those are its own verdicts.

No bytes should make the decoder raise. Where some do, that is a defect of ours: the message stays
in quarantine until it is mended, and everything else flows on. It is looked for by halves, so that
one among thousands is found in a few attempts.
"""

from collections.abc import Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from clinical import wire
from clinical.wire.decoded import MESSAGES, Decoded
from clinical.wire.profile import FeedProfile

REASON: Final = "decoder_failed"
_SAID: Final = {"disposition": "quarantined", "stage": "decode", "reason": REASON}

_NO: Final = pa.scalar(value=False)


def decode(raw: pa.Array, profile: FeedProfile, known: pa.Array | None = None) -> Decoded:
    """As `wire.decode`; what it cannot bear is quarantined.

    Args:
        raw: Binary column, one message per row.
        profile: The feed they came by.
        known: Per message, why it was refused before; those refused with REASON are not tried
            again.
    """
    if known is None or not pc.any(was_poison := pc.equal(known, REASON)).as_py():
        return _decoded(raw, profile)
    spared = pc.if_else(pc.coalesce(was_poison, _NO), pa.scalar(b"", raw.type), raw)
    return _decoded(spared, profile)


def dispositions(raw: pa.Array, profile: FeedProfile) -> pa.Table:
    """As `wire.dispositions`; what it cannot bear is quarantined."""
    try:
        return wire.dispositions(raw, profile)
    except Exception:
        if len(raw) == 1:
            return _quarantined()
        half = len(raw) // 2
        parts = [dispositions(part, profile) for part in (raw[:half], raw[half:])]
        return pa.concat_tables(parts).combine_chunks()


def _decoded(raw: pa.Array, profile: FeedProfile) -> Decoded:
    try:
        return wire.decode(raw, profile)
    except Exception:
        if len(raw) == 1:
            return Decoded(_quarantined(), {})
        half = len(raw) // 2
        return joined(_decoded(raw[:half], profile), _decoded(raw[half:], profile))


def joined(one: Decoded, other: Decoded) -> Decoded:
    """Two halves of a batch as one."""
    moved = {name: _moved(rows, len(one.messages)) for name, rows in other.facts.items()}
    facts: Mapping[str, pa.Table] = {
        name: pa.concat_tables(part[name] for part in (one.facts, moved) if name in part)
        for name in dict.fromkeys([*one.facts, *moved])
    }
    messages = pa.concat_tables([one.messages, other.messages]).combine_chunks()
    return Decoded(messages, {name: rows.combine_chunks() for name, rows in facts.items()})


def _moved(rows: pa.Table, by: int) -> pa.Table:
    place = rows.column_names.index("message")
    field = rows.schema.field(place)
    return rows.set_column(place, field, pc.add(rows["message"], pa.scalar(by, field.type)))


def _quarantined() -> pa.Table:
    return pa.Table.from_pylist([_SAID], MESSAGES)
