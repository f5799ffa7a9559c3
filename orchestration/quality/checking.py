"""Holding suites against the rows of a lake.

Here: one check of one suite, and what it found. Not here: evaluating a rule (validation.py),
keeping what was found (evidence.py), or when a check runs (assets.py).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from lakehouse.cuts import Cut
from lakehouse.lake import Lake
from lakehouse.tables import TABLES
from orchestration.quality.looking import Look, stored_columns, stored_types
from orchestration.quality.rules import PLACE, Ordered, Rule, Suite, Unique
from orchestration.quality.validation import Validator, frame

# Failed rows of one rule that are kept; their number is always whole.
KEPT_PER_RULE = 10_000
FAILED = pa.schema(
    [
        ("rule", pa.string()),
        ("feed", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("row", pa.int32()),
    ]
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What one check of one suite found.

    `failed` counts by rule what failed it; `places` are the first of those rows, and `columns` the
    columns where it is the stored schema that failed. No value of a row is in here.
    """

    suite: Suite
    since: Cut
    at: Cut
    rows: int
    failed: Mapping[str, int]
    places: pa.Table
    columns: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether no rule failed."""
        return not self.failed


@dataclass(slots=True)
class _Found:
    """What has been found so far."""

    failed: Counter[str] = field(default_factory=Counter)
    places: list[pa.Table] = field(default_factory=list)

    def add(self, rule: str, rows: pa.Table, at: Sequence[int], count: int) -> None:
        free = KEPT_PER_RULE - self.failed[rule]
        self.failed[rule] += count
        if free > 0 and at:
            kept = rows.select(PLACE).take(pa.array(at[:free], pa.int64()))
            named = kept.add_column(0, "rule", pa.array([rule] * len(kept), pa.string()))
            self.places.append(named.cast(FAILED))

    def table(self) -> pa.Table:
        return pa.concat_tables([FAILED.empty_table(), *self.places])


def check(lake: Lake, suite: Suite, since: Cut, at: Cut) -> Checked:
    """Hold a suite against the rows after one cut and up to another.

    Args:
        lake: The lake.
        suite: The suite; its table need not exist.
        since: Rows up to here have been looked at.
        at: The cut to look up to.

    Raises:
        QualityError: A rule could not be evaluated.
    """
    if suite.family == "schema":
        return _check_schema(lake, suite, at)
    with Look.at_rows(lake, TABLES[suite.table], since, at) as look:
        found = _Found()
        rows = _check_rows(look, suite, found)
        _check_keys(look, suite, found)
        return Checked(suite, look.since, at, rows, dict(found.failed), found.table())


def _check_rows(look: Look, suite: Suite, found: _Found) -> int:
    rules: list[Rule] = [rule for rule in suite.rules if not isinstance(rule, Unique | Ordered)]
    validator, seen = Validator.of(suite.name, rules), 0
    for rows in look.rows(suite):
        for rule, at in validator.failed(frame(rows, rules)).items():
            found.add(rule, rows, at, len(at))
        seen += len(rows)
    return seen


def _check_keys(look: Look, suite: Suite, found: _Found) -> None:
    for key in suite.rules:
        if isinstance(key, Unique):
            # Alike keys may lie batches apart, so the engine brings them together first.
            count, rows = look.sharing(suite, key)
            for rule, at in Validator.of(suite.name, [key]).failed(frame(rows, [key])).items():
                found.add(rule, rows, at, count)


def _check_schema(lake: Lake, suite: Suite, at: Cut) -> Checked:
    table, found, columns = TABLES[suite.table], _Found(), list[str]()
    if not lake.has(table):
        return Checked(suite, Cut({}), at, 0, {}, found.table())
    stored = stored_columns(lake, table)
    empty = pa.table({name: pa.array([], pa.string()) for name in stored})
    types = stored_types(lake, table)
    for rules, rows in (_split(suite.rules, empty), _split(suite.rules, types)):
        for rule, places in Validator.of(suite.name, rules).failed(frame(rows, rules)).items():
            named = [types["column"][place].as_py() for place in places]
            columns += named or sorted(set(stored) ^ set(table.schema.names)) or list(stored)
            found.failed[rule] += max(len(places), 1)
    return Checked(
        suite, Cut({}), at, len(stored), dict(found.failed), found.table(), tuple(columns)
    )


def _split(rules: Sequence[Rule], rows: pa.Table) -> tuple[list[Rule], pa.Table]:
    """The rules about a table's columns go with no rows, those about types with a row for each."""
    about_types = "stored_type" in rows.column_names
    return [rule for rule in rules if isinstance(rule, Ordered) is not about_types], rows
