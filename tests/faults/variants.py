"""The messages of the corpus otherwise: shuffled, drifted, poisoned, changed.

Here: pure functions from messages to messages. Not here: what they are sent for (scenarios).
"""

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.faults.corpus import Message, corpus

Fields = list[bytes]


def between_patients(messages: Sequence[Message], seed: int) -> list[Message]:
    """In another order, but for each patient in the same."""
    waiting: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        waiting[message.patient].append(message)
    order = [message.patient for message in messages]
    random.Random(seed).shuffle(order)
    lines = {patient: iter(line) for patient, line in waiting.items()}
    return [next(lines[patient]) for patient in order]


def anyhow(messages: Sequence[Message], seed: int) -> list[Message]:
    """In another order, also within a patient."""
    return random.Random(seed).sample(list(messages), len(messages))


def changed(message: Message) -> Message:
    """Other bytes under the same control id."""
    return replace(message, raw=message.raw + b"NTE|1||sent again with another text\r")


def drifted(count: int, copies: int) -> list[Message]:
    """The corpus, of which the second half was sent by a newer release of the sender's software."""
    messages = corpus(count, copies)
    half = len(messages) // 2
    return messages[:half] + [_drifted(message) for message in messages[half:]]


def _drifted(message: Message) -> Message:
    """New segments, fields beyond those we know, longer ones, and another type of value."""
    raw = _edited(message.raw, {b"OBX": _drifted_result, b"PID": _drifted_patient})
    return replace(message, raw=raw + b"ZDR|1|a new segment^with components|" + b"x" * 300 + b"\r")


def _drifted_result(fields: Fields) -> None:
    if fields[2] == b"NM" and fields[1].endswith(b"2"):
        fields[2], fields[5] = b"ST", b"about " + fields[5]
    fields.extend([b""] * (26 - len(fields)))
    fields[25] = b"a field^of a later&version"
    # The method, which is longer than any was.
    fields[17] = b"m" * 4_000


def _drifted_patient(fields: Fields) -> None:
    fields.extend([b""] * (41 - len(fields)))
    fields[40] = b"555^PRN^CP"


def poisoned(count: int, copies: int) -> list[Message]:
    """The corpus, of which some messages state numbers that are none."""
    return [
        _with_number(message, NUMBERS[place // 10 % len(NUMBERS)]) if place % 10 == 0 else message
        for place, message in enumerate(corpus(count, copies))
    ]


# Each has brought down some program.
NUMBERS = (
    *(b"1e999", b"-1e999", b"NaN", b"Infinity", b"9" * 4_000, b"0x10", b"1e-9999"),
    *(b"1,5", b"--1", b"1_000", "\u0665".encode(), b"+"),
)


def _with_number(message: Message, number: bytes) -> Message:
    def edit(fields: Fields) -> None:
        if fields[2] == b"NM":
            fields[5] = number

    return replace(message, raw=_edited(message.raw, {b"OBX": edit}))


def _edited(raw: bytes, edits: dict[bytes, Callable[[Fields], None]]) -> bytes:
    segments = [segment.split(b"|") for segment in raw.rstrip(b"\r").split(b"\r")]
    for fields in segments:
        if fields[0] in edits:
            edits[fields[0]](fields)
    return b"".join(b"|".join(fields) + b"\r" for fields in segments)
