"""What becomes of a message: one reason code for each thing that can be wrong with it."""

import pyarrow as pa
import pytest

from clinical.wire.hl7 import decode, sent_at
from clinical.wire.profile import FeedProfile, Limits

PID = b"\rPID|||1^^^H"
ORU = b"MSH|^~\\&|LAB|H|||20240101||ORU^R01|C1|P|2.5"
OBX = b"\rOBX|1|ST|X||v"
PROFILE = FeedProfile("lab", limits=Limits(message_bytes=400, segments=6))


def reason(message: bytes, profile: FeedProfile = PROFILE) -> str | None:
    # Between good messages, which it must not drag along.
    good = ORU + PID
    found = decode(pa.array([good, message, good], pa.binary()), profile).messages
    assert [found["reason"][0].as_py(), found["reason"][2].as_py()] == [None, None]
    assert (found["stage"][1].as_py() is None) == (found["reason"][1].as_py() is None)
    return found["reason"][1].as_py()


def declared(charset: bytes, family: bytes = b"Muller") -> bytes:
    return ORU + b"||||||" + charset + b"\rPID|||1||" + family


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (ORU + PID, None),
        (b"", "no_msh"),
        (b"PID|1\r" + ORU + PID, "no_msh"),
        (b"MSH", "bad_msh"),
        (b"MSH|^~\\&", "bad_msh"),
        (b"MSH|^", "bad_msh"),
        (b"MSH|^^\\&|", "bad_msh"),
        (b"MSH|^~\\\\&|LAB", "bad_msh"),
        (b"MSH|abcd|LAB", "bad_msh"),
        (b"MSH|^~\\&#!|LAB", "bad_msh"),
        (b"MSH^~\\&|LAB", "bad_msh"),
        (ORU + PID + b"\0", "nul_byte"),
        (ORU + PID + b"x" * 400, "message_too_large"),
        (ORU + PID + b"\rNTE" * 5, "too_many_segments"),
        (ORU + PID + b"\r" * 50, None),
        (ORU + PID + b"\r" + ORU, "several_msh"),
        (ORU.replace(b"ORU^R01", b"") + PID, "no_message_type"),
        (ORU.replace(b"ORU^R01", b'""') + PID, "no_message_type"),
        (ORU.replace(b"ORU^R01", b"^R01") + PID, "no_message_type"),
        (ORU.replace(b"ORU^R01", b"ZZZ^Z01") + PID, "unknown_message_type"),
        (ORU.replace(b"ORU^R01", b"oru^R01") + PID, "unknown_message_type"),
        (ORU, "no_pid"),
        (ORU + OBX, "no_pid"),
        (ORU + b"\rPID|1||^^^H||A^B", "no_patient"),
        (ORU + b'\rPID|1||""||A^B', "no_patient"),
        (ORU + PID + OBX + b"\rPID|2|||" + OBX, "no_patient"),
        (ORU + b"\rPID|1|7", None),
        (ORU.replace(b"ORU^R01", b"ADT^A40") + PID, "bad_merge"),
        (ORU.replace(b"ORU^R01", b"ADT^A40") + PID + b"\rMRG|^^^H", "bad_merge"),
        (ORU.replace(b"ORU^R01", b"ADT^A40") + PID + b"\rMRG|2^^^OTHER", "bad_merge"),
        (ORU.replace(b"ORU^R01", b"ADT^A40") + PID + b"\rMRG|1^^^H", "bad_merge"),
        (ORU.replace(b"ORU^R01", b"ADT^A40") + PID + b"\rMRG|2", None),
        (declared(b"KLINGON"), "unknown_charset"),
        (declared(b"CNS 11643-1992"), "unknown_charset"),
        (declared(b"UNICODE UTF-8", b"M\xfcller"), "bad_charset"),
        (declared(b"ASCII", b"M\xfcller"), "bad_charset"),
        (declared(b"", b"M\xfcller"), "bad_charset"),
        (declared(b"8859/1", b"M\xfcller"), None),
        (declared(b"8859/1~8859/2", b"M\xfcller"), None),
        (declared(b"UNICODE UTF-8", "Müller".encode()), None),
        (declared(b"ASCII"), None),
    ],
)
def test_reasons(message: bytes, expected: str | None) -> None:
    assert reason(message) == expected


