"""`pulsehouse feed check`: how much of a sample a profile understands, and why not the rest.

Here: how it is shown, and what counts as a problem. Not here: the counting (feed_coverage.py).
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from clinical.wire.hl7.decoder import READERS
from clinical.wire.profile import FeedProfile
from lakehouse.feeds import load_profile
from pulsehouse import terminal
from pulsehouse.deployment import settings
from pulsehouse.failure import FOUND_PROBLEMS, OK
from pulsehouse.feed_coverage import WORK, Coverage, coverage, unmapped
from pulsehouse.feed_evidence import Evidence, evidence
from pulsehouse.feed_proposal import refused_live
from pulsehouse.feed_sample import Sample, sample_of
from pulsehouse.feed_validation import Invalid, validate

# Segments that are read for what the tables of the decoder rest on.
_ALWAYS: Final = frozenset({"MSH", "EVN", "PID", "PV1"})
_WHAT: Final = tuple(dict.fromkeys(WORK.values()))
_SCREEN: Final = 15


def run(name: str, sample: Path, place: Path | None, *, with_models: bool, as_json: bool) -> int:
    """Read a sample by a profile in memory, and tell how it went."""
    profile = load_profile(name, place or settings().feeds)
    taken = sample_of(sample, profile.format)
    found = coverage(taken, profile)
    seen = evidence(taken.messages, profile) if profile.format == "hl7v2" else None
    invalid = validate(taken.messages) if with_models and profile.format == "fhir" else []
    told = report(profile, taken, found, seen, invalid)
    if as_json:
        terminal.emit_json(told)
    else:
        _show(told)
    return FOUND_PROBLEMS if told["problems"] else OK


def report(
    profile: FeedProfile,
    sample: Sample,
    found: Coverage,
    seen: Evidence | None,
    invalid: Iterable[Invalid] = (),
) -> dict[str, Any]:
    """The stable form of `feed check --json`."""
    segments = _segments(seen, profile) if seen else []
    own = [row["segment"] for row in segments if row["state"] == "not named in the profile"]
    wrong = [one.to_json() for one in invalid]
    problems = list(found.problems())
    problems += refused_live(seen.processing, profile.processing_ids) if seen else []
    problems += [f"own segments that `segments` does not name: {', '.join(own)}"] if own else []
    problems += [f"{len(wrong)} kinds of faults by the models of FHIR"] if wrong else []
    return {
        "feed": profile.name,
        "profile": profile.fingerprint,
        "messages": len(sample),
        "is_cut": sample.is_cut,
        "dispositions": _dispositions(found),
        "rows": dict(sorted(found.rows.items())),
        "understood": {what: found.understood(what) for what in _WHAT},
        "not_scored": dict(found.reasons.most_common()),
        "segments": segments,
        "times": dict(sorted(seen.times.items())) if seen else {},
        "unmapped_codes": unmapped(found),
        "units": _units(found),
        "invalid": wrong,
        "problems": problems,
    }


def _dispositions(found: Coverage) -> list[dict[str, Any]]:
    return [
        {"message_type": kind, "disposition": what, "reason": reason, "messages": count}
        for (kind, what, reason), count in found.messages.most_common()
    ]


def _segments(seen: Evidence, profile: FeedProfile) -> list[dict[str, Any]]:
    read = _ALWAYS.union(*(reader.segments for reader in READERS.values()))
    fields: dict[str, list[int]] = {}
    for element in seen.shape:
        name, _, number = element.partition("-")
        fields.setdefault(name, []).extend([int(number)] if number else [])
    return [
        {
            "segment": name,
            "count": count,
            "state": _state(name, read, profile),
            "fields": sorted(fields.get(name, [])),
        }
        for name, count in sorted(seen.segments.items())
    ]


def _state(name: str, read: frozenset[str], profile: FeedProfile) -> str:
    if name in read:
        return "read"
    if name.startswith("Z"):
        return "kept" if name in profile.segments else "not named in the profile"
    return "kept"


def _units(found: Coverage) -> list[dict[str, Any]]:
    counts: Counter[tuple[str, str, str]] = Counter()
    for (unit, concept, reason), count in found.units.items():
        if reason in {"unknown_unit", "missing_unit"}:
            counts[unit, concept, reason] += count
    return [
        {"unit": unit, "concept": concept, "reason": reason, "observations": count}
        for (unit, concept, reason), count in counts.most_common()
    ]


def _show(told: dict[str, Any]) -> None:
    cut = ", and no more were looked at" if told["is_cut"] else ""
    terminal.heading(
        f"Feed {told['feed']} (profile {told['profile']}): {told['messages']:,} messages{cut}"
    )
    _table("Messages", ("message_type", "disposition", "reason", "messages"), told["dispositions"])
    terminal.show_table("Rows", ("table", "rows"), told["rows"].items())
    percents = [(what, percent) for what, percent in told["understood"].items()]
    terminal.show_table("Understood, % of observations", ("what", "percent"), percents)
    reasons = told["not_scored"].items()
    terminal.show_table("Not scored, and why", ("reason", "observations"), reasons)
    for row in told["segments"]:
        row["fields"] = _ranges(row["fields"])
    _table(
        "Segments and their filled fields",
        ("segment", "count", "state", "fields"),
        told["segments"],
    )
    terminal.show_table("Times", ("place", "times"), told["times"].items())
    columns = ("code_system", "code", "name", "count")
    _table("Codes without a concept, most frequent first", columns, told["unmapped_codes"])
    _table("Units to look at", ("unit", "concept", "reason", "observations"), told["units"])
    if told["invalid"]:
        _table(
            "Faults by the models of FHIR", ("resource_type", "fault", "resources"), told["invalid"]
        )
    for problem in told["problems"]:
        terminal.say(f"to do: {problem}")
    if not told["problems"]:
        terminal.write("\neverything is understood")


def _table(title: str, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    shown = [[row[name] for name in columns] for row in rows[:_SCREEN]]
    terminal.show_table(title, [name.replace("_", " ") for name in columns], shown)
    if len(rows) > _SCREEN:
        terminal.note(f"  and {len(rows) - _SCREEN:,} more: --json shows all")


def _ranges(numbers: list[int]) -> str:
    """`1-3 5`: runs of numbers."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    return " ".join("-".join(map(str, run)) for run in runs)
