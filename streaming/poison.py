"""Poison: a message that the decoder cannot bear costs itself, never the flow.

Here: decoding around it, and the reason that it gets. Not here: messages that the decoder can read
and refuses; those are its own verdicts.

No bytes should make the decoder raise. Where some do, that is a defect of ours: the message stays
in quarantine until it is mended, and everything else flows on. It is looked for by halves, so that
one among thousands is found in a few attempts.
"""

import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from clinical import wire
from clinical.wire.decoded import MESSAGES, Decoded
from clinical.wire.profile import FeedProfile
from streaming.logs import log
from streaming.metrics import DECODER_FAILED

REASON: Final = "decoder_failed"
_SAID: Final = {"disposition": "quarantined", "stage": "decode", "reason": REASON}

# More messages than these are judged faster together than one by one.
_FEW: Final = 500
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
    except Exception as error:
        if len(raw) == 1:
            return _quarantined(error, profile)
        half = len(raw) // 2
        parts = [dispositions(part, profile) for part in (raw[:half], raw[half:])]
        return pa.concat_tables(parts).combine_chunks()


def refusals(raw: Sequence[bytes], profile: FeedProfile) -> list[str | None]:
    """Per message, the reason for which it is quarantined; most evidently are not."""
    found: list[str | None] = [None] * len(raw)
    are_few = len(raw) <= _FEW
    doubtful = [n for n, one in enumerate(raw) if not (are_few and _is_evident(one, profile))]
    if doubtful:
        told = dispositions(pa.array([raw[place] for place in doubtful], pa.binary()), profile)
        verdicts = zip(told["disposition"].to_pylist(), told["reason"].to_pylist(), strict=True)
        for place, (disposition, reason) in zip(doubtful, verdicts, strict=True):
            found[place] = reason if disposition == "quarantined" else None
    return found


def _is_evident(raw: bytes, profile: FeedProfile) -> bool:
    try:
        return wire.is_evident(raw, profile)
    except Exception:
        return False


def _decoded(raw: pa.Array, profile: FeedProfile) -> Decoded:
    try:
        return wire.decode(raw, profile)
    except Exception as error:
        if len(raw) == 1:
            return Decoded(_quarantined(error, profile), {})
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


def _quarantined(error: Exception, profile: FeedProfile) -> pa.Table:
    DECODER_FAILED.labels(profile.name).inc()
    _tell(profile.name, type(error).__name__, _where(error))
    return pa.Table.from_pylist([_SAID], MESSAGES)


@cache
def _tell(feed: str, kind: str, where: str) -> None:
    """Say once where the decoder failed: the error's own words may quote the message."""
    log().error(REASON, feed=feed, error=kind, detail=where)


def _where(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"
