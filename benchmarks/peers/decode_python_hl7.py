"""python-hl7: the parser of that name.

Here: the decode job. Not here: its MLLP server.
"""

import hl7
import pyarrow as pa

from benchmarks.peers.decoded import Row, table

PACKAGES = ("hl7", "pyarrow")


def decode(messages: list[bytes]) -> pa.Table:
    """Every numeric OBX of every message."""
    return table([row for message in messages for row in _rows(hl7.parse(message.decode()))])


def _rows(parsed: hl7.Message) -> list[Row]:
    patient = str(parsed.segment("PID")[3][0][0])
    return [
        (patient, str(obx[3][0][0]), float(str(obx[5])), str(obx[6]), str(obx[14]))
        for obx in parsed.segments("OBX")
        if str(obx[2]) == "NM"
    ]
