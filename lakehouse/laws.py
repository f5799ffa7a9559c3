"""Laws by which facts are read: table macros beside the tables, and views under plain names.

Here: what a law is, and installing laws. Not here: the laws (identities.py, encounters.py).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import duckdb


@dataclass(frozen=True, slots=True)
class Law:
    """Table macros over some tables, each written with `{schema}` for the tables' own schema.

    A macro costs next to nothing until it is asked. `views` are names for questions that need no
    argument.
    """

    needs: tuple[str, ...]
    macros: tuple[str, ...]
    views: Mapping[str, str] = field(default_factory=dict)


def install(
    connection: duckdb.DuckDBPyConnection, law: Law, schema: str, shown: Collection[str]
) -> None:
    """Add a law's macros to a schema, a name as SQL writes it, if it shows the law's tables."""
    if set(law.needs) <= set(shown):
        for macro in law.macros:
            connection.execute(macro.replace("{schema}", schema))


def views(laws: Collection[Law], shown: Collection[str]) -> Iterator[tuple[str, str]]:
    """The plain names, and the question each stands for."""
    for law in laws:
        if set(law.needs) <= set(shown):
            yield from law.views.items()
