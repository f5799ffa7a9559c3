"""hl7apy: the parser that knows the standard's own structures.

Here: the decode job. Not here: its validation, which is off.
"""

import pyarrow as pa
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_segments

from benchmarks.peers.decoded import Row, table

PACKAGES = ("hl7apy", "pyarrow")


def decode(messages: list[bytes]) -> pa.Table:
    """Every numeric OBX of every message."""
    return table([row for message in messages for row in _rows(message)])


def _rows(message: bytes) -> list[Row]:
    segments = parse_segments(
        message.decode(), version="2.5.1", validation_level=VALIDATION_LEVEL.TOLERANT
    )
    patient = next(s.pid_3.pid_3_1.to_er7() for s in segments if s.name == "PID")
    return [
        (
            patient,
            s.obx_3.obx_3_1.to_er7(),
            float(s.obx_5.to_er7()),
            s.obx_6.to_er7(),
            s.obx_14.to_er7(),
        )
        for s in segments
        if s.name == "OBX" and s.obx_2.to_er7() == "NM"
    ]
