"""The dispositions that are read without the facts are those of the decoder."""

from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import ward
from clinical import wire
from clinical.wire.profile import FeedProfile, Limits

MESSAGES = list(ward.messages(5, ward.Ward(patients=3, interval=timedelta(seconds=1))))
PROFILE = FeedProfile("ward")
SHORT = b"MSH|^~\\&|A|B|C|D|20260105||ADT^A01|1|P|2.5\rPID|1||7^^^W^MR\rPV1|1\r"
ODD = [
    b"",
    b"MSH|",
    b"MSH|^~\\&|A|B|C|D|20260105||ADT^A40|1|P|2.5\rPID|1||7^^^W^MR\rMRG|\r",
    b"MSH|^~\\&|A|B|C|D|20260105||ORU^R01|2|P|2.5\r",
    b"MSH|^~\\&|A|B|C|D|20260105||ZZZ^Z99|3|P|2.5\rPID|1||7^^^W^MR\r",
    b"MSH#*~\\&#A#B#C#D#20260105##ADT*A01#4#P#2.5\rPID#1##7***W*MR\r",
    b'{"resourceType": "Patient", "id": "7"}',
    b'{"resourceType": "Observation"}',
    b'{"resourceType": "Bundle", "type": "message", "entry": []}',
]


@pytest.mark.parametrize("feed_format", ["hl7v2", "fhir"])
@settings(max_examples=60)
@given(
    messages=st.lists(st.sampled_from(MESSAGES + ODD), max_size=8),
    cuts=st.lists(st.integers(0, 60), max_size=8),
)
def test_they_are_the_decoder_s_own_whatever_the_bytes(feed_format, messages, cuts):
    profile = replace(PROFILE, format=feed_format)
    torn = [raw[: -cut or None] for raw, cut in zip(messages, [*cuts, *[0] * 8], strict=False)]
    raw = pa.array(torn, pa.binary())
    assert wire.dispositions(raw, profile).equals(wire.decode(raw, profile).messages)


@settings(max_examples=200)
@given(
    message=st.sampled_from([*MESSAGES, SHORT, ODD[2]]),
    begin=st.integers(0, 400),
    length=st.integers(0, 12),
    put=st.sampled_from(
        [
            *(b"", b" ", b"\r", b"\n", b"\0", b"|", b"~", b"^", b"&", b"\\F\\", b'""', b"\xe4"),
            *("\u00e4".encode(), b"MSH", b"PID", b"\rPID|", b"\rMSH|", b"MRG|", b"A40"),
            *(b"||||||8859/1", b"||||||UNICODE UTF-8", b"||||||UNICODE", b"||||||KLINGON"),
        ]
    ),
)
def test_what_is_evident_is_parsed_whatever_is_put_into_a_message(message, begin, length, put):
    raw = message[:begin] + put + message[begin + length :]
    profile = replace(PROFILE, limits=Limits(segments=12))
    [told] = wire.dispositions(pa.array([raw], pa.binary()), profile)["disposition"].to_pylist()
    assert told == "parsed" or not wire.is_evident(raw, profile)


def test_the_messages_of_a_ward_are_evident():
    assert all(wire.is_evident(raw, PROFILE) for raw in MESSAGES)
    assert not any(wire.is_evident(raw, PROFILE) for raw in ODD)
    assert not any(wire.is_evident(raw, replace(PROFILE, format="fhir")) for raw in MESSAGES)
