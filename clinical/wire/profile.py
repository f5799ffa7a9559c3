"""A feed profile: what differs between source systems, as a value.

Here: the profile. Not here: how it is read from text (profile_text.py), its files
(lakehouse/feeds.py), or what a concept means (clinical/concepts).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Format = Literal["hl7v2", "fhir"]
Clock = Literal["received", "sent"]
VisitNumber = Literal["PV1-19", "PV1-50", "PID-18"]
# What a sender does that the standard does not allow, and that is borne where it is named.
Quirk = Literal["repeated_control_ids"]
# HL7 table 0203: a medical record number is what a hospital knows a patient by.
RECORD_NUMBERS = ("MR", "MRN")


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
    `patient_number` are the types (PID-3.5) of the identifier that a patient is known by, the best
    first; `visit_number` is the field that a visit is known by. `segments` are the sender's own
    segments that are no news. `maps` are code maps that it shares with other feeds. `quirks` are
    borne: with "repeated_control_ids" another message under a control id that was used before is
    taken, not quarantined as a conflict. `known` are the elements that are no news either, from the
    feed's sample; where there are none, those of its first day are. `fingerprint` tells versions of
    a profile apart.
    """

    name: str
    format: Format = "hl7v2"
    zone: str = "UTC"
    charset: str = "utf-8"
    facility: str = ""
    patient_number: tuple[str, ...] = RECORD_NUMBERS
    visit_number: VisitNumber = "PV1-19"
    description: str = ""
    ahead_minutes: float = 5
    clock: Clock = "received"
    processing_ids: tuple[str, ...] = ("P",)
    silent_minutes: float = 0
    segments: tuple[str, ...] = ()
    maps: tuple[str, ...] = ()
    quirks: tuple[Quirk, ...] = ()
    limits: Limits = field(default_factory=Limits)
    codes: Mapping[tuple[str, str], CodeRule] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    fingerprint: str = ""

    def rule_for(self, system: str | None, code: str | None) -> CodeRule | None:
        """The rule of a code, first in its own system, then in the map's any-system rows."""
        return self.codes.get((system or "", code or "")) or self.codes.get(("", code or ""))
