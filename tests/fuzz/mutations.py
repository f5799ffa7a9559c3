"""Mutations: a real message with something done to it that no standard allows.

Here: `mutated`, the same for the same number: bytes of any message, and values of one in JSON. Not
here: what must hold of the result (judging.py).
"""

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from random import Random
from typing import Any

MOST = 5
# Of the messages in JSON, those that stay JSON: few others get further than its parser.
STRUCTURED = 0.8
LINES, COMMAS = b"\r", b","
# What separates, ends, escapes, numbers and dates; bytes that no text has; names that mean much.
BYTES = b"|^~\\&#\r\n\x00\x0b\x1b\x1c\x80\xa9\xc3\xff <>=.-+0129AZ$%*!@{}[]\":,'"
WORDS = (
    *(b"MSH|^~\\&|", b"\rPID|||", b"\rOBX|1|", b"\rOBR|1|", b"\rMRG|", b"\rNTE|1||", b"\rPV1||I|"),
    *(b"ADT^A40", b"ADT^A17", b"ADT^A45", b"ORU^R01", b"RDE^O11", b"VXU^V04", b"MDM^T02"),
    *(b"UNICODE UTF-16", b"ISO IR87", b"8859/2", b"GB 18030-2000", b"KLINGON", b"\x1b$B", b"2.1"),
    *(b'""', b"99991231", b"20240230", b"202403100230", b"+9999", b"1e999", b"-0", b"NaN", b"<="),
    *(b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", "\u202e\u0663".encode(), b"\\X00\\", b"\\H\\"),
    *(b"null", b"true", b"[]", b"{}", b"[[[[[[[[", b'{"a":', b"1e400", b'"\\ud800"'),
    *(b'"resourceType":"Patient",', b'"reference":"Patient/x"', b'"entered-in-error"', b'"Bundle"'),
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        0,
        -1,
        1.5,
        1e308,
        10**30,
        "",
        " ",
        "x",
        "2024-02-30",
        "9999-99",
        "24:00",
        [],
        {},
    ),
    *(
        "2024-03-10T02:30:00",
        "2024-03-10T02:30:00.123456789+14:00",
        "Patient/x",
        "#p",
        "urn:uuid:0",
    ),
    *("entered-in-error", "Patient", "\ud800", "\u0000", "é" * 300, [[[]]], {"value": "x"}),
)
DEEPEST = 40
Change = Callable[[bytes, int, int, Random, Sequence[bytes]], bytes]


def mutated(number: int, seed: int, messages: Sequence[bytes]) -> bytes:
    """Message `number` of a run: one of these, changed in up to five places."""
    chance = Random(seed * 1_000_003 + number)  # noqa: S311 no secret is made of it
    raw = chance.choice(messages)
    if raw.startswith(b"{") and chance.random() < STRUCTURED:
        return _rewritten(raw, chance)
    for _ in range(chance.randint(1, MOST)):
        start = chance.randint(0, len(raw))
        stop = min(len(raw), start + chance.choice((0, 1, 2, 8, 40, 400)))
        raw = chance.choice(CHANGES)(raw, start, stop, chance, messages)
    return raw


def _rewritten(raw: bytes, chance: Random) -> bytes:
    """A document in which values are of another type, gone, doubled or from elsewhere in it."""
    document = json.loads(raw)
    for _ in range(chance.randint(1, MOST)):
        places = list(_places(document))
        if not places:
            break
        where, key = chance.choice(places)
        donor, other = chance.choice(places)
        value = chance.choice((*VALUES, donor[other], [where[key]] * 2, {"a": where[key]}))
        where[key] = deepcopy(value)  # what is changed next must change nothing else
        if isinstance(where, dict) and chance.random() < 1 / 3:
            del where[key]
    return json.dumps(document).encode()


def _places(node: Any, depth: int = 0) -> Iterator[tuple[Any, Any]]:
    """Every place of a document that holds a value: what it is in, and by what key."""
    if depth > DEEPEST:
        return
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        yield node, key
        if isinstance(value, dict | list):
            yield from _places(value, depth + 1)


def _cut(raw: bytes, start: int, stop: int, _: Random, __: Sequence[bytes]) -> bytes:
    return raw[:start] + raw[stop:]


def _repeated(raw: bytes, start: int, stop: int, chance: Random, _: Sequence[bytes]) -> bytes:
    return raw[:start] + raw[start:stop] * chance.choice((2, 3, 30)) + raw[stop:]


def _scattered(raw: bytes, start: int, stop: int, chance: Random, _: Sequence[bytes]) -> bytes:
    noise = bytes(chance.choice(BYTES) for _ in range(chance.randint(1, 4)))
    return raw[:start] + noise + raw[stop:]


def _noise(raw: bytes, start: int, stop: int, chance: Random, _: Sequence[bytes]) -> bytes:
    return raw[:start] + chance.randbytes(min(stop - start + 1, 8)) + raw[stop:]


def _worded(raw: bytes, start: int, stop: int, chance: Random, _: Sequence[bytes]) -> bytes:
    return raw[:start] + chance.choice(WORDS) + raw[stop:]


def _grafted(raw: bytes, start: int, stop: int, chance: Random, messages: Sequence[bytes]) -> bytes:
    """A piece of another message, from one separator to the next."""
    mark = LINES if raw.startswith(b"MSH") else COMMAS
    return raw[:start] + chance.choice(chance.choice(messages).split(mark)) + mark + raw[stop:]


def _shuffled(raw: bytes, _: int, __: int, chance: Random, ___: Sequence[bytes]) -> bytes:
    """Two segments, fields or elements in each other's place."""
    mark = chance.choice((b"\r", b"|", b"^")) if raw.startswith(b"MSH") else COMMAS
    parts = raw.split(mark)
    one, other = chance.randrange(len(parts)), chance.randrange(len(parts))
    parts[one], parts[other] = parts[other], parts[one]
    return mark.join(parts)


def _truncated(raw: bytes, start: int, _: int, __: Random, ___: Sequence[bytes]) -> bytes:
    return raw[:start]


CHANGES: tuple[Change, ...] = (
    *(_cut, _repeated, _scattered, _scattered, _noise),
    *(_worded, _worded, _grafted, _grafted, _shuffled, _shuffled, _truncated),
)
