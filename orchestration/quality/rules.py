"""What a rule of quality is: a few kinds, each about columns of one row or one table.

Here: the shapes that suites are made of. Not here: which rules there are (suites.py), or how they
are evaluated (validation.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

Family = Literal["schema", "values", "units_and_ranges", "volume_and_lateness"]
# Columns of a contract that every row of the stream is known by.
PLACE = ("feed", "partition", "offset", "row")


@dataclass(frozen=True, slots=True)
class NotNull:
    """The column has a value."""

    name: str
    column: str


@dataclass(frozen=True, slots=True)
class InSet:
    """The column has one of these values, or none."""

    name: str
    column: str
    allowed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """The number lies in the closed range, or there is none."""

    name: str
    column: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The one is not below the other, where both are known."""

    name: str
    column: str
    other: str


@dataclass(frozen=True, slots=True)
class Equal:
    """Both are the same, where both are known."""

    name: str
    column: str
    other: str


@dataclass(frozen=True, slots=True)
class Unique:
    """No two rows agree in all of these columns."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ordered:
    """The table has these columns, in this order, and no other."""

    name: str
    columns: tuple[str, ...]


Rule = NotNull | InSet | Between | AtLeast | Equal | Unique | Ordered


@dataclass(frozen=True, slots=True)
class Suite:
    """The rules of one family for one table.

    `derived` are columns that the rules need and the table does not have: name to an SQL
    expression over the table's rows `t` and over `joins`.
    """

    table: str
    family: Family
    rules: tuple[Rule, ...]
    derived: Mapping[str, str] = field(default_factory=dict)
    joins: str = ""

    @property
    def name(self) -> str:
        """What evidence calls it."""
        return f"{self.table}.{self.family}"

    @property
    def rules_version(self) -> str:
        """Changes when any rule does, also by another range in the concept table."""
        return blake2b(repr((self.rules, self.derived)).encode(), digest_size=8).hexdigest()


def columns_of(rule: Rule) -> tuple[str, ...]:
    """The columns that a rule reads."""
    if isinstance(rule, Unique | Ordered):
        return rule.columns
    if isinstance(rule, AtLeast | Equal):
        return (rule.column, rule.other)
    return (rule.column,)
