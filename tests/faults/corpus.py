"""What is sent in the fault tests, and what must be in the lake afterwards.

Here: messages of the bundled sample, in plain Python, and the reference model: what each of them
says, read without a line of the product's code. Not here: sending (sending.py), or comparing
(checks.py).
"""

import gzip
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

SAMPLE = Path(str(files("pulsehouse") / "sample" / "mimic3_sample.hl7.gz"))
FEED = "mimic3"


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it is sent, with what tells it apart."""

    raw: bytes
    control_id: str
    patient: str


def corpus(count: int, copies: int = 1) -> list[Message]:
    """The first messages of the sample; each further copy is of other patients and control ids."""
    content = gzip.decompress(SAMPLE.read_bytes())
    texts = [b"MSH" + rest.rstrip(b"\r\n") for rest in content.split(b"MSH")[1:]][:count]
    return [_told(text, copy) for copy in range(copies) for text in texts]


def _told(text: bytes, copy: int) -> Message:
    segments = [segment.split(b"|") for segment in text.replace(b"\n", b"\r").split(b"\r")]
    if copy:
        _renamed(segments, copy)
    header = segments[0]
    patient = next((s[3].split(b"^")[0] for s in segments if s[0] == b"PID"), b"")
    raw = b"\r".join(b"|".join(segment) for segment in segments if segment != [b""]) + b"\r"
    return Message(raw, header[9].decode(), patient.decode())


def _renamed(segments: list[list[bytes]], copy: int) -> None:
    mark = b"C%d-" % copy
    segments[0][9] = mark + segments[0][9]
    for segment in segments:
        if segment[0] == b"PID":
            segment[3] = b"~".join(mark + one for one in segment[3].split(b"~"))
        if segment[0] == b"MRG":
            segment[1] = b"~".join(mark + one for one in segment[1].split(b"~"))


def observed(messages: Sequence[Message]) -> Counter[tuple[str, str]]:
    """How often each message states each code: its OBX segments, by control id and OBX-3.1."""
    found: Counter[tuple[str, str]] = Counter()
    for message in messages:
        for segment in message.raw.split(b"\r"):
            fields = segment.split(b"|")
            if fields[0] == b"OBX":
                found[message.control_id, fields[3].split(b"^")[0].decode()] += 1
    return found
