"""How the work-list of `pulsehouse unmapped` is shown on a screen.

Here: its tables, and the rows to paste. Not here: what is on it (unmapped.py).
"""

from collections.abc import Sequence
from typing import Any

from clinical.wire.code_maps import COLUMNS
from pulsehouse import terminal
from pulsehouse.contents import Row


def show(found: dict[str, Any]) -> None:
    """The work-list on a screen."""
    terminal.heading(f"What to map next in {found['lake']}")
    columns = ("feed", "code_system", "code", "code_text", "patients", "observations")
    terminal.show_table(
        "Codes without a concept, those first that would complete most",
        [*columns, "units", "nine tenths", "scores completed", "may be"],
        [_code_line(row, columns) for row in found["codes"]],
    )
    rows = [one["row"] for row in found["codes"] for one in row["proposals"][:1]]
    if rows:
        terminal.write(",".join(COLUMNS))
        for row in rows:
            terminal.write(row)
        terminal.note(
            "rows of a code map, to be judged one by one (why: --json); nothing was applied"
        )
    _show_units(found)


def _code_line(row: Row, columns: Sequence[str]) -> list[object]:
    told = ", ".join(f"{one['concept']} ({one['score']:.2f})" for one in row["proposals"])
    return [
        *(row[name] for name in columns),
        ", ".join(row["units"]),
        _span(row["percentiles"]),
        row["scores_completed"],
        told,
    ]


def _span(three: Sequence[float] | None) -> str:
    return f"{three[0]:g} to {three[2]:g}" if three else ""


def _show_units(found: dict[str, Any]) -> None:
    seen = ("patients", "observations")
    coded = ("feed", "code_system", "code", "concept", "unit_as_sent")
    for name, title, columns in (
        ("units", "Units that are missing or do not convert", (*coded, "reason", *seen, "remedy")),
        ("answers", "Answers that no profile maps", ("feed", "concept", "answer", *seen)),
        (
            "implausible",
            "Implausible values, and the unit in which they would be usual",
            (*coded, *seen, "sent", "other_unit"),
        ),
    ):
        if found[name]:
            lines = [[row[column] for column in columns] for row in found[name]]
            terminal.show_table(title, columns, lines)
