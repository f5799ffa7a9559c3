"""`pulsehouse feed new`: a commented profile from a sample of messages.

Here: the files that are written, and what is said of them. Not here: what is seen in the sample
(feed_evidence.py, feed_coverage.py), or what is concluded from it (feed_proposal.py).

Nothing that is written holds a patient's value, and no proposal is applied: a code without a
concept stays without one until somebody fills it in.
"""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from clinical.wire.code_maps import COLUMNS
from clinical.wire.elements import HIDDEN, code_names, named
from clinical.wire.fhir.elements import elements
from clinical.wire.profile import FeedProfile, Format
from clinical.wire.profile_text import ELEMENT, parse
from lakehouse.feeds import files_of
from pulsehouse import terminal
from pulsehouse.deployment import settings
from pulsehouse.failure import FAILED, OK, USAGE, CommandError
from pulsehouse.feed_coverage import WITHOUT_CODE, Coverage, coverage, unmapped
from pulsehouse.feed_evidence import Evidence, charset_of, evidence
from pulsehouse.feed_proposal import (
    Key,
    keys_of_fhir,
    keys_of_hl7,
    likely_charset,
    refused_live,
    toml,
)
from pulsehouse.feed_sample import Sample, sample_of

NAME: Final = re.compile("[a-z][a-z0-9_]{0,62}")
_ENDINGS: Final = ("_codes", "_known")
_MAP_COLUMNS: Final = (*COLUMNS, "name", "units", "count", "proposals")
_MOST_REMARKS: Final = 20


@dataclass(frozen=True, slots=True)
class Proposed:
    """A profile and the files beside it, not written yet."""

    name: str
    toml: str
    codes_csv: str
    known_csv: str
    told: Mapping[str, Any]

    def files(self, place: Path) -> dict[Path, str]:
        """What is to be written where."""
        profile, codes, known = files_of(self.name, place)
        texts = {profile: self.toml, codes: self.codes_csv, known: self.known_csv}
        return {path: text for path, text in texts.items() if text}


def run(
    name: str, sample: Path, place: Path | None, zone: str | None, *, dry_run: bool, as_json: bool
) -> int:
    """Look at a sample and write a profile, or show it."""
    place = place or settings().feeds
    _check(name, place, zone)
    proposed = propose(name, sample_of(sample), zone)
    files = proposed.files(place)
    if not dry_run:
        _write(place, files)
    if as_json:
        written = [] if dry_run else [str(path) for path in files]
        terminal.emit_json({**proposed.told, "toml": proposed.toml, "written": written})
    else:
        _show(proposed, files, sample, dry_run=dry_run)
    return OK


def propose(name: str, sample: Sample, zone: str | None = None) -> Proposed:
    """The profile that a sample concludes."""
    if sample.form == "fhir":
        keys, shape, told = keys_of_fhir(zone), _fhir_shape(sample), {}
    else:
        charsets = charset_of(sample.messages)
        first = FeedProfile(name, charset=likely_charset(charsets))
        seen = evidence(sample.messages, first)
        keys, shape = keys_of_hl7(seen, charsets, zone), seen.shape
        told = _told(seen)
    profile = parse(name, toml(sample.form, "", keys, ()))
    found = coverage(sample, profile)
    more = "more than " if sample.is_cut else ""
    about = f"{name}: from a sample of {more}{len(sample):,} messages. Say what it is."
    text = toml(sample.form, about, keys, _remarks(found))
    kinds = [*_types(found), *_versions(told)] if sample.form == "hl7v2" else []
    known = [*shape, *kinds, *_coded(sample.form, found)]
    told |= _json(name, sample, keys, found)
    told["problems"] += refused_live(told.get("processing", {}), profile.processing_ids)
    proposed = Proposed(name, text, _map(found), _known(known), told)
    parse(name, proposed.toml, proposed.codes_csv, proposed.known_csv)
    return proposed


def _check(name: str, place: Path, zone: str | None) -> None:
    if not NAME.fullmatch(name) or name.endswith(_ENDINGS):
        msg = (
            f"{name!r} is no name of a feed: lower-case letters, digits and _, a letter first, and"
            " not ending in _codes or _known"
        )
        raise CommandError(msg, USAGE)
    if there := [path for path in files_of(name, place) if path.exists()]:
        msg = (
            f"{there[0]} is there already and is not overwritten; choose another name, or move it"
            f" away; `pulsehouse feed check {name} SAMPLE` tells how it does"
        )
        raise CommandError(msg, USAGE)
    try:
        ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        msg = f"{zone!r} is no time zone; give an IANA name such as Europe/London"
        raise CommandError(msg, USAGE) from None


