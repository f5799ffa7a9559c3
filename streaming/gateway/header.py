"""What the road itself needs of a message: a few fields of MSH, as the sender's own bytes.

Here: reading them from one raw message, in some microseconds. Not here: what decides whether a
message is understood (clinical/wire), or refusing by them (refusals.py).
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from clinical.wire.hl7.delimiters import Delimiters, delimiters

MSH: Final = b"MSH"
# A header is looked for in no more than this, and in no more fields: a message may be one line.
_HEADER_BYTES: Final = 64 * 1024
_FIELDS: Final = 18
# `MSH`, the field separator, up to five characters of MSH-2 and the separator that closes it.
_HEAD: Final = slice(len(MSH), len(MSH) + 7)
_LINE_END = re.compile(rb"[\r\n]")
NULL: Final = b'""'


@dataclass(frozen=True, slots=True)
class Header:
    """Fields of MSH as they were sent; empty where they were not.

    Of MSH-11 and MSH-12 the first component, of MSH-9 the trigger alone.
    """

    separators: Delimiters
    encoding: bytes  # MSH-1 and MSH-2
    application: bytes
    facility: bytes
    receiving_application: bytes
    receiving_facility: bytes
    trigger: bytes
    control_id: bytes
    processing_id: bytes
    version: bytes
    accept_when: bytes  # MSH-15
    answer_when: bytes  # MSH-16
    charset: bytes  # MSH-18

    @property
    def is_enhanced(self) -> bool:
        """Whether the sender asks for enhanced acknowledgement."""
        return bool(self.accept_when or self.answer_when)


def header(raw: bytes) -> Header | None:
    """The header of a message; None where it has none that can be read."""
    separators = _separators(raw[_HEAD]) if raw.startswith(MSH) else None
    if separators is None:
        return None
    end = _LINE_END.search(raw, 0, _HEADER_BYTES)
    line = raw[: end.start() if end else _HEADER_BYTES]
    mark = separators.field.encode("ascii")
    fields = line.split(mark, _FIELDS)[:_FIELDS]
    fields += [b""] * (_FIELDS - len(fields))
    component = separators.component.encode("ascii")
    kind = fields[8].split(component, 2)
    return Header(
        separators=separators,
        encoding=mark + fields[1],
        application=fields[2],
        facility=fields[3],
        receiving_application=fields[4],
        receiving_facility=fields[5],
        trigger=kind[1] if len(kind) > 1 else b"",
        control_id=fields[9],
        processing_id=_first(fields[10], component),
        version=_first(fields[11], component),
        accept_when=_first(fields[14], component).upper(),
        answer_when=_first(fields[15], component).upper(),
        charset=fields[17],
    )


@lru_cache(maxsize=64)
def _separators(head: bytes) -> Delimiters | None:
    return delimiters(head)


def _first(field: bytes, component: bytes) -> bytes:
    first = field.partition(component)[0].strip()
    return b"" if first == NULL else first
