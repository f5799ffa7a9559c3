"""Answers: their codes in both modes, what they give back, and what they never say."""

import itertools
from datetime import UTC, datetime

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.wire.hl7.dispositions import REASONS, SKIPPED
from clinical.wire.profile import FeedProfile, Limits
from streaming.gateway.acknowledgement import REJECTED, answers, control_ids
from streaming.gateway.faults import FAULTS, MESSAGES, NOT_STORED, OTHER
from streaming.gateway.framing import Frame
from streaming.gateway.header import header
from streaming.gateway.intake import Receipt
from streaming.gateway.refusals import refusal

NOW = datetime(2026, 1, 5, 12, 30, 15, tzinfo=UTC)
UNDERSTOOD = Receipt(stored=True)
LOST = Receipt(stored=False)
PROFILE = FeedProfile("north_ward")


def message(
    *,
    control_id="C1",
    kind="ORU^R01^ORU_R01",
    processing="P",
    version="2.5.1",
    accept="",
    answer="",
    charset="",
    head="MSH|^~\\&|",
):
    fields = ["LAB", "NORTH", "PULSEHOUSE", "LAKE", "20260105123000", "", kind, control_id]
    fields += [processing, version, "", "", accept, answer, "", charset]
    mark = head[3]
    return (head + mark.join(fields) + "\rPID|1||77^^^NORTH^MR||DOE^JOHN\r").encode()


def told(raw, receipt=UNDERSTOOD):
    return answers(header(raw), receipt, NOW, control_ids())


def codes(raw, receipt=UNDERSTOOD):
    return [one.code for one in told(raw, receipt)]


def parsed(raw, receipt=UNDERSTOOD):
    (only,) = told(raw, receipt)
    return hl7.parse(only.content.decode("latin-1"))


def quarantined(reason):
    return Receipt(stored=True, reason=reason)


@pytest.mark.parametrize(
    ("receipt", "code"),
    [
        (UNDERSTOOD, "AA"),
        (quarantined("no_patient"), "AE"),
        (quarantined("bad_charset"), "AE"),
        (quarantined("a_reason_that_is_not_known_yet"), "AE"),
        (quarantined("no_message_type"), "AR"),
        (quarantined("unknown_message_type"), "AR"),
        (quarantined("test_message"), "AR"),
        (quarantined("unknown_version"), "AR"),
        (quarantined("message_too_large"), "AR"),
        (quarantined("too_many_segments"), "AR"),
        (LOST, "AR"),
    ],
)
def test_original_mode_says_understood_content_error_or_rejected(receipt, code):
    assert codes(message(), receipt) == [code]


CONTENT, HEADER = quarantined("no_patient"), quarantined("unknown_version")


@pytest.mark.parametrize(
    ("accept", "answer", "receipt", "expected"),
    [
        ("AL", "AL", UNDERSTOOD, ["CA", "AA"]),
        ("AL", "AL", CONTENT, ["CA", "AE"]),
        ("AL", "AL", HEADER, ["CR"]),
        ("AL", "AL", LOST, ["CR"]),
        ("AL", "NE", UNDERSTOOD, ["CA"]),
        ("AL", "", CONTENT, ["CE"]),
        ("AL", "NE", LOST, ["CR"]),
        ("NE", "AL", UNDERSTOOD, ["AA"]),
        ("NE", "AL", LOST, ["AR"]),
        ("", "AL", CONTENT, ["AE"]),
        ("ER", "ER", UNDERSTOOD, []),
        ("ER", "ER", CONTENT, ["AE"]),
        ("ER", "NE", CONTENT, ["CE"]),
        ("ER", "ER", LOST, ["CR"]),
        ("SU", "SU", UNDERSTOOD, ["CA", "AA"]),
        ("SU", "SU", CONTENT, ["CA"]),
        ("SU", "ER", LOST, ["AR"]),
        ("NE", "NE", LOST, []),
        ("al", "ne", UNDERSTOOD, ["CA"]),
        ("??", "NE", UNDERSTOOD, ["CA"]),
    ],
)
def test_enhanced_mode_answers_as_the_sender_asks(accept, answer, receipt, expected):
    assert codes(message(accept=accept, answer=answer), receipt) == expected


def test_the_answer_goes_back_to_whoever_sent_the_message():
    back = parsed(message(control_id="LAB 7/3"))
    assert [str(back["MSH"][0][n]) for n in (3, 4, 5, 6)] == ["PULSEHOUSE", "LAKE", "LAB", "NORTH"]
    assert str(back["MSA"][0][2]) == "LAB 7/3"
    assert str(back["MSH"][0][7]) == "20260105123015+0000"


@pytest.mark.parametrize(
    ("version", "kind", "expected"),
    [
        ("2.5.1", "ORU^R01^ORU_R01", "ACK^R01^ACK"),
        ("2.3.1", "ADT^A01", "ACK^A01^ACK"),
        ("2.3", "ADT^A01", "ACK^A01"),
        ("2.2", "ADT^A01", "ACK^A01"),
        ("2.5.1", "ORU", "ACK"),
        ("", "ADT^A08", "ACK^A08^ACK"),
        ("2.8", "ADT^A08^ADT_A01", "ACK^A08^ACK"),
    ],
)
def test_the_answer_has_the_type_that_its_version_knows(version, kind, expected):
    assert str(parsed(message(version=version, kind=kind))["MSH"][0][9]) == expected


def test_the_answer_keeps_version_processing_id_and_character_set():
    back = parsed(message(version="2.4", processing="T", charset="8859/1"))
    assert [str(back["MSH"][0][n]) for n in (11, 12, 18)] == ["T", "2.4", "8859/1"]