def _fhir_shape(sample: Sample) -> list[str]:
    found: dict[str, None] = {}
    for raw in sample.messages.to_pylist():
        found.update(dict.fromkeys(sorted(elements(raw))))
    return list(found)


def _types(found: Coverage) -> list[str]:
    """Message types as drift names them (streaming/drift.py)."""
    return sorted(
        {named("hl7v2", "type", kind) for kind, _, _ in found.messages if kind != "(none)"}
    )


def _versions(told: Mapping[str, Any]) -> list[str]:
    return [named("hl7v2", "version", text) for text in sorted(told.get("versions", ()))]


def _coded(form: Format, found: Coverage) -> list[str]:
    """Codes and units as drift names them."""
    names = {
        name
        for system, code, _, _ in found.codes
        if code != WITHOUT_CODE
        for name in code_names(form, system, code)
    }
    names |= {named(form, "unit", unit) for unit, _, _ in found.units if unit}
    return sorted(names)


def _known(shape: Iterable[str]) -> str:
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow([ELEMENT])
    rows.writerows([element] for element in dict.fromkeys(shape))
    return out.getvalue()


def _map(found: Coverage) -> str:
    """The codes that nothing maps, to be filled in: a row without a concept says nothing."""
    codes = [row for row in unmapped(found) if row["code"] not in {WITHOUT_CODE, HIDDEN}]
    if not codes:
        return ""
    out = io.StringIO()
    rows = csv.DictWriter(out, _MAP_COLUMNS, restval="", lineterminator="\n")
    rows.writeheader()
    for row in codes:
        listed = {"units": " ".join(row["units"]), "proposals": "; ".join(row["proposals"])}
        rows.writerow({**row, **listed})
    return out.getvalue()


def _remarks(found: Coverage) -> list[str]:
    """What else the sample showed: work for whoever completes the profile."""
    mapped = Counter[str]()
    for (system, code, concept, _), count in found.codes.items():
        if concept:
            mapped[f"{'|'.join(filter(None, (system, code)))} = {concept}"] += count
    lines = ["Codes that are understood already, most frequent first:"] if mapped else []
    lines += [f"  {name} ({count:,})" for name, count in mapped.most_common(_MOST_REMARKS)]
    units = Counter({unit: n for (unit, _, why), n in found.units.items() if why == "unknown_unit"})
    if units:
        lines += ["", "Units that are not known. Say what they are in UCUM and take off the #:"]
        lines += ["[units]"]
        lines += [f'{json.dumps(unit)} = ""  # {n:,}' for unit, n in units.most_common()]
    if problems := list(found.problems()):
        lines += ["", "As it is, of the sample:", *(f"  {problem}" for problem in problems)]
    return lines


def _told(seen: Evidence) -> dict[str, Any]:
    names = ("types", "versions", "senders", "processing", "charsets", "offsets", "times", "first")
    more = ("visits", "segments", "statuses", "nulls", "repeated_ids")
    told = {name: getattr(seen, name) for name in (*names, *more)}
    listed = [
        {"type": kind, "authority": authority, "count": count}
        for (kind, authority), count in seen.identifiers.most_common()
    ]
    return {
        **{
            name: dict(n.most_common()) if isinstance(n, Counter) else n for name, n in told.items()
        },
        "identifiers": listed,
    }


def _json(name: str, sample: Sample, keys: list[Key], found: Coverage) -> dict[str, Any]:
    return {
        "feed": name,
        "format": sample.form,
        "messages": len(sample),
        "keys": {key.name: {"value": key.value, "why": list(key.why)} for key in keys},
        "unmapped_codes": unmapped(found),
        "problems": list(found.problems()),
    }


def _write(place: Path, files: Mapping[Path, str]) -> None:
    try:
        place.mkdir(parents=True, exist_ok=True)
        # The profile last: a stream that looks on meanwhile finds it whole.
        for path, text in reversed(list(files.items())):
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        msg = f"cannot write to {place}: {error.strerror}; check its permissions"
        raise CommandError(msg, FAILED) from error


def _show(proposed: Proposed, files: Mapping[Path, str], sample: Path, *, dry_run: bool) -> None:
    if dry_run:
        terminal.write(proposed.toml.rstrip())
        terminal.say(f"nothing was written; without --dry-run: {', '.join(map(str, files))}")
        return
    for path, text in files.items():
        terminal.write(f"{path} ({len(text.splitlines()):,} lines)")
    for problem in proposed.told["problems"]:
        terminal.write(f"  {problem}")
    terminal.note(
        "next: read the comments, ask the sender what they leave open, fill in the code map, then"
        f" `pulsehouse feed check {proposed.name} {sample}`"
    )
