"""The extracts of the nightly jobs, by name.

Here: which table each lands in, which columns it must bring, which one a hospital may do without,
and the header's check. Not here: the columns themselves (lakehouse/batch/legacy.py).
"""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from lakehouse.batch.legacy import LEGACY, ORIGIN
from lakehouse.tables import Table
from orchestration.legacy.errors import ChangedColumnsError, UnknownExtractError

EXTRACTS: Mapping[str, Table] = {table.name.removeprefix("legacy_"): table for table in LEGACY}
# Not every hospital bills by night, and the public sources often lack the charges.
OPTIONAL = frozenset({"billing"})
# What a column may be called if its name is to be repeated in an error.
PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z_]{0,39}")


def table_of(extract: str) -> Table:
    """The table that an extract lands in.

    Raises:
        UnknownExtractError: There is no such extract; the message offers the nearest.
    """
    if extract not in EXTRACTS:
        nearest = get_close_matches(extract, EXTRACTS, n=1, cutoff=0.0)[0]
        where = f"extract {extract!r}"
        raise UnknownExtractError(where, "no nightly job has it", f"the nearest is `{nearest}`")
    return EXTRACTS[extract]


def columns_of(table: Table) -> tuple[str, ...]:
    """The columns that the extract itself brings, in their order."""
    origin = {column.name for column in ORIGIN}
    return tuple(column.name for column in table.columns if column.name not in origin)


def refuse_other_columns(
    where: str, found: Sequence[str], table: Table, *, ordered: bool = True
) -> None:
    """Refuse columns that are not the contract's; `ordered`, in another order as well.

    Raises:
        ChangedColumnsError: The message names what is missing, added or out of order.
    """
    wanted = columns_of(table)
    if tuple(found) == wanted or (not ordered and sorted(found) == sorted(wanted)):
        return
    raise ChangedColumnsError(
        where,
        _difference(found, wanted, ordered=ordered),
        f"have the job write {', '.join(wanted)}, or change the contract of {table.name} with it",
    )


def _difference(found: Sequence[str], wanted: Sequence[str], *, ordered: bool) -> str:
    missing = [name for name in wanted if name not in found]
    # Without a header the first row stands here, and its values are a patient's.
    if ordered and len(missing) * 2 > len(wanted):
        return f"the first line is not its header: it lacks {', '.join(missing)}"
    added = [name for name in found if name not in wanted]
    repeated = sorted({name for name in found if name in wanted and found.count(name) > 1})
    parts = [
        f"lacks {', '.join(missing)}" if missing else "",
        f"adds {_shown(added)}" if added else "",
        f"repeats {', '.join(repeated)}" if repeated else "",
    ]
    told = [part for part in parts if part]
    if told:
        return f"its columns have changed: it {' and '.join(told)}"
    return f"its columns are in another order: {', '.join(found)}"


def _shown(names: Sequence[str]) -> str:
    return ", ".join(
        name if PLAIN_NAME.fullmatch(name) else "(a name that is not shown)" for name in names
    )
