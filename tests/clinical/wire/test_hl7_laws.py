"""Laws of decoding HL7 v2: whatever the bytes, and however they are batched."""

import re

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinical.wire.decoded import FACTS, MESSAGES, Decoded
from clinical.wire.hl7 import Splitter, decode, sent_at
from clinical.wire.profile import FeedProfile, Limits

PROFILE = FeedProfile(
    "ward", zone="America/New_York", limits=Limits(message_bytes=6_000, segments=40)
)

SEEDS = [
    rb"""MSH|^~\&|MON|W^1.2^ISO|P|H|202411030130||ORU^R01^ORU_R01|C1|P|2.5.1|||AL|NE||UNICODE UTF-8
PID|1||77^^^SSA&9.9&ISO^SS~0008^^^H&1.2&ISO^MR||FAM&de^GIV^M~ALIAS^X||19500229|F|||||||||||||||||||||202401|Y
PV1|1|I|W1^R2^B3||| W0 |||||||||||||V1^^^H
ORC|RE|P1|F1
OBR|1|P1^A|F1^B|VIT^Vital signs^L|||202411030130|||||||||||||||20241103013000.5-0500|||P
OBX|1|NM|8867-4^Heart rate^LN^HR^^L|1|88|/min^per minute^UCUM||H~A|||F|||20241103013000
OBX|2|SN|2524-7^Lactate^LN||<^4.0|mmol/L|||||P|||
OBX|3|CWE|AVPU^Level^L||A^Alert^L~V||||||""|||2024
OBX|4|TX|NOTE^^L||line \T\ one~line\.br\two||||||C
OBX|5|ST|X^A\S\B^L|a&b| >= 100 |10^3/uL^x|||||U|||2024x
OBX|6|ED|IMG^^L||^image^png^Base64^QUJD||||||D
OBX|7||Y||7.5E2~8|%|||||
OBX|8|NM|Z||""|%|||||U""",
    rb"""MSH|^~\&|ADT|H|||20240310023000||ADT^A03|C2|P|2.3||||||8859/1
EVN||20240310023000||||202403100230
PID|||5||M\xfcller^Jo~rg||1949|M
PV1||E|ER^1||||||||||||||||V5|||||||||||||||||02||||||||20240309|20240310
DG1|1|I10|A41.9^Sepsis^I10||20240310|F|||||||||2
OBX|1|NM|GCS||15""",
    rb"""MSH|^~\&|ADT|H|||20240101||ADT^A40^ADT_A39|C3|P|2.5
EVN|A40|20240101
PID|||1^^^H^MR
MRG|2^^^H^MR
PV1||I
PID|||3^^^H^MR
MRG|4""",
    rb"""MSH|^~\&#|CPOE|H|||20240101||RDE^O11|C4|P|2.7
PID||9
ORC|NW|O1||||||||20240101080000
TQ1|1||||||20240101090000|20240102090000
RXO|a^b^c
RXE|^^^202401|J01^Ceftriaxone^ATC|1|2|g||||||||||||||||||5|mL/h
RXR|IV^intravenous
ORC|DC|O2
ORC|XO||F3||CA
RXA|0|1|20240101|20240102|X^Noradrenaline^L|0.1|ug||||||||||||RE""",
    rb"""MSH$%*!@$LAB$H$$$20240101$$ORM%O01$C5$P$2.3
PID$$$5%%%H
ORC$NW$P!S!1$$$$$$$20240101
OBR$1$P1$$BC%Blood culture%L$$$202401010800$$$$$$$$BLD
SPM$1$$$BLD%Blood$$$$$$$$$$$$$20240101
ORC$CA$P2""",
    rb"""MSH|^~\&|BILL|H|||20240103||DFT^P03|C6|P|2.5
EVN|P03|20240103010000
PID|||6^^^H^MR
PV1||I|||||||||||||||||V6
FT1|1|T1|B1|20240102^20240103|20240103|CG|C1^A \T\ B^L|Film||2|9&USD^UP|5&USD|R^D|||W1|||||||||7^X
FT1|2|T1||""|2024x|CD||||-1|<5|1e400|RAD
FT1
PID|||7^^^H^MR
FT1|1|T3||20240102|||^words only""",
]
SEEDS = [seed.replace(b"\n", b"\r").replace(rb"\xfc", b"\xfc") for seed in SEEDS]
ALPHABET = rb"|^~\&#" + b'\r\n"\x00\x0b\x1c\xff\xc3\xa9 <>=.-+0129AZMSHPIDOBX$%*!@'


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A real message with pieces cut out, doubled, replaced, or joined to another's."""
    raw = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, len(raw)))
        stop = min(len(raw), start + draw(st.integers(0, 12)))
        piece = draw(
            st.one_of(
                st.binary(max_size=3),
                st.lists(st.sampled_from(list(ALPHABET)), max_size=4).map(bytes),
                st.just(raw[start:stop] * 2),
                st.sampled_from(raw.split(b"\r")).map(lambda line: b"\r" + line + b"\r"),
                st.sampled_from([b"UNICODE", b"8859/2", b"ASCII", b"KLINGON", b"+0530", b"A40"]),
            )
        )
        raw = raw[:start] + piece + raw[stop:]
    return raw


