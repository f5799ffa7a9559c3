"""How much of a sample is understood by a profile: what `pulsehouse feed check` answers.

Here: messages, codes, units and answers by the dataflow's own decoder and normalisation, in memory;
nothing is stored. Not here: how it is shown (feed_check.py), or what a profile could be
(feed_evidence.py).

No value of a patient is kept: codes, units, names of segments, and counts.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from clinical import wire
from clinical.normalise import normalise
from clinical.normalise.proposals import Sent, candidates
from clinical.wire.elements import HIDDEN
from clinical.wire.profile import FeedProfile
from pulsehouse.feed_sample import Sample
from streaming import poison

BATCH: Final = 4_000
WITHOUT_CODE: Final = "(words, no code)"
# Reasons that somebody can do something about, by what it is that was not understood.
WORK: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unmapped_code": "codes",
        "unknown_unit": "units",
        "missing_unit": "units",
        "unknown_answer": "answers",
        "not_a_number": "answers",
        "bad_time": "times",
    }
)
_SHOWN: Final = re.compile(r"[A-Za-z0-9%/^|_.:+*#{}()\[\]'\" -]{1,60}")


@dataclass(slots=True)
class Coverage:
    """Counts over a sample that was read by a profile."""

    messages: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    codes: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    units: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    units_of: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    with_numbers: set[tuple[str, str]] = field(default_factory=set)
    reasons: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)

    @property
    def observations(self) -> int:
        """Observations of messages that were parsed."""
        return self.rows["observations"]

    def understood(self, what: str) -> float | None:
        """Percent of the observations for which codes, units, answers or times are understood."""
        if not self.observations:
            return None
        missed = sum(self.reasons[reason] for reason, part in WORK.items() if part == what)
        # Units and answers are only asked for where the code is known.
        of = self.observations - (self.reasons["unmapped_code"] if what in _OF_KNOWN else 0)
        return None if of == 0 else round(100 * (of - missed) / of, 1)

    def problems(self) -> Iterator[str]:
        """What somebody has to look at."""
        quarantined = sum(n for (_, what, _), n in self.messages.items() if what == "quarantined")
        if quarantined:
            yield f"{quarantined:,} messages would be quarantined"
        for reason in WORK:
            if count := self.reasons[reason]:
                yield f"{count:,} observations are not scored: {reason}"


_OF_KNOWN: Final = frozenset({"units", "answers"})


def coverage(sample: Sample, profile: FeedProfile) -> Coverage:
    """Read a sample as the dataflow would.

    Raises:
        NormalisationError: The profile names what the dictionary lacks.
    """
    found = Coverage()
    for start in range(0, len(sample), BATCH):
        raw = sample.messages.slice(start, BATCH)
        decoded = poison.decode(raw, profile)
        _count_messages(decoded.messages, found)
        received = pc.fill_null(wire.sent_at(raw, profile), _now())
        for name, rows in normalise(decoded, received, profile).items():
            found.rows[name] += rows.num_rows
            if name == "observations":
                _count_observations(rows, found)
    return found


def _now() -> pa.Scalar:
    return pa.scalar(datetime.now(UTC), pa.timestamp("us", tz="UTC"))


def _count_messages(messages: pa.Table, found: Coverage) -> None:
    columns = ("message_type", "disposition", "reason")
    for row in zip(*(messages[name].to_pylist() for name in columns), strict=True):
        kind, disposition, reason = row
        found.messages[shown(kind) or "(none)", disposition, reason or ""] += 1


def _count_observations(rows: pa.Table, found: Coverage) -> None:
    columns = ("code_system", "code", "concept", "unit_as_sent", "not_scored_reason", "code_text")
    numbers = rows["value_number"].is_valid().to_pylist()
    texts = (rows[name].to_pylist() for name in columns)
    for has_number, *row in zip(numbers, *texts, strict=True):
        system, code, concept, unit, reason, text = row
        key = shown(system), shown(code) or WITHOUT_CODE
        found.codes[(*key, concept or "", reason or "")] += 1
        of_code = found.units_of.setdefault(key, Counter())
        if unit:
            of_code[shown(unit)] += 1
        if has_number:
            found.with_numbers.add(key)
        if reason:
            found.reasons[reason] += 1
        if unit or reason in {"missing_unit", "unknown_unit"}:
            found.units[shown(unit), concept or "", reason or ""] += 1
        if code and text and key not in found.names:
            found.names[key] = shown(text)


def shown(text: str | None) -> str:
    """A text with the shape of a code or its name; another may be anybody's words."""
    if not text:
        return ""
    return text if _SHOWN.fullmatch(text) else HIDDEN


def unmapped(found: Coverage) -> list[dict[str, Any]]:
    """The codes that nothing maps, the most frequent first, with the units they came with."""
    counts: Counter[tuple[str, str]] = Counter()
    for (system, code, _, reason), number in found.codes.items():
        if reason == "unmapped_code":
            counts[system, code] += number
    return [
        {
            "code_system": key[0],
            "code": key[1],
            "name": found.names.get(key, ""),
            "units": [unit for unit, _ in found.units_of[key].most_common()],
            "count": number,
            "proposals": _proposals(found, key),
        }
        for key, number in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


def _proposals(found: Coverage, key: tuple[str, str]) -> list[str]:
    """What a code may stand for, by its name and units alone; for a person to decide."""
    name, units = found.names.get(key), tuple(found.units_of[key])
    sent = Sent(key[1], name, units, has_numbers=key in found.with_numbers)
    return [f"{one.concept} ({one.score:.2f}: {', '.join(one.why)})" for one in candidates(sent)]
