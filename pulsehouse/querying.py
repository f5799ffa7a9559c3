"""`pulsehouse sql`: one reading statement over the lake, in a sandbox.

Here: how rows are shown, and the audit of a read that was asked to identify patients. Not here:
what can be queried (connection.py), or the sandbox itself (lakehouse/catalogue.py).
"""

import csv
import io
from pathlib import Path

import pyarrow as pa

from lakehouse import audit
from lakehouse.tables import TABLES
from pulsehouse import terminal
from pulsehouse.connection import open_connection, restricted
from pulsehouse.deployment import open_lake, settings
from pulsehouse.failure import OK

# More rows than this are for a file or a pager, not for a screen.
SCREEN_ROWS = 200


def run(query: str, place: Path | None, *, as_json: bool, identified: bool) -> int:
    """Run a query and print its rows: a table on a screen, CSV through a pipe, JSON when asked."""
    lake = open_lake(place)
    if identified:
        audit.record(lake, audit.Read("sql", restricted(), query))
    with open_connection(lake, settings(), identified=identified) as connection:
        try:
            rows = connection.sql(query).arrow()
        except Exception:
            _hint_at_restricted(query, identified=identified)
            raise
    _show(rows, as_json=as_json)
    return OK


def _hint_at_restricted(query: str, *, identified: bool) -> None:
    for table in TABLES.values():
        if not identified and table.phi == "identified" and table.name in query.lower():
            terminal.say(
                f"note: `{table.name}` identifies patients; it is read only with --identified"
            )


def _show(rows: pa.Table, *, as_json: bool) -> None:
    if as_json:
        terminal.emit_json(rows.to_pylist())
    elif terminal.out().is_terminal:
        _on_screen(rows)
    else:
        terminal.write(_as_csv(rows))


def _on_screen(rows: pa.Table) -> None:
    shown = rows.slice(0, SCREEN_ROWS).to_pylist()
    cells = [[_cell(value) for value in row.values()] for row in shown]
    terminal.show_table(f"{rows.num_rows:,} rows", rows.column_names, cells)
    if rows.num_rows > SCREEN_ROWS:
        terminal.say(f"note: the first {SCREEN_ROWS} rows; send the output to a file to have all")


def _cell(value: object) -> object:
    return _text(value) if isinstance(value, list | dict | bytes) else value


def _as_csv(rows: pa.Table) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows.column_names)
    for row in rows.to_pylist():
        writer.writerow([_text(value) for value in row.values()])
    return text.getvalue().rstrip("\n")


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list | dict):
        return terminal.to_json(value, indent=None)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value) if isinstance(value, bool | int | float | str) else terminal.iso(value)
