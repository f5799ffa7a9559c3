"""HL7 acknowledgements: a header and a receipt in, answers out.

Here: which codes, in original and in enhanced mode, and the message around them. Not here: when a
message is safe (intake.py), or reasons in words (faults.py).

An answer has the separators and the character set of its message, whose bytes it gives back as they
came: names of systems and MSH-10, never anything of a patient.

Source: HL7 v2.5.1, chapter 2: 2.9.2 (original mode), 2.9.3 (enhanced mode), 2.15.5 (ERR), 2.15.8
(MSA).
"""

import itertools
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from clinical.wire.hl7.delimiters import STANDARD, Delimiters
from streaming.gateway.faults import MESSAGES, NOT_STORED, fault
from streaming.gateway.header import Header
from streaming.gateway.intake import Receipt
from streaming.gateway.refusals import TEST_MESSAGE, TOO_LARGE, TOO_MANY_SEGMENTS, UNKNOWN_VERSION

# Rejected for what the header or the limits say, whatever the content: MSH-9, MSH-11, MSH-12, size.
REJECTED: Final = frozenset(
    {
        TEST_MESSAGE,
        UNKNOWN_VERSION,
        TOO_LARGE,
        TOO_MANY_SEGMENTS,
        "no_message_type",
        "unknown_message_type",
    }
)
_ACCEPT, _ERROR, _REJECT = "A", "E", "R"  # the second letter of MSA-1
_VERSION: Final = b"2.5.1"
_PRODUCTION: Final = b"P"
# MSH-9.3 came with v2.3.1, the ERR of many fields with v2.5; v2.7 took MSA-3 away.
_WITH_STRUCTURE, _WITH_ERR_FIELDS, _WITHOUT_TEXT = (2, 3, 1), (2, 5), (2, 7)
_ESCAPED: Final = ("F", "S", "R", "E", "T")
# Kinds of outcome for which MSH-15 and MSH-16 ask an answer (table 0155); empty is never.
_ASKED: Final = {
    b"AL": "AER",
    b"NE": "",
    b"": "",
    b"ER": "ER",
    b"SU": "A",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An acknowledgement: its code (MSA-1) and its bytes, unframed."""

    code: str
    content: bytes


def control_ids() -> Iterator[bytes]:
    """Control ids of our own, never twice, and not those of another process; 20 bytes at most."""
    process = secrets.token_hex(5).encode("ascii")
    return (process + b"%d" % number for number in itertools.count(1))


def answers(
    known: Header | None, receipt: Receipt, now: datetime, ids: Iterator[bytes]
) -> tuple[Answer, ...]:
    """What the sender is told, in order.

    Args:
        known: The message's header; None where it could not be read.
        receipt: What became of it.
        now: MSH-7 of the answers, UTC.
        ids: Control ids, one for each answer.
    """
    reason = receipt.reason if receipt.stored else NOT_STORED
    return tuple(
        Answer(code, _message(known, code, reason, now, next(ids)))
        for code in _codes(known, reason)
    )


def _codes(known: Header | None, reason: str | None) -> tuple[str, ...]:
    outcome = _outcome(reason)
    if known is None or not known.is_enhanced:
        return ("A" + outcome,)
    return _enhanced(outcome, known.accept_when, known.answer_when)


def _outcome(reason: str | None) -> str:
    if reason is None:
        return _ACCEPT
    return _REJECT if reason == NOT_STORED or reason in REJECTED else _ERROR


def _enhanced(outcome: str, accept_when: bytes, answer_when: bytes) -> tuple[str, ...]:
    """Accept acknowledgement, then application acknowledgement.

    A message of bad content is on safe storage all the same: CA, and the application tells of the
    content. Where the sender asks for no word of the application, CE does. What was not accepted is
    not answered again by the application (2.9.3.1).
    """
    # What table 0155 does not name is answered rather than left in silence.
    accepts, tells = _ASKED.get(accept_when, "AER"), _ASKED.get(answer_when, "AER")
    accepted = _ACCEPT if outcome == _ERROR and tells else outcome
    codes = ["C" + accepted] if accepted in accepts else []
    if outcome in tells and codes in ([], ["CA"]):
        codes.append("A" + outcome)
    return tuple(codes)


def _message(
    known: Header | None, code: str, reason: str | None, now: datetime, own_id: bytes
) -> bytes:
    segments = [_msh(known, now, own_id), _msa(known, code, reason)]
    # CA says that it is safe; what is wrong with it comes with the application's answer.
    if reason is not None and code != "CA":
        segments.append(_err(known, reason))
    return b"\r".join(segments) + b"\r"


def _msh(known: Header | None, now: datetime, own_id: bytes) -> bytes:
    stamp = now.strftime("%Y%m%d%H%M%S+0000").encode("ascii")
    if known is None:
        return b"MSH|^~\\&|||||%b||ACK|%b|P|%b" % (stamp, own_id, _VERSION)
    mark = known.separators.field.encode("ascii")
    fields = [
        b"MSH" + known.encoding,
        known.receiving_application,
        known.receiving_facility,
        known.application,
        known.facility,
        stamp,
        b"",
        _kind(known),
        own_id,
        known.processing_id or _PRODUCTION,
        known.version or _VERSION,
    ]
    if known.charset:
        fields += [b""] * 5 + [known.charset]
    return mark.join(fields)


def _kind(known: Header) -> bytes:
    if not known.trigger:
        return b"ACK"
    parts = [b"ACK", known.trigger]
    if _release(known) >= _WITH_STRUCTURE:
        parts.append(b"ACK")
    return known.separators.component.encode("ascii").join(parts)


def _msa(known: Header | None, code: str, reason: str | None) -> bytes:
    separators = known.separators if known else STANDARD
    fields = ["MSA", code, known.control_id.decode("latin-1") if known else ""]
    if reason is not None and code != "CA" and _release(known) < _WITHOUT_TEXT:
        fields.append(_escaped(reason, separators))
    return separators.field.join(fields).encode("latin-1")


def _err(known: Header | None, reason: str) -> bytes:
    separators = known.separators if known else STANDARD
    found = fault(reason)
    place = [_escaped(part, separators) for part in found.place]
    words = _escaped(found.words, separators)
    code = [found.code, _escaped(MESSAGES[found.code], separators), "HL70357"]
    if _release(known) < _WITH_ERR_FIELDS:
        place += [""] * (3 - len(place))
        whole = separators.component.join([*place, separators.subcomponent.join(code)])
        return separators.field.join(["ERR", whole]).encode("ascii")
    fields = [
        *("ERR", "", separators.component.join(place), separators.component.join(code), "E"),
        separators.component.join([_escaped(reason, separators), words, "L"]),
        *("", "", words),
    ]
    return separators.field.join(fields).encode("ascii")


def _release(known: Header | None) -> tuple[int, ...]:
    """MSH-12 as numbers, as far as it is some; the newest we write where it is not sent."""
    version = known.version if known and known.version else _VERSION
    return tuple(int(number) for number in re.findall(rb"\d{1,3}", version)[:3]) or (2,)


def _escaped(text: str, separators: Delimiters) -> str:
    """Text of ours in which nothing is a separator of the sender's."""
    marks = (
        separators.field,
        separators.component,
        separators.repetition,
        separators.escape,
        separators.subcomponent,
    )
    escape = separators.escape
    meanings = {
        ord(mark): f"{escape}{letter}{escape}" if escape else " "
        for mark, letter in zip(marks, _ESCAPED, strict=True)
        if mark
    }
    return text.translate(meanings)
