"""Whether an extract is of the night that it is delivered for.

Here: what whole, well-formed rows can still betray: another cut-off than the job's, another day's
census, another night's very file. Not here: whether they are whole (drop_folder.py, csv_files.py).
"""

from datetime import date, timedelta

import duckdb

from lakehouse.batch.legacy import LEGACY_ACTIVE_MEDICATIONS, LEGACY_CENSUS
from lakehouse.batch_reading import is_stored
from lakehouse.catalogue import cursor, quoted_text
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import Table
from orchestration.jobs import JOBS
from orchestration.legacy.errors import OtherCutoffError, OtherNightError
from orchestration.legacy.staging import STAGED, Origin
from orchestration.nights import cutoff_at, midnight

# A job starts some minutes after its hour; an hour is another zone, or another hour.
PUNCTUAL = timedelta(minutes=30)
MEND = "have the right night delivered"
# Two nights may truly have the same list of medications: its rows hold no moment of their own.
UNDATED = frozenset({LEGACY_ACTIVE_MEDICATIONS.name})

_OTHER_MOMENT = f"""
select count(*) from {STAGED}
where abs(epoch(try_cast(census_at as timestamp)) - epoch(timezone(?, ?::timestamptz))) > ?
"""  # noqa: S608 our own name


def check(  # noqa: PLR0917 where, what and when: nothing of it belongs together
    engine: duckdb.DuckDBPyConnection,
    lake: Lake,
    settings: Settings,
    table: Table,
    night: date,
    origin: Origin,
) -> None:
    """Let staged rows pass that are of this night.

    Raises:
        OtherCutoffError: The source says that it knew up to another moment than the job's.
        OtherNightError: The rows are those of another night.
    """
    _refuse_other_cutoff(settings, table, night, origin)
    if table is LEGACY_CENSUS:
        _refuse_other_moment(engine, settings, night, origin)
    if origin.rows and table.name not in UNDATED:
        _refuse_repeated(lake, table, night, origin)


def _refuse_other_cutoff(settings: Settings, table: Table, night: date, origin: Origin) -> None:
    job = next(job for job in JOBS.values() if table in job.landed)
    ours = cutoff_at(night, job.cutoff, settings)
    if origin.cutoff is not None and abs(origin.cutoff - ours) > PUNCTUAL:
        what = (
            f"it knew up to {origin.cutoff:%Y-%m-%d %H:%MZ}, and by the settings hospital_zone and"
            f" batch_hour the job of that night knows up to {ours:%Y-%m-%d %H:%MZ}"
        )
        mend = "set them as the hospital's job runs, or have the right night delivered"
        raise OtherCutoffError(_where(origin, night), what, mend)


def _refuse_other_moment(
    engine: duckdb.DuckDBPyConnection, settings: Settings, night: date, origin: Origin
) -> None:
    values = [origin.zone, midnight(night, settings), PUNCTUAL.total_seconds()]
    (others,) = engine.execute(_OTHER_MOMENT, values).fetchone() or (0,)
    if others:
        what = f"{others} of {origin.rows} rows are the census of another moment than its midnight"
        raise OtherNightError(_where(origin, night), what, MEND)


def _refuse_repeated(lake: Lake, table: Table, night: date, origin: Origin) -> None:
    path = lake.path(table)
    if not is_stored(path):
        return
    sql = (
        f"select min(night) from delta_scan({quoted_text(str(path))})"  # noqa: S608 a path, quoted
        " where source_sha256 = ? and night != ?"
    )
    with cursor() as connection:
        (other,) = connection.execute(sql, [origin.sha256, night]).fetchone() or (None,)
    if other is not None:
        what = f"its bytes are those that were landed for night {other}"
        raise OtherNightError(_where(origin, night), what, MEND)


def _where(origin: Origin, night: date) -> str:
    return f"{origin.source} of night {night}"
