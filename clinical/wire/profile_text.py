"""A feed profile read from the text of its files.

Here: `<name>.toml`, its code maps and the list of elements that its sample had. Not here: what a
profile is (profile.py), or finding and reading the files (lakehouse/feeds.py).
"""

import csv
import io
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from difflib import get_close_matches
from hashlib import blake2b
from types import MappingProxyType
from typing import Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from clinical.wire.code_maps import CodeMap, code_rules
from clinical.wire.profile import (
    Clock,
    FeedProfile,
    Format,
    Limits,
    ProfileError,
    Quirk,
    VisitNumber,
)

# How much of a digest tells two versions of a profile apart.
DIGEST_BYTES = 6
ELEMENT = "element"
OWN_SEGMENT = re.compile("Z[A-Z0-9]{2}")
MAP_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.csv")
_FORMS = (
    ("segments", OWN_SEGMENT, "segment of a sender's own: Z and two letters or digits"),
    ("maps", MAP_NAME, "CSV file beside the profile"),
)
_WORDS: Mapping[str, Any] = MappingProxyType(
    {"format": Format, "clock": Clock, "visit_number": VisitNumber, "quirks": Quirk}
)

# What `<name>.toml` may say; the rest comes from files beside it.
KEYS = tuple(
    item.name
    for item in fields(FeedProfile)
    if item.name not in {"name", "codes", "known", "fingerprint"}
)


def parse(
    name: str, toml: str, codes_csv: str = "", known_csv: str = "", shared: Sequence[CodeMap] = ()
) -> FeedProfile:
    """Read a profile from the text of its files, of which only the first has to be there.

    Args:
        name: The feed.
        toml: `<name>.toml`.
        codes_csv: `<name>_codes.csv`, its own code map.
        known_csv: `<name>_known.csv`, the elements that its sample had.
        shared: The code maps that it names.

    Raises:
        ProfileError: A key that is unknown or cannot have its value, an unknown zone or character
            set, or a code map that cannot be read.
    """
    told = keys_of(name, toml)
    return replace(
        told,
        codes=code_rules(name, CodeMap(f"{name}_codes.csv", codes_csv), shared),
        known=_known(name, known_csv),
        fingerprint=fingerprint(toml, codes_csv, known_csv, *(one.text for one in shared)),
    )


def keys_of(name: str, toml: str) -> FeedProfile:
    """What `<name>.toml` alone says.

    Raises:
        ProfileError: As of `parse`.
    """
    try:
        table = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        msg = f"feed profile `{name}` is not valid TOML: {error}"
        raise ProfileError(msg) from error
    _refuse_unknown(name, "key", table, KEYS)
    limits = table.get("limits")
    if isinstance(limits, dict):
        _refuse_unknown(name, "limit", limits, [item.name for item in fields(Limits)])
    profile = _converted(name, table)
    _check(profile)
    return profile


def fingerprint(*texts: str) -> str:
    """A short digest of what a profile was read from."""
    lengths = ",".join(str(len(text)) for text in texts)
    content = "\n".join((lengths, *texts)).encode()
    return blake2b(content, digest_size=DIGEST_BYTES).hexdigest()


def _refuse_unknown(name: str, what: str, table: Iterable[str], known: Iterable[str]) -> None:
    listed = sorted(known)
    for key in table:
        if key not in listed:
            (near,) = get_close_matches(key, listed, n=1, cutoff=0.0)
            msg = f"feed profile `{name}` has the unknown {what} `{key}`; the nearest is `{near}`"
            raise ProfileError(msg)


def _converted(name: str, table: Mapping[str, Any]) -> FeedProfile:
    try:
        return msgspec.convert({"name": name, **table}, FeedProfile)
    except msgspec.ValidationError as error:
        fault, _, path = str(error).partition(" - at `$.")
        key = path.rstrip("`")
        msg = f"feed profile `{name}`: `{key}` cannot be read: {fault}{_choices(key)}"
        raise ProfileError(msg) from error


def _choices(key: str) -> str:
    """The values that a key may have, where they are few."""
    words = _WORDS.get(key.partition("[")[0])
    return "" if words is None else f"; known are {', '.join(get_args(words))}"


def _known(name: str, text: str) -> frozenset[str]:
    if not text.strip():
        return frozenset()
    reader = csv.DictReader(io.StringIO(text))
    if ELEMENT not in (reader.fieldnames or ()):
        msg = f"list of known elements of feed `{name}` needs the column `{ELEMENT}`"
        raise ProfileError(msg)
    return frozenset(row[ELEMENT] for row in reader if row[ELEMENT])


def _check(profile: FeedProfile) -> None:
    try:
        ZoneInfo(profile.zone)
        "".encode(profile.charset)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        msg = f"feed profile `{profile.name}` names an unknown time zone {profile.zone!r}"
        raise ProfileError(msg) from error
    except LookupError as error:
        msg = f"feed profile `{profile.name}` names an unknown character set {profile.charset!r}"
        raise ProfileError(msg) from error
    for key, form, meaning in _FORMS:
        for item in getattr(profile, key):
            if not form.fullmatch(item):
                msg = (
                    f"feed profile `{profile.name}`: `{key}` names {item!r}, which is no {meaning}"
                )
                raise ProfileError(msg)
