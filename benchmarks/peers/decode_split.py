"""Plain Python that splits strings, as small as it can be.

Here: the decode job. Not here: escapes, repetitions, encodings, errors.
"""

import pyarrow as pa

from benchmarks.peers.decoded import Row, table

PACKAGES = ("pyarrow",)


def decode(messages: list[bytes]) -> pa.Table:
    """Every numeric OBX of every message."""
    return table([row for message in messages for row in _rows(message)])


def _rows(message: bytes) -> list[Row]:
    segments = [line.split("|") for line in message.decode().split("\r") if line]
    patient = next(s[3].split("^", 1)[0] for s in segments if s[0] == "PID")
    return [
        (patient, s[3].split("^", 1)[0], float(s[5]), s[6], s[14])
        for s in segments
        if s[0] == "OBX" and s[2] == "NM"
    ]
