"""Character sets: what a sender declares is read, by name, by mark and by escape."""

import codecs

import pyarrow as pa
import pytest

from clinical.wire.hl7 import decode, is_evident, sent_at
from clinical.wire.profile import FeedProfile

PROFILE = FeedProfile("ward")


def message(family: str, charset: str) -> str:
    return (
        f"MSH|^~\\&|HIS|H|||20240601120000||ADT^A31|C1|P|2.5||||||{charset}\r"
        f"PID|||1^^^H^MR||{family}^X\r"
    )


def family(raw: bytes) -> tuple[str | None, str | None]:
    found = decode(pa.array([raw, raw], pa.binary()), PROFILE)
    reason = found.messages["reason"].to_pylist()[0]
    assert not (reason and is_evident(raw, PROFILE))
    if reason:
        return reason, None
    return None, found.facts["patient_demographics"]["family_name"].to_pylist()[0]


@pytest.mark.parametrize(
    ("declared", "codec", "name"),
    [
        ("ISO IR87", "iso2022_jp", "山田"),
        ("ISO IR6~ISO IR87", "iso2022_jp", "山田"),
        ("~ISO IR87", "iso2022_jp", "表示"),
        ("ISO IR14~ISO IR87~ISO IR159", "iso2022_jp_ext", "丂山"),
        ("ISO IR13", "iso2022_jp_ext", "ﾔﾏﾀﾞ"),
        ("GB 18030-2000", "gb18030", "张伟"),
        ("KS X 1001", "euc_kr", "김철수"),
        ("BIG-5", "big5", "陳"),
        ("8859/5", "iso8859-5", "Иванов"),
        ("8859/15", "iso8859-15", "Œuvre"),
        ("UNICODE UTF-8", "utf-8", "Łukasz"),
    ],
)
def test_names_in_many_scripts(declared: str, codec: str, name: str) -> None:
    assert family(message(name, declared).encode(codec)) == (None, name)


@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (codecs.BOM_UTF8, "utf-8"),
    ],
)
@pytest.mark.parametrize("declared", ["", "UNICODE UTF-16", "UNICODE UTF-8"])
def test_a_byte_order_mark_tells_the_encoding(mark: bytes, codec: str, declared: str) -> None:
    raw = mark + message("Müller", declared).encode(codec)
    assert family(raw) == (None, "Müller")
    assert sent_at(pa.array([raw], pa.binary()), PROFILE).null_count == 0


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (message("x", "ISO IR87").encode().replace(b"x", b"\x1b$Bzzz\x1b(B"), "bad_charset"),
        (message("x", "GB 18030-2000").encode().replace(b"x", b"\xff"), "bad_charset"),
        (codecs.BOM_UTF16_LE + b"M\x00S\x00H", "no_msh"),
        (message("x", "CNS 11643-1992").encode(), "unknown_charset"),
    ],
)
def test_wrong_bytes_are_quarantined(raw: bytes, reason: str) -> None:
    assert family(raw) == (reason, None)
