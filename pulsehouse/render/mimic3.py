"""MIMIC-III tables as one HL7 v2.5.1 batch file, as an interface engine would have sent them.

Here: `render`, which merges the messages of every table in the order of MSH-7. Not here: the
messages themselves (mimic3_*.py), or what the local codes mean (feeds/mimic3.toml).
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import BinaryIO

import duckdb

from pulsehouse.render import (
    batch,
    mimic3_adt,
    mimic3_charges,
    mimic3_medications,
    mimic3_observations,
    mimic3_orders,
    mimic3_source,
    tables,
)
from pulsehouse.render.batch import Message, Progress
from pulsehouse.render.outcome import Rendered

# The tables whose rows progress is counted in; the others are small.
_COUNTED = ("chartevents", "labevents", "outputevents", "prescriptions")


def render(
    csv_dir: Path,
    out: Path | BinaryIO,
    *,
    align: date | None = None,
    days: int | None = None,
    progress: Progress | None = None,
) -> Rendered:
    """Render a folder of MIMIC-III CSV files (.csv or .csv.gz, any subset of patients).

    Args:
        csv_dir: The tables. patients, admissions, chartevents, labevents, d_items and d_labitems
            are required; the others may be absent.
        out: Where to write; a path that ends in `.gz` is gzipped.
        align: The day on which the first patients arrive; without it the source's dates stay.
        days: Over how many days, from `align`, first admissions are spread.
        progress: Called with source rows done and source rows in all.

    Raises:
        RenderError: A table is missing or cannot be read, or the output cannot be written.
    """
    with mimic3_source.opened(csv_dir, align, days) as connection:
        total = tables.count(connection, _COUNTED) if progress else 0
        return batch.write(out, mimic3_source.SENDER, _streams(connection), progress, total)


def _streams(connection: duckdb.DuckDBPyConnection) -> list[Iterator[Message]]:
    return [
        mimic3_adt.messages(connection),
        mimic3_orders.cultures(connection),
        mimic3_orders.prescriptions(connection),
        mimic3_charges.messages(connection),
        mimic3_medications.messages(connection),
        *(mimic3_observations.messages(connection, panel) for panel in mimic3_observations.PANELS),
    ]