@pytest.mark.parametrize("kind", ["ACK", "SIU", "MFN", "QRY", "PPR", "ORR", "RRE"])
def test_known_types_that_nothing_here_wants_are_skipped(kind: str) -> None:
    message = ORU.replace(b"ORU", kind.encode())
    found = decode(pa.array([message], pa.binary()), PROFILE).messages.to_pylist()[0]
    assert (found["disposition"], found["reason"]) == ("skipped", "message_type_not_used")


@pytest.mark.parametrize(
    ("charset", "family", "fallback"),
    [
        ("8859/1", "Müller", "utf-8"),
        ("8859/2", "Łukasz", "utf-8"),
        ("8859/15", "Œuvre", "utf-8"),
        ("UNICODE UTF-8", "李", "ascii"),
        ("GB 18030-2000", "李", "utf-8"),
        ("", "Müller", "cp1252"),
        ("ASCII", "Müller", "cp1252"),
    ],
)
def test_names_are_read_in_the_declared_character_set(
    charset: str, family: str, fallback: str
) -> None:
    codec = {
        "8859/1": "iso8859-1",
        "8859/2": "iso8859-2",
        "8859/15": "iso8859-15",
        "UNICODE UTF-8": "utf-8",
        "GB 18030-2000": "gb18030",
    }.get(charset, fallback)
    message = declared(charset.encode(), family.encode(codec))
    found = decode(pa.array([message], pa.binary()), FeedProfile("f", charset=fallback))
    assert found.facts["patient_demographics"]["family_name"].to_pylist() == [family]


def test_a_quarantined_message_still_says_who_sent_it_where_that_can_be_read() -> None:
    found = decode(pa.array([declared(b"", b"\xff"), b"junk"], pa.binary()), PROFILE).messages
    assert found["sender"].to_pylist() == ["LAB|H", None]
    assert found["message_control_id"].to_pylist() == ["C1", None]
    assert found["message_type"].to_pylist() == ["ORU^R01", None]


def test_messages_with_other_separators_decode_alike_and_keep_their_places() -> None:
    usual = ORU + PID + b"\rOBX|1|CE|A^B||x^y|u|||||F"
    other = usual.translate(bytes.maketrans(b"|^~\\&", b"$%*!@"))
    fewer = usual.replace(b"^~\\&", b"^")[:4] + b"^~" + usual[8:]
    found = decode(pa.array([other, usual, fewer, usual], pa.binary()), PROFILE)
    rows = found.facts["observations"].drop_columns("message").to_pylist()
    assert found.facts["observations"]["message"].to_pylist() == [0, 1, 2, 3]
    assert rows[0] == rows[1] == rows[2] == rows[3]
    assert rows[0]["value_text"] == "y"


def test_sent_at_is_msh_7_even_when_the_header_is_long() -> None:
    long = ORU.replace(b"|LAB|", b"|" + b"L" * 500 + b"|")
    messages = pa.array([ORU, long, b"junk", ORU.replace(b"20240101", b"soon")], pa.binary())
    found = sent_at(messages, FeedProfile("f", zone="Europe/London"))
    assert [at and at.isoformat() for at in found.to_pylist()] == [
        "2024-01-01T00:00:00+00:00",
        "2024-01-01T00:00:00+00:00",
        None,
        None,
    ]


def test_an_empty_batch_has_the_columns() -> None:
    found = decode(pa.array([], pa.binary()), PROFILE)
    assert (found.messages.num_rows, dict(found.facts)) == (0, {})
    assert len(sent_at(pa.array([], pa.binary()), PROFILE)) == 0
