"""The baseline: the usual way to decode HL7, message by message, splitting strings.

Here: that way, as small as it can be, and a fixed piece of such work that tells how fast the
machine is just now. Not here: the product's own way (clinical/wire/hl7).
"""

from functools import cache
from typing import NamedTuple

from benchmarks import ward
from benchmarks.measuring import Run, Watch

# Messages of the fixed piece: some 20 ms.
MESSAGES = 2_000


class Observed(NamedTuple):
    """What the baseline makes of one OBX."""

    patient_id: str
    code: str
    value: float
    unit: str
    effective_at: str


def split(message: bytes) -> list[list[str]]:
    """The fields of every segment, whatever they are."""
    return [line.split("|") for line in message.decode().split("\r") if line]


def decode(messages: list[bytes]) -> list[Observed]:
    """Every numeric OBX of every message."""
    return [observed for message in messages for observed in _observations(message)]


def run() -> Run:
    """The fixed piece of work, once: messages per second say how fast the machine is just now."""
    watch, some = Watch(), _some()
    with watch:
        decode(some)
    return watch.run(messages=len(some))


@cache
def _some() -> list[bytes]:
    return list(ward.messages(MESSAGES, ward.STEADY))


def _observations(message: bytes) -> list[Observed]:
    segments = split(message)
    patient_id = next(s[3].split("^")[0] for s in segments if s[0] == "PID")
    return [
        Observed(patient_id, s[3].split("^")[0], float(s[5]), s[6].split("^")[0], s[14])
        for s in segments
        if s[0] == "OBX" and s[2] == "NM"
    ]
