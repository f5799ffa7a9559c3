"""A feed profile: what differs between source systems, as a value.

Here: the profile and how its TOML and code map are read, from text. Not here: reading files
(lakehouse/feeds.py), or what a concept means (clinical/concepts).
"""

import csv
import io
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Format = Literal["hl7v2", "fhir"]
Clock = Literal["received", "sent"]


class ProfileError(ValueError):
    """A feed profile that cannot be used; the message names the feed, the key and the remedy."""


@dataclass(frozen=True, slots=True)
class CodeRule:
    """What a local code stands for: a concept, and the unit its values have when none is sent."""

    concept: str
    loinc_code: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What a feed may send, and how; a message beyond a limit is refused before it is decoded.

    `connections` are those open at one time; one that says nothing for `idle_seconds` is closed.
    """

    message_bytes: int = 16 * 1024 * 1024
    segments: int = 10_000
    connections: int = 100
    idle_seconds: float = 600


@dataclass(frozen=True, slots=True)
class FeedProfile:
    """One source system.

    `ahead_minutes` is how far a clinical time may lie after the moment it was received before it is
    taken for a slip of the pen and not scored. `zone` places HL7 times that carry no offset.
    `clock` is what dates a live message: the moment it was received, or, for recorded and simulated
    feeds, the moment it says it was sent. `processing_ids` are the values of MSH-11 that a live
    feed may carry: T (training) and D (debugging) only where they are named. After `silent_minutes`
    without a message a live feed raises an alarm; 0 is never.
    `facility` stands in where a patient identifier names no assigning authority. `codes` maps (code
    system, code) to a concept; a code system of "" matches any. `units` maps a unit as sent to
    UCUM. `answers` maps, per coded concept, an answer as sent to the concept's own code, or to
    "untestable".
    """

    name: str
    format: Format = "hl7v2"
    zone: str = "UTC"
    charset: str = "utf-8"
    facility: str = ""
    description: str = ""
    ahead_minutes: float = 5
    clock: Clock = "received"
    processing_ids: tuple[str, ...] = ("P",)
    silent_minutes: float = 0
    limits: Limits = field(default_factory=Limits)
    codes: Mapping[tuple[str, str], CodeRule] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def rule_for(self, system: str | None, code: str | None) -> CodeRule | None:
        """The rule of a code, first in its own system, then in the map's any-system rows."""
        return self.codes.get((system or "", code or "")) or self.codes.get(("", code or ""))


def parse(name: str, toml: str, codes_csv: str = "") -> FeedProfile:
    """Read a profile from the text of `feeds/<name>.toml` and `feeds/<name>_codes.csv`.

    Raises:
        ProfileError: Unknown key, unknown zone or character set, or a code map without its columns.
    """
    try:
        table = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        msg = f"feed profile `{name}` is not valid TOML: {error}"
        raise ProfileError(msg) from error
    known = {item.name for item in fields(FeedProfile)} - {"name", "codes"}
    if unknown := sorted(set(table) - known):
        msg = f"feed profile `{name}` has unknown keys {unknown}; known are {sorted(known)}"
        raise ProfileError(msg)
    limits = _limits(name, table.pop("limits", {}))
    if "processing_ids" in table:
        table["processing_ids"] = tuple(table["processing_ids"])
    profile = FeedProfile(name=name, limits=limits, codes=_codes(name, codes_csv), **table)
    _check(profile)
    return profile


def _limits(name: str, table: Mapping[str, int]) -> Limits:
    known = {item.name for item in fields(Limits)}
    if unknown := sorted(set(table) - known):
        msg = f"feed profile `{name}` has unknown limits {unknown}; known are {sorted(known)}"
        raise ProfileError(msg)
    return Limits(**table)


def _codes(name: str, text: str) -> dict[tuple[str, str], CodeRule]:
    if not text.strip():
        return {}
    reader = csv.DictReader(io.StringIO(text))
    needed = {"code_system", "code", "concept"}
    if not needed <= set(reader.fieldnames or ()):
        msg = f"code map of feed `{name}` needs the columns {sorted(needed)}"
        raise ProfileError(msg)
    return {
        (row["code_system"], row["code"]): CodeRule(
            row["concept"], row.get("loinc_code") or None, row.get("unit") or None
        )
        for row in reader
    }


def _check(profile: FeedProfile) -> None:
    if profile.clock not in (known := get_args(Clock)):
        msg = f"feed profile `{profile.name}`: `clock` is {profile.clock!r}; known are {known}"
        raise ProfileError(msg)
    try:
        ZoneInfo(profile.zone)
        "".encode(profile.charset)
    except (ZoneInfoNotFoundError, ValueError) as error:
        msg = f"feed profile `{profile.name}` names an unknown time zone {profile.zone!r}"
        raise ProfileError(msg) from error
    except LookupError as error:
        msg = f"feed profile `{profile.name}` names an unknown character set {profile.charset!r}"
        raise ProfileError(msg) from error
