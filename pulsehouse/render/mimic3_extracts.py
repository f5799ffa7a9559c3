"""What the hospital's 2am extracts would have held, night by night, from the tables of MIMIC-III.

Here: which files a night has and what they hold: SQL over the source alone, so that a stream which
tells the same story can be compared with it. Times are the hospital's clock (zone UTC, as the feed
profile mimic3 says), without a zone. A folder is named by the day on which the job ran, at 02:00;
what was stored at 02:00:00 itself is in.

    census.csv              snapshot    who is in which unit at 00:00 of the day of the run
    vitals.csv              delta       every charted item stored in the 24 hours up to 02:00
    labs.csv                delta       results of those 24 hours, by charttime
    active_medications.csv  snapshot    prescriptions with that day between start and end, both in
    billing.csv             delta       charges by CPT code; only where the source has cptevents

The quirks, such as these jobs have:

- "As of midnight": who came after 00:00 is not in the census, who left after 00:00 still is.
- The census is of beds, from the transfers: the dead are in it until their bed is given up, and who
  was admitted without a bed is not. A stay without any transfer is in it from admission to
  discharge, without a unit.
- Last write wins per patient, item and charttime within a night: of a pick list one answer is left,
  and of a correction on the same day no trace. A correction stored on a later day comes again.
- vitals: no unit column; a number is text with two decimals (halves away from zero), whatever its
  precision was; an answer in words stays as it is.
- Rows with error=1 and rows without a value are left out silently. The source does not say when an
  error was noticed: the extract knows it from the start.
- vitals without a storetime count as stored at charttime; labs have no storetime at all, so none is
  ever late.
- An item has its label beside its id; an unknown item has an empty one.
- A prescription counts from the midnight of its start date, also before the admission, and to the
  end of its end date, also after the discharge. One without an end date ends with the stay.
- A charge with a day is billed in the night after it; one without, in the night after discharge;
  one with neither never. Equal charges of a day are one row with their number.
- Test patients are not filtered out: the source has none.

Without an alignment the stays lie centuries apart: only nights with a stored row or a stay are
written. With one, every night from the first to the last. Not here: SQL
(mimic3_extract_queries.py), folders and manifests (nightly.py).
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, time
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import duckdb

from pulsehouse.render import mimic3_extract_queries as queries
from pulsehouse.render import mimic3_source, nightly, tables
from pulsehouse.render.batch import Progress
from pulsehouse.render.nightly import Extract

# The hour at which the job runs; `night_of` in the SQL says the same.
_RUN = time(2)

_STAY = ("patient_id", "encounter_id")
_ITEM = (*_STAY, "item_id", "item", "charted_at")

EXTRACTS = (
    (Extract("census", ("census_at", *_STAY, "unit"), time(0)), queries.CENSUS),
    (Extract("vitals", (*_ITEM, "stored_at", "value"), _RUN), queries.VITALS),
    (Extract("labs", (*_ITEM, "value", "unit", "flag"), _RUN), queries.LABS),
    (
        Extract(
            "active_medications",
            (
                *(*_STAY, "prescription_id", "drug", "drug_code", "ndc"),
                *("dose", "dose_unit", "route", "start_date", "end_date"),
            ),
            _RUN,
        ),
        queries.ACTIVE_MEDICATIONS,
    ),
)

BILLING = (
    Extract("billing", (*_STAY, "cost_centre", "cpt_code", "charge_date", "charges"), _RUN),
    queries.BILLING,
)

# In this order: each reads those before it.
_PREPARED = (queries.WORDS, queries.STAYS, queries.BEDS, queries.CHARGES, queries.NIGHTS)

# The tables whose rows progress is counted in: those that become rows of the deltas.
_COUNTED = ("chartevents", "labevents")
_DELTAS = {"vitals", "labs"}


@dataclass(frozen=True, slots=True)
class Extracted:
    """The nights written and the rows of each file over all of them; no night, no first or last."""

    nights: int
    rows: dict[str, int]
    first_night: date | None
    last_night: date | None


# A row on its way to a file: its night, the number of its extract, the row. -1: the night itself.
_Placed = tuple[date, int, tables.Row]


def render(
    csv_dir: Path,
    drop: Path,
    *,
    align: date | None = None,
    days: int | None = None,
    progress: Progress | None = None,
) -> Extracted:
    """Write the nightly extracts of a folder of MIMIC-III CSV files into a drop folder.

    Arguments are those of `mimic3.render`; dates move by the same shifts. Each night appears whole,
    the earliest first; a night that is there already, byte for byte, stays.

    Raises:
        RenderError: A table is missing or cannot be read, the drop folder cannot be written, or it
            holds nights of another rendering.
    """
    with mimic3_source.opened(csv_dir, align, days) as connection:
        for statement in _PREPARED:
            tables.execute(connection, statement)
        chosen = (*EXTRACTS, BILLING) if tables.has(csv_dir, "cptevents") else EXTRACTS
        nights = [row[0] for row in tables.rows(connection, queries.ALL_NIGHTS)]
        nightly.refuse_others(drop, nights)
        total = tables.count(connection, _COUNTED) if progress else 0
        placed = heapq.merge(
            ((night, -1, ()) for night in nights),
            *(_placed(connection, number, query) for number, (_, query) in enumerate(chosen)),
            key=itemgetter(0, 1),
        )
        return _publish(drop, [extract for extract, _ in chosen], placed, progress, total)


def _placed(connection: duckdb.DuckDBPyConnection, number: int, query: str) -> Iterator[_Placed]:
    for night, *row in tables.rows(connection, query):
        yield night, number, tuple(row)


def _publish(
    drop: Path,
    extracts: list[Extract],
    placed: Iterable[_Placed],
    progress: Progress | None,
    total: int,
) -> Extracted:
    rows = {extract.name: 0 for extract in extracts}
    written: list[date] = []
    for night, group in groupby(placed, key=itemgetter(0)):
        belonging = ((number, row) for _, number, row in group if number >= 0)
        counts = nightly.publish(drop, night, extracts, belonging)
        for extract, count in zip(extracts, counts, strict=True):
            rows[extract.name] += count
        written.append(night)
        if progress:
            progress(min(sum(rows[name] for name in _DELTAS), total), total)
    if progress:
        progress(total, total)
    ends = (written[0], written[-1]) if written else (None, None)
    return Extracted(len(written), rows, *ends)
