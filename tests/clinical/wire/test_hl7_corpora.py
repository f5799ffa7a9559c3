"""Public HL7 v2 corpora: all get a disposition, and OBX reads as another parser reads it."""

import collections
from pathlib import Path

import hl7
import pyarrow as pa
import pytest

from clinical.wire.decoded import Decoded
from clinical.wire.hl7 import Splitter, decode
from clinical.wire.hl7.message_types import OBSERVED
from clinical.wire.profile import FeedProfile

PROFILE = FeedProfile("public", zone="America/Chicago")
CORPORA = {
    "hl7_simhospital": 1_000,
    "hl7_ms_fhir_converter": 139,
    "hl7_linuxforhealth": 290,
    "hl7_oie": 20,
}
# FT1 segments of the parsed messages of all corpora.
CHARGES = 33
WRITTEN = {
    "F": "final",
    "C": "corrected",
    "P": "preliminary",
    "R": "preliminary",
    "S": "preliminary",
    "D": "entered_in_error",
    "W": "wrong_patient",
    "X": "cancelled",
    "A": "amended",
    "B": "appended",
    "I": "registered",
    "O": "registered",
    "N": "registered",
}


def messages(folder: Path) -> list[bytes]:
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".hl7", ".out"}:
            splitter = Splitter()
            found += splitter.feed(path.read_bytes()).messages.to_pylist()
            found += splitter.close().messages.to_pylist()
    return found


def decoded(raw: list[bytes]) -> Decoded:
    return decode(pa.array(raw, pa.binary()), PROFILE)


@pytest.mark.parametrize("corpus", CORPORA)
def test_every_message_of_a_corpus_gets_one_disposition(corpus: str, shared_data: Path) -> None:
    raw = messages(shared_data / corpus)
    assert len(raw) >= CORPORA[corpus]
    found = decoded(raw).messages
    counts = collections.Counter(found["disposition"].to_pylist())
    assert sum(counts.values()) == len(raw)
    assert counts["parsed"] > counts["quarantined"] * 2


def test_known_oddities_are_quarantined_for_what_is_wrong_with_them(shared_data: Path) -> None:
    found = decoded(messages(shared_data / "hl7_linuxforhealth")).messages
    reasons = collections.Counter(found["reason"].to_pylist())
    # `MSH|^~\\&|`: the escape character twice, left over from a program's source.
    assert reasons["bad_msh"] == 16
    assert reasons["unknown_message_type"] == 1  # CUSTOM^PAT
    assert reasons["no_pid"] + reasons["no_patient"] == 12


@pytest.mark.parametrize("corpus", CORPORA)
def test_obx_fields_equal_what_python_hl7_reads(corpus: str, shared_data: Path) -> None:
    raw = messages(shared_data / corpus)
    found = decoded(raw)
    kinds = found.messages["message_type"].to_pylist()
    wanted = [
        (place, expected(obx, parsed))
        for place, disposition in enumerate(found.messages["disposition"].to_pylist())
        if disposition == "parsed" and kinds[place][:3] in OBSERVED
        for parsed in [reference(raw[place])]
        for obx in parsed
        if str(obx[0]) == "OBX"
    ]
    rows = found.facts["observations"].to_pylist()
    assert len(rows) == len(wanted)
    for row, (place, reading) in zip(rows, wanted, strict=True):
        assert (row["message"], {name: row[name] for name in reading}) == (place, reading)


def test_ft1_fields_equal_what_python_hl7_reads(shared_data: Path) -> None:
    raw = [one for corpus in CORPORA for one in messages(shared_data / corpus)]
    found = decoded(raw)
    wanted = [
        (place, charged(ft1, parsed))
        for place, disposition in enumerate(found.messages["disposition"].to_pylist())
        if disposition == "parsed" and b"FT1" in raw[place]
        for parsed in [reference(raw[place])]
        for ft1 in parsed
        if str(ft1[0]) == "FT1"
    ]
    rows = found.facts["charges"].to_pylist()
    assert len(rows) == len(wanted) == CHARGES
    for row, (place, reading) in zip(rows, wanted, strict=True):
        assert (row["message"], {name: row[name] for name in reading}) == (place, reading)


def charged(ft1: hl7.Segment, message: hl7.Message) -> dict[str, str | float | None]:
    """What of an FT1 two parsers must agree on."""
    place = 25 if part(ft1, 25, message) else 7
    return {
        "transaction_id": part(ft1, 2, message),
        "transaction_type": part(ft1, 6, message),
        "code": part(ft1, place, message),
        "code_text": part(ft1, place, message, 2),
        "code_system": part(ft1, place, message, 3),
        "quantity": number(part(ft1, 10, message)),
        "amount": number(part(ft1, 11, message)),
        "cost_centre": part(ft1, 13, message),
    }


def reference(raw: bytes) -> hl7.Message:
    # It splits at CR only, and reads text.
    text = raw.decode("utf-8").replace("\r\n", "\r").replace("\n", "\r")
    return hl7.parse("\r".join(line for line in text.split("\r") if line))


def expected(obx: hl7.Segment, message: hl7.Message) -> dict[str, str | None]:
    """What of an OBX two parsers must agree on."""
    reading = {
        "code": part(obx, 3, message),
        "code_text": part(obx, 3, message, 2),
        "code_system": part(obx, 3, message, 3),
        "unit_as_sent": part(obx, 6, message) or part(obx, 6, message, 2),
        "abnormal_flag": part(obx, 8, message),
        "value_type": part(obx, 2, message),
    }
    if status := part(obx, 11, message):
        reading["status"] = WRITTEN.get(status, "unknown")
    if reading["value_type"] == "NM":
        reading["value_text"] = value = whole(obx, 5, message)
        reading["value_number"] = number(value)
    if reading["value_type"] in {"CE", "CWE"}:
        reading["value_text"] = part(obx, 5, message, 2) or part(obx, 5, message)
    return reading


def part(obx: hl7.Segment, field: int, message: hl7.Message, component: int = 1) -> str | None:
    try:
        text = obx.extract_field(0, field, 1, component, 1)
    except LookupError:
        return None
    text = message.unescape(text).strip(" \t")
    return None if text in {"", '""'} else text


def whole(obx: hl7.Segment, field: int, message: hl7.Message) -> str | None:
    text = message.unescape(str(obx(field)[0])) if len(obx) > field else ""
    return text or None


def number(text: str | None) -> float | None:
    try:
        return float((text or "").lstrip("<>="))
    except ValueError:
        return None
