"""From evidence to a profile: each key with its value and why.

Here: what is concluded from the counts of a sample, and the TOML that says so. Not here: counting
(feed_evidence.py), or writing files (feed_new.py).

What the sample does not show is not guessed: the key keeps its default, and a comment says what was
seen and what to ask for.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from clinical.wire.elements import shown
from clinical.wire.profile import RECORD_NUMBERS, FeedProfile
from pulsehouse.feed_evidence import EMPTY, Evidence, is_known_charset

# Where the sample's offsets fit several zones these are offered, and no others.
ZONES: Final = (
    *("Europe/London", "Europe/Lisbon", "Europe/Berlin", "Europe/Helsinki", "America/New_York"),
    *("America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles"),
    *("America/Toronto", "America/Halifax", "America/Sao_Paulo", "Asia/Dubai", "Asia/Kolkata"),
    *("Asia/Singapore", "Asia/Tokyo", "Australia/Brisbane", "Australia/Sydney"),
    *("Pacific/Auckland", "Pacific/Honolulu", "Africa/Johannesburg", "UTC"),
)
MOST_NAMED: Final = 6


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a profile: its value, and the lines that say why."""

    name: str
    value: str | list[str]
    why: Sequence[str]


def keys_of_hl7(found: Evidence, charsets: Counter[str], zone: str | None) -> list[Key]:
    """What a sample of HL7 v2 concludes."""
    return [
        Key("zone", zone or "UTC", [*_zone(found, zone)]),
        _charset(found, charsets),
        _facility(found),
        _patient(found),
        _visit(found),
        _processing(found),
        _segments(found),
        _quirks(found),
    ]


def keys_of_fhir(zone: str | None) -> list[Key]:
    """What a sample of FHIR concludes: the standard leaves little open."""
    return [
        Key("zone", zone or "UTC", ["Places dates, and times that carry no offset."]),
        Key(
            "facility",
            "",
            ["Stands in where an identifier names neither assigner nor system. Name the hospital."],
        ),
    ]


def refused_live(seen: Mapping[str, int], taken: Collection[str]) -> Iterator[str]:
    """What is to be done where a live feed would take no message like those of the sample."""
    if seen and not any(text in taken or text == EMPTY for text in seen):
        named = ", ".join(shown(text) for text in sorted(seen)[:MOST_NAMED])
        yield (
            f"live, every message would be refused: MSH-11 is {named}, which processing_ids does"
            " not name"
        )


def toml(form: str, about: str, keys: Iterable[Key], remarks: Iterable[str]) -> str:
    """The text of a profile."""
    lines = [f"format = {json.dumps(form)}", f"description = {json.dumps(about)}", ""]
    for key in keys:
        lines += [*(f"# {line}" for line in key.why), f"{key.name} = {_value(key.value)}", ""]
    lines += [f"# {line}" if line else "" for line in remarks]
    return "\n".join(lines).rstrip() + "\n"


