"""Where messages begin and end in a file of HL7 v2."""

import pytest

from clinical.wire.hl7 import Splitter


def split(content: bytes, *, truncated: bool = False) -> tuple[list[bytes], bool, bool]:
    splitter = Splitter()
    found = splitter.feed(content).messages.to_pylist()
    last = splitter.close(truncated=truncated)
    return found + last.messages.to_pylist(), last.truncated_last, splitter.saw_any


def test_messages_keep_their_bytes_but_for_the_line_ends_after_them() -> None:
    content = b"MSH|1\rPID|1 \r\r\nMSH|2\nPID|2\n\n\nMSH|3\r\nPID|3\r\n"
    assert split(content)[0] == [b"MSH|1\rPID|1 ", b"MSH|2\nPID|2", b"MSH|3\r\nPID|3"]


def test_envelopes_blank_lines_marks_and_a_byte_order_mark_are_no_part_of_a_message() -> None:
    content = (
        b"\xef\xbb\xbf \r\nFHS|^~\\&\rBHS|^~\\&\r\x0bMSH|1\rPID|1\r\x1c\r  \rMSH|2\rBTS|2\rFTS|1\r"
    )
    assert split(content) == ([b"MSH|1\rPID|1", b"MSH|2"], False, True)


def test_msh_within_a_line_begins_no_message() -> None:
    assert split(b"MSH|1\rOBX|1|ST|X||see MSH|2\r")[0] == [b"MSH|1\rOBX|1|ST|X||see MSH|2"]


def test_what_stands_before_the_first_message_is_handed_out_to_be_quarantined() -> None:
    assert split(b"junk\rmore\r\rMSH|1\r")[0] == [b"junk\rmore", b"MSH|1"]
    assert split(b"BTS|1\rjunk\rMSH|1")[0] == [b"junk", b"MSH|1"]


@pytest.mark.parametrize("content", [b"", b"\r\n\r\n", b"FHS|\rBHS|\rBTS|\rFTS|\r"])
def test_a_file_without_messages_says_so(content: bytes) -> None:
    assert split(content) == ([], False, False)


def test_a_file_that_is_no_hl7_says_so() -> None:
    assert split(b"PK\x03\x04 a zip") == ([b"PK\x03\x04 a zip"], False, False)


@pytest.mark.parametrize(
    ("content", "truncated"),
    [
        (b"MSH|1\rPI", False),
        (b"BHS|\rMSH|1\rPID|", True),
        (b"FHS|\rMSH|1\rPID|", True),
        (b"FHS|\rMSH|1\rPID|\r", False),
        (b"FHS|\rMSH|1\rPID|\rBTS|1", False),
        (b"FHS|\r", False),
    ],
)
def test_the_last_message_of_an_unfinished_batch_is_truncated(
    content: bytes, truncated: bool
) -> None:
    assert split(content)[1] is truncated


def test_a_stream_that_broke_off_leaves_its_last_message_truncated() -> None:
    assert split(b"MSH|1\rMSH|2\r", truncated=True) == ([b"MSH|1", b"MSH|2"], True, True)
    assert split(b"", truncated=True)[1] is False


def test_a_message_without_end_is_handed_out_piece_by_piece() -> None:
    splitter = Splitter(carry_bytes=10)
    found = [splitter.feed(b"MSH|12345").messages.to_pylist()]
    found += [splitter.feed(b"67890").messages.to_pylist() for _ in range(3)]
    assert found == [[], [b"MSH|1234567890"], [], []]
    assert splitter.feed(b"\rMSH|2\r").messages.to_pylist() == [b"6789067890"]
