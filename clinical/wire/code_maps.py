"""Code maps: what a sender's own codes stand for, from the text of CSV files.

Here: the columns, a feed's own map over those that it shares, and clashes. Not here: finding and
reading files (lakehouse/feeds.py), or whether a concept exists (clinical/normalise/coding.py).

A feed's own row goes before a shared one. Two rows of one map, or of two shared maps, that give the
same code another meaning are an error that names both: neither can be meant.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from clinical.wire.profile import CodeRule, ProfileError

NEEDED = frozenset({"code_system", "code", "concept"})
# `method`, `source` and `version` say how a row came about; they change nothing.
COLUMNS = ("code_system", "code", "concept", "loinc_code", "unit", "method", "source", "version")

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class CodeMap:
    """One CSV file: its name, for errors, and its text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class _Row:
    key: Key
    rule: CodeRule
    place: str


def code_rules(feed: str, own: CodeMap, shared: Iterable[CodeMap] = ()) -> Mapping[Key, CodeRule]:
    """The rules of a feed's codes, by (code system, code); a code system of "" matches any.

    A row without a concept is one that is still to be filled in, and says nothing.

    Raises:
        ProfileError: A map without its columns, or two rows that contradict each other.
    """
    common = _rules(feed, [row for one in shared for row in _rows(feed, one)])
    return {**common, **_rules(feed, _rows(feed, own))}


def _rules(feed: str, rows: Iterable[_Row]) -> dict[Key, CodeRule]:
    first: dict[Key, _Row] = {}
    for row in rows:
        known = first.setdefault(row.key, row)
        if known.rule != row.rule:
            msg = (
                f"feed profile `{feed}`: {known.place} and {row.place} give {'|'.join(row.key)!r}"
                f" two meanings, {_told(known.rule)} and {_told(row.rule)}; keep one of the rows"
            )
            raise ProfileError(msg)
    return {key: row.rule for key, row in first.items()}


def _told(rule: CodeRule) -> str:
    parts = (rule.concept, rule.loinc_code, rule.unit)
    return " ".join(part for part in parts if part)


def _rows(feed: str, one: CodeMap) -> Iterator[_Row]:
    if not one.text.strip():
        return
    reader = csv.DictReader(io.StringIO(one.text))
    if not set(reader.fieldnames or ()) >= NEEDED:
        msg = f"code map {one.name} of feed profile `{feed}` needs the columns {sorted(NEEDED)}"
        raise ProfileError(msg)
    for row in reader:
        if concept := _cell(row, "concept"):
            key = _cell(row, "code_system"), _cell(row, "code")
            rule = CodeRule(concept, _cell(row, "loinc_code") or None, _cell(row, "unit") or None)
            yield _Row(key, rule, f"{one.name}:{reader.line_num}")


def _cell(row: Mapping[str, str | None], name: str) -> str:
    return row.get(name) or ""