def _value(value: str | list[str]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _zone(found: Evidence, zone: str | None) -> Iterable[str]:
    yield "IANA zone that places times without an offset."
    with_offset = found.offsets.total()
    without = _sum(found, "without") + _sum(found, "date")
    yield (
        f"Seen: {with_offset:,} times with an offset{_listed(found.offsets)}, {without:,} without."
    )
    for place in sorted({name.split()[0] for name in found.times}):
        yield f"  {place}: " + ", ".join(
            f"{count:,} {_WORDS[what]}"
            for what in _WORDS
            if (count := found.times[f"{place} {what}"])
        )
    if zone is not None:
        yield "As it was asked for with --zone."
    elif without and (fitting := [name for name in ZONES if _fits(name, found)]):
        yield f"The offsets fit {', '.join(fitting[:MOST_NAMED])}."
        yield f'Not applied: ask the sender, then write e.g. zone = "{fitting[0]}".'
    elif without:
        yield "No offset tells the zone: ask the sender. UTC is only the default."


_WORDS: Final = {
    "with": "with an offset",
    "without": "without",
    "date": "dates only",
    "other": "not readable as a time",
}


def _fits(zone: str, found: Evidence) -> bool:
    """Whether every offset is what the zone has at the time that it was sent with."""
    place = ZoneInfo(zone)
    return bool(found.at) and all(
        _offset(place, moment) == offset
        for offset, moments in found.at.items()
        for moment in moments
    )


def _offset(zone: ZoneInfo, moment: str) -> str | None:
    try:
        at = datetime.strptime(moment.ljust(10, "0"), "%Y%m%d%H").replace(tzinfo=zone)
    except ValueError:
        return None
    return f"{at:%z}"


def _charset(found: Evidence, charsets: Counter[str]) -> Key:
    declared = Counter({name: n for name, n in found.charsets.items() if name != "(empty)"})
    silent = found.charsets["(empty)"]
    chosen, latin = likely_charset(charsets), charsets["cp1252"] + charsets["iso8859-1"]
    why = [
        "Character set of messages without MSH-18.",
        f"Seen: {silent:,} messages without MSH-18{_listed(declared, ', declared are')};",
        f"of all, {charsets['ascii']:,} hold ASCII alone, {charsets['utf-8']:,} more, in UTF-8,",
        f"{charsets['iso8859-1']:,} fit ISO 8859-1, and {charsets['cp1252']:,} windows-1252 alone.",
    ]
    if not latin and not charsets["utf-8"]:
        why.append("Nothing in the sample tells: utf-8 is the default.")
    elif latin and charsets["utf-8"]:
        why.append("The sample is mixed: ask the sender, messages of the other set are misread.")
    if strange := sorted(name for name in declared if not is_known_charset(name)):
        why.append(f"Not readable, and quarantined: {', '.join(strange[:MOST_NAMED])}.")
    return Key("charset", chosen, why)


def likely_charset(charsets: Counter[str]) -> str:
    """The character set that fits most messages that are not ASCII alone."""
    if charsets["cp1252"] + charsets["iso8859-1"] <= charsets["utf-8"]:
        return "utf-8"
    # windows-1252 has all letters of ISO 8859-1.
    return "cp1252" if charsets["cp1252"] else "iso8859-1"


def _facility(found: Evidence) -> Key:
    authorities: Counter[str] = Counter()
    for (_, authority), count in found.identifiers.items():
        authorities[authority] += count
    nameless = authorities.pop("(none)", 0)
    why = [
        "Stands in where a patient identifier names no assigning authority; empty: MSH-4 does.",
        f"Seen: {nameless:,} identifiers without authority{_listed(authorities, ', with')};",
        f"MSH-4 is{_listed(found.senders, '') or ' never sent'}.",
    ]
    if nameless and len(found.senders) > 1:
        why.append(
            "Several MSH-4: a patient would be one per MSH-4. Name the hospital's authority."
        )
    return Key("facility", "", why)


def _patient(found: Evidence) -> Key:
    kinds: Counter[str] = Counter()
    for (kind, _), count in found.identifiers.items():
        kinds[kind] += count
    preferred = [kind for kind in RECORD_NUMBERS if kinds[kind]] or list(RECORD_NUMBERS)
    why = [
        "Types (PID-3.5) of the number that a patient is known by, the best first; then as sent.",
        f"Seen in PID-3{_listed(kinds, '') or ' nothing'}; the one that comes first is mostly"
        f" {_most(found.first)}.",
    ]
    if not any(kinds[kind] for kind in RECORD_NUMBERS) and kinds:
        why.append("No medical record number among them: ask which type a patient is known by.")
    return Key("patient_number", preferred, why)


def _visit(found: Evidence) -> Key:
    places = {name: found.visits[name] for name in ("PV1-19", "PV1-50", "PID-18")}
    best = max(places, key=lambda name: places[name])
    chosen = "PV1-19" if places["PV1-19"] or not places[best] else best
    filled = ", ".join(f"{name} in {count:,}" for name, count in places.items())
    why = [
        "The field that a visit is known by.",
        f"Seen: of {found.visits['PV1']:,} PV1, filled are {filled}.",
    ]
    if places[chosen] and any(count > 2 * places[chosen] for count in places.values()):
        why.append("Another field is filled far more often: ask which one is the visit.")
    return Key("visit_number", chosen, why)


def _processing(found: Evidence) -> Key:
    why = [
        "Values of MSH-11 that a live feed may carry: T (training), D only where they are meant.",
        f"Seen{_listed(found.processing, '')}.",
    ]
    taken = FeedProfile("").processing_ids
    if refused := list(refused_live(found.processing, taken)):
        named = ", ".join(json.dumps(shown(text)) for text in sorted(found.processing))
        why += [f"{refused[0]}. Not applied: ask the sender.", f"processing_ids = [{named}]"]
    return Key("processing_ids", list(taken), why)


def _segments(found: Evidence) -> Key:
    own = sorted(name for name in found.segments if name.startswith("Z"))
    why = [
        "The sender's own segments: kept with the message, not read, and no news.",
        f"Seen{_listed(Counter({n: found.segments[n] for n in own}), '') or ' none'}.",
    ]
    return Key("segments", own, why)


def _quirks(found: Evidence) -> Key:
    why = [
        "What the standard does not allow, and is borne where it is named.",
        f"Seen: {found.repeated_ids:,} messages under a control id (MSH-10) that another one had.",
    ]
    if found.repeated_ids:
        why.append(
            'They are quarantined as conflicts, unless quirks = ["repeated_control_ids"] says that'
        )
        why.append("this sender means other messages by them. Not applied: ask the sender.")
    return Key("quirks", [], why)


def _sum(found: Evidence, what: str) -> int:
    return sum(count for name, count in found.times.items() if name.endswith(f" {what}"))


def _most(counts: Counter[str]) -> str:
    return counts.most_common(1)[0][0] if counts else "missing"


def _listed(counts: Counter[str], words: str = ":") -> str:
    """The most frequent names with their counts; nothing where there is none."""
    if not counts:
        return ""
    named = ", ".join(f"{name} {count:,}" for name, count in counts.most_common(MOST_NAMED))
    more = f" and {len(counts) - MOST_NAMED} more" if len(counts) > MOST_NAMED else ""
    return f"{words} {named}{more}"
