"""Files of FHIR split into messages, however they are cut into chunks."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.wire.fhir.frames import Splitter

DOCUMENT = json.dumps({"resourceType": "Bundle", "entry": [{"resource": {}}]}, indent=2).encode()


def split(content, sizes=(), *, limit=10_000, broken=False):
    splitter, found, start = Splitter(limit), [], 0
    for size in sizes:
        found += splitter.feed(content[start : start + size]).messages.to_pylist()
        start += size
    found += splitter.feed(content[start:]).messages.to_pylist()
    end = splitter.close(truncated=broken)
    last, truncated = end.messages.to_pylist(), end.truncated_last
    return found + last, truncated


def test_lines_are_messages_and_blank_lines_are_none():
    assert split(b'\n{"a":1}\r\n\n  \n{"b":2}\n{"c":3}') == (
        [b'{"a":1}', b'{"b":2}', b'{"c":3}'],
        False,
    )


def test_pretty_printed_document_is_one_message():
    assert split(DOCUMENT) == ([DOCUMENT], False)


def test_document_on_one_line_is_one_message():
    assert split(b'{"a":[1]}') == ([b'{"a":[1]}'], False)


def test_byte_order_mark_is_left_out():
    assert split(b'\xef\xbb\xbf{"a":1}\n{"b":2}\n') == ([b'{"a":1}', b'{"b":2}'], False)
    assert split(b"\xef\xbb\xbf" + DOCUMENT) == ([DOCUMENT], False)


def test_first_line_that_is_no_json_does_not_take_the_others_with_it():
    assert split(b'oops\n{"b":2}\n') == ([b"oops", b'{"b":2}'], False)


def test_empty_file_has_no_messages():
    assert split(b"") == split(b"\n \n") == ([], False)


def test_end_that_is_missing_is_told():
    assert split(b'{"a":1}\n{"b":', broken=True) == ([b'{"a":1}', b'{"b":'], True)
    assert split(DOCUMENT[:-3]) == ([DOCUMENT[:-3]], True)


def test_whole_last_message_of_a_broken_source_is_not_truncated():
    assert split(b'{"a":1}\n{"b":2}', broken=True) == ([b'{"a":1}', b'{"b":2}'], False)


def test_too_large_message_is_cut_just_beyond_the_limit():
    large = b'{"a":"' + b"x" * 100 + b'"}'
    found, _ = split(large + b'\n{"b":2}\n' + large, sizes=[7] * 10, limit=20)
    assert found == [large[:21], b'{"b":2}', large[:21]]
    assert split(b"{\n" + large, limit=20)[0] == [(b"{\n" + large)[:21]]


RESOURCES = [b'{"resourceType":"Patient","id":"%d"}' % number for number in range(12)]


@pytest.mark.parametrize(
    "cut", [b'{"resourceType":"Patient","id":"x', b'{"id":', b'{"a":[', b'{"a":[{},', b'{"a":1']
)
@pytest.mark.parametrize("more", [1, 2, 12])
@pytest.mark.parametrize("limit", [100, 10_000])
def test_first_line_that_was_cut_does_not_take_the_others_with_it(cut, more, limit):
    lines = [cut, *RESOURCES[:more]]
    assert split(b"\n".join(lines) + b"\n", limit=limit) == (lines, False)
    assert split(b"\r\n\n".join(lines), limit=limit) == (lines, False)
    assert split(b"\n".join(lines)[:-1], limit=limit)[1] is True


def test_lines_that_are_no_resources_do_not_keep_a_cut_line_together_with_the_others():
    lines = [b'{"resourceType":"Patient"', RESOURCES[0], b"[1,2]", b"oops", RESOURCES[1]]
    assert split(b"\n".join(lines)) == (lines, False)


PRINTED = [
    b"[\n" + b",\n".join(RESOURCES) + b"\n]",
    b"[\n" + RESOURCES[0] + b"\n]\n",
    b'{"entry":[{"resource":\n' + b'\n},{"resource":\n'.join(RESOURCES) + b"\n}]}",
]


@pytest.mark.parametrize("document", PRINTED)
@pytest.mark.parametrize("limit", [100, 10_000])
def test_document_with_a_resource_in_a_line_is_one_message(document, limit):
    assert split(document, limit=limit) == ([document[: limit + 1]], len(document) > limit)


@pytest.mark.parametrize("document", [PRINTED[0], PRINTED[2]])
def test_document_that_breaks_off_or_is_misprinted_stays_one_message(document):
    assert split(document[:-3]) == ([document[:-3]], True)
    wrong = document.replace(b'"id":"7"', b'"id"="7"')
    assert split(wrong) == ([wrong], False)


@given(
    st.sampled_from([b'{"a":1}\n\n{"b":[]}\r\n{"c":3}\n', DOCUMENT, b"\xef\xbb\xbf\n" + DOCUMENT]),
    st.lists(st.integers(0, 9), max_size=40),
)
def test_chunks_make_no_difference(content, sizes):
    assert split(content, sizes) == split(content)


@given(
    st.sampled_from([b"\n".join([b'{"a":', *RESOURCES]), *PRINTED]),
    st.lists(st.integers(0, 90), max_size=40),
    st.integers(40, 600),
)
def test_chunks_make_no_difference_to_a_first_line_that_was_cut(content, sizes, limit):
    assert split(content, sizes, limit=limit) == split(content, limit=limit)