def columns(messages: list[bytes]) -> pa.Array:
    return pa.array(messages, pa.binary())


def check_shape(decoded: Decoded, count: int) -> None:
    assert decoded.messages.schema == MESSAGES
    assert decoded.messages.num_rows == count
    assert set(decoded.messages["disposition"].to_pylist()) <= {"parsed", "skipped", "quarantined"}
    parsed = [value == "parsed" for value in decoded.messages["disposition"].to_pylist()]
    reasons = decoded.messages["reason"].to_pylist()
    assert parsed == [reason is None for reason in reasons]
    for name, table in decoded.facts.items():
        assert table.schema == FACTS[name]
        table.validate(full=True)
        message = table["message"].to_pylist()
        assert message == sorted(message)
        assert all(parsed[place] for place in message)
        assert None not in table["patient_id"].to_pylist()
        assert None not in table["facility"].to_pylist()
    decoded.messages.validate(full=True)


def rows(decoded: Decoded, shift: int = 0) -> dict[str, list[dict[str, object]]]:
    found = {name: table.to_pylist() for name, table in decoded.facts.items()}
    for table in found.values():
        for row in table:
            row["message"] += shift
    return {"messages": decoded.messages.to_pylist(), **found}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(mutated(), max_size=25))
def test_any_bytes_get_one_disposition_each_and_raise_nothing(messages: list[bytes]) -> None:
    check_shape(decode(columns(messages), PROFILE), len(messages))
    assert len(sent_at(columns(messages), PROFILE)) == len(messages)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=5))
def test_noise_is_quarantined(noise: list[bytes]) -> None:
    decoded = decode(columns([b"MSH" + raw for raw in noise] + noise), PROFILE)
    check_shape(decoded, 2 * len(noise))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(mutated(), min_size=1, max_size=8), st.sampled_from([1, 40]))
def test_a_batch_decodes_as_its_messages_do_one_by_one(messages: list[bytes], times: int) -> None:
    # Repeated, columns grow beyond what is read text by text.
    together = rows(decode(columns(messages * times), PROFILE))
    alone: dict[str, list[dict[str, object]]] = {name: [] for name in together}
    for place, message in enumerate(messages):
        for name, found in rows(decode(columns([message]), PROFILE), place).items():
            alone.setdefault(name, []).extend(found)
    first = {
        name: [row for row in found if name == "messages" or row["message"] < len(messages)]
        for name, found in together.items()
    }
    first["messages"] = first["messages"][: len(messages)]
    assert first == {name: found for name, found in alone.items() if found or name in first}
    stamps = sent_at(columns(messages * times), PROFILE).to_pylist()
    assert stamps == times * [sent_at(columns([raw]), PROFILE).to_pylist()[0] for raw in messages]


def distinct_messages(count: int) -> list[bytes]:
    """Messages that differ in every field, so that no column has few distinct texts."""
    return [
        re.sub(rb"(?<=[|^~])([A-Za-z]\w*|\d{1,3})(?=[|^~\r])", rb"\g<1>%d" % n, seed)
        for n in range(count)
        for seed in (SEEDS[0], SEEDS[3], SEEDS[5])
    ]


def test_columns_and_single_texts_are_read_alike() -> None:
    messages = [
        seed.replace(b"ORU1", b"ORU").replace(b"MR1", b"MR") for seed in distinct_messages(120)
    ]
    messages = [
        re.sub(rb"(?m)(ORU|RDE|DFT)\d+\^([ROP]\d\d)\d+", rb"\1^\2", raw) for raw in messages
    ]
    messages = [re.sub(rb"\|(NM|SN|CWE|TX|ST|ED)\d+\|", rb"|\1|", raw) for raw in messages]
    together = decode(columns(messages), PROFILE)
    assert set(together.messages["disposition"].to_pylist()) == {"parsed"}
    alone = [rows(decode(columns([raw]), PROFILE), place) for place, raw in enumerate(messages)]
    for name, found in rows(together).items():
        assert found == [row for each in alone for row in each.get(name, [])], name


@settings(max_examples=200, deadline=None)
@given(
    st.lists(mutated(), max_size=4), st.integers(1, 50), st.sampled_from([b"\r", b"\r\n", b"\n"])
)
def test_chunks_of_a_file_do_not_change_its_messages(
    messages: list[bytes], size: int, end: bytes
) -> None:
    content = end.join(messages)
    assert split(content, size) == split(content, len(content) + 1)


def split(content: bytes, size: int) -> tuple[list[bytes], bool]:
    splitter, found = Splitter(), []
    for start in range(0, len(content), size):
        found += splitter.feed(content[start : start + size]).messages.to_pylist()
    return found + splitter.close().messages.to_pylist(), splitter.saw_any


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary()])
def test_slices_chunks_and_nulls_of_a_column_are_decoded_in_their_places(kind: pa.DataType) -> None:
    whole = pa.array([b"junk", *SEEDS, None], kind)
    decoded = decode(whole.slice(1), PROFILE)
    chunked = pa.chunked_array([whole.slice(1, 2), whole.slice(3)])
    assert rows(decode(chunked, PROFILE)) == rows(decoded)
    assert decoded.messages["reason"].to_pylist() == [None] * len(SEEDS) + ["no_msh"]
