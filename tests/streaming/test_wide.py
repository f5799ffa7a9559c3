"""Character sets of two and four bytes a character, told from a file's first bytes."""

import pytest

from streaming.wide import remedy, wide_charset

TEXT = "MSH|^~\\&|LAB|WARD9"


@pytest.mark.parametrize("name", ["UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"])
def test_wide_text_is_told_with_and_without_a_byte_order_mark(name):
    assert wide_charset(TEXT.encode(name)) == name
    assert wide_charset(f"\ufeff{TEXT}".encode(name)) == name[:6]
    assert f"iconv -f {name} -t UTF-8" in remedy(name)


@pytest.mark.parametrize(
    "begin", [b"", b"M", TEXT.encode(), f"\ufeff{TEXT}".encode(), bytes(64), b"\x1f\x8b\x08" * 9]
)
def test_what_is_not_wide_is_not_called_so(begin):
    assert wide_charset(begin) is None