def test_the_answer_has_the_separators_of_its_message():
    (only,) = told(message(head="MSH#*@!%#", kind="ORU*R01"), quarantined("no_patient"))
    segments = only.content.split(b"\r")
    assert segments[0].startswith(b"MSH#*@!%#PULSEHOUSE#LAKE#LAB#NORTH#")
    assert segments[1] == b"MSA#AE#C1#no_patient"
    assert segments[2].startswith(b"ERR##PID*1*3#101*Required field missing*HL70357#E#no_patient*")


def test_text_of_ours_is_escaped_where_it_holds_a_separator_of_theirs():
    (only,) = told(message(head="MSH_^~\\&_", kind="ORU^R01"), CONTENT)
    assert only.content.split(b"\r")[1] == b"MSA_AE_C1_no\\F\\patient"


def test_a_newer_version_gets_the_fields_of_err():
    (only,) = told(message(version="2.5"), quarantined("test_message"))
    err = only.content.split(b"\r")[2].split(b"|")
    assert err[2] == b"MSH^1^11"
    assert err[3] == b"202^Unsupported processing id^HL70357"
    assert err[4] == b"E"
    assert err[5].split(b"^")[0] == b"test_message"
    assert err[8] == FAULTS["test_message"].words.encode()


def test_an_older_version_gets_the_first_field_of_err():
    (only,) = told(message(version="2.3"), quarantined("no_patient"))
    expected = b"ERR|PID^1^3^101&Required field missing&HL70357"
    assert only.content.split(b"\r")[2] == expected


def test_from_2_7_on_there_is_no_text_in_msa():
    (only,) = told(message(version="2.7"), quarantined("no_patient"))
    assert only.content.split(b"\r")[1] == b"MSA|AE|C1"


def test_a_commit_accept_says_nothing_of_the_content():
    accept, answer = told(message(accept="AL", answer="AL"), CONTENT)
    assert b"ERR" not in accept.content
    assert b"ERR" in answer.content


@pytest.mark.parametrize(
    "raw", [b"", b"hello", b"MSH", b"MSHABCD", b"\xef\xbb\xbfMSH|^~\\&|", b"\0"]
)
def test_what_has_no_header_is_answered_without_a_control_id(raw):
    back = parsed(raw, quarantined("no_msh"))
    assert str(back["MSA"][0][1]) == "AE"
    assert str(back["MSA"][0][2]) == ""


def test_every_reason_of_the_decoder_and_the_road_has_its_words():
    reasons = {reason for reason in REASONS if reason not in ("", SKIPPED)}
    assert reasons | REJECTED | {NOT_STORED} <= set(FAULTS)
    assert {one.code for one in [*FAULTS.values(), OTHER]} <= set(MESSAGES)


def test_control_ids_never_repeat_and_fit_into_their_field():
    ours, theirs = control_ids(), control_ids()
    made = [*itertools.islice(ours, 500), *itertools.islice(theirs, 500)]
    assert len(set(made)) == 1_000
    assert max(map(len, made)) <= 20


NAMES = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\x0b\x1c"), max_size=30)


@given(NAMES, NAMES, st.sampled_from(["no_patient", "unknown_version", None]))
def test_no_answer_holds_anything_of_the_patient(control_id, secret, reason):
    secret = f"SECRET{secret}"
    raw = message(control_id=control_id) + f"OBX|1|TX|{secret}\r".encode("latin-1")
    for one in told(raw, Receipt(stored=True, reason=reason)):
        assert b"SECRET" not in one.content
        assert b"DOE" not in one.content


@given(st.binary(max_size=300), st.sampled_from([None, "no_patient", "bad_msh"]))
def test_no_bytes_whatever_break_an_answer_or_its_frame(raw, reason):
    raw = raw.translate(None, b"\x0b\x1c")
    for prefix in (b"", b"MSH|^~\\&|", b"MSH"):
        (*_, last) = [*told(prefix + raw, Receipt(stored=True, reason=reason)), None]
        if last is not None:
            assert not {0x0B, 0x1C, 0x0A} & set(last.content)


def refused(raw, limits=None, **profile):
    using = FeedProfile("north_ward", limits=limits or Limits(), **profile)
    return refusal(Frame(raw, len(raw)), header(raw), using)


@pytest.mark.parametrize("processing", ["P", "", '""', "P^T"])
def test_a_live_feed_takes_production_messages(processing):
    assert refused(message(processing=processing)) is None


@pytest.mark.parametrize("processing", ["T", "D", "X", "p"])
def test_a_live_feed_refuses_all_others(processing):
    assert refused(message(processing=processing)) == "test_message"


def test_a_profile_may_name_training_messages():
    assert refused(message(processing="T"), processing_ids=("P", "T")) is None


@pytest.mark.parametrize("version", ["2.1", "2.3", "2.3.1", "2.5.1", "2.9", "2", "", "2.5^USA"])
def test_a_version_2_is_taken(version):
    assert refused(message(version=version)) is None


@pytest.mark.parametrize("version", ["3", "3.0", "1.0", "two", "2.", "25", "V2.5"])
def test_another_version_is_refused(version):
    assert refused(message(version=version)) == "unknown_version"


def test_what_has_no_header_is_left_to_the_decoder():
    assert refused(b"hello") is None


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_more_segments_than_the_feed_may_send_are_refused(end):
    limits = Limits(segments=3)
    raw = end.join([b"MSH|^~\\&|A", b"ZZZ|1", b"ZZZ|2", b""])
    assert refused(raw, limits) is None
    assert refused(raw + b"ZZZ|3" + end, limits) == "too_many_segments"


def test_a_message_beyond_the_limit_is_refused_by_its_size_not_by_what_was_kept():
    using = FeedProfile("north_ward", limits=Limits(message_bytes=10))
    assert refusal(Frame(b"MSH|", 11), header(b"MSH|"), using) == "message_too_large"
