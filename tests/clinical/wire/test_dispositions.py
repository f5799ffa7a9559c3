"""The dispositions that are read without the facts are those of the decoder."""

from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import ward
from clinical import wire
from clinical.wire.profile import FeedProfile

MESSAGES = list(ward.messages(5, patients=3, interval=timedelta(seconds=1)))
PROFILE = FeedProfile("ward")
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
