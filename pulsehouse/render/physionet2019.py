"""PhysioNet/CinC Challenge 2019 files as one HL7 v2.5.1 batch file.

Here: `render` for a folder (or .tar.gz) of hourly .psv files, one per stay.

- The source has no dates. A stay begins at a made-up whole hour: the base day plus (patient number
  modulo the hours of `days`); the values of hour h (ICULOS) are true, and sent, at that plus h
  hours.
- A01 at the beginning, with the unit (Unit1 MICU, Unit2 SICU, else ICU) and the time of hospital
  admission (HospAdmTime); A03 one hour after the last values.
- One ORU^R01 per hour with a value: columns as they are named, values as they are written, no
  units.
- PID-7 is the year of birth by Age. SepsisLabel is a label, not an observation: not sent.

Not here: what the columns mean (feeds/physionet2019_codes.csv).

Source: Reyna et al., Crit Care Med 2020, doi 10.1097/CCM.0000000000004145; data doi
10.13026/v64v-d857.
"""

import tarfile
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

import duckdb

from pulsehouse.render import batch, tables
from pulsehouse.render.batch import Message, Progress
from pulsehouse.render.outcome import Rendered, RenderError
from pulsehouse.render.segments import (
    END,
    Sender,
    Subject,
    header,
    opening,
    patient,
    segment,
    visit,
)

SENDER = Sender("PHYSIONET2019", "PN2019")

VALUES = (
    *("HR", "O2Sat", "Temp", "SBP", "MAP", "DBP", "Resp", "EtCO2", "BaseExcess", "HCO3", "FiO2"),
    *("pH", "PaCO2", "SaO2", "AST", "BUN", "Alkalinephos", "Calcium", "Chloride", "Creatinine"),
    *("Bilirubin_direct", "Glucose", "Lactate", "Magnesium", "Phosphate", "Potassium"),
    *("Bilirubin_total", "TroponinI", "Hct", "Hgb", "PTT", "WBC", "Fibrinogen", "Platelets"),
)
HEADER = (*VALUES, *("Age", "Gender", "Unit1", "Unit2", "HospAdmTime", "ICULOS", "SepsisLabel"))

# Where the made-up calendar begins, and over how many days stays begin, when nobody says.
_FIRST_DAY = date(2019, 1, 1)
_DAYS = 30

# Gender 1 is male. A year of birth is as exact as a whole age can be.
_STAYS = """
create table stays as
select
    patient::bigint as patient,
    any_value(day)::timestamp + to_hours(patient::bigint % any_value(days * 24)) as begins,
    begins + to_hours(max(try_cast(ICULOS as double))::bigint + 1) as ends,
    any_value(try_cast(HospAdmTime as double)) as before,
    coalesce(
        (extract(year from begins) - floor(any_value(try_cast(Age as double))))::bigint::varchar, ''
    ) as birth_year,
    case any_value(try_cast(Gender as double)) when 1 then 'M' when 0 then 'F' else '' end as sex,
    case
        when bool_or(try_cast(Unit1 as double) = 1) then 'MICU'
        when bool_or(try_cast(Unit2 as double) = 1) then 'SICU'
        else 'ICU'
    end as unit
from hours cross join calendar
where isfinite(try_cast(ICULOS as double))
group by patient
"""

# Among equal times a patient arrives (0) before the values (50) and leaves (90) after them.
_MOVES = """
with moves as (
    select 0 as rank, begins as moment, * from stays
    union all
    select 90, ends, * from stays
)
select
    patient, birth_year, sex,
    strftime(moment, '%Y%m%d%H%M%S') as sent_at,
    rank, unit,
    if(
        isfinite(before),
        strftime(begins + to_minutes(round(least(before, 0) * 60)::bigint), '%Y%m%d%H%M%S'),
        ''
    ) as admitted_at
from moves
order by sent_at, rank, patient
"""

_HOURS = """
select
    stays.patient, birth_year, sex,
    strftime(begins + to_hours(try_cast(ICULOS as double)::bigint), '%Y%m%d%H%M%S') as sent_at,
    try_cast(ICULOS as double)::bigint as hour,
    hours.* exclude (patient, Age, Gender, Unit1, Unit2, HospAdmTime, ICULOS, SepsisLabel)
from hours inner join stays on stays.patient = hours.patient::bigint
where isfinite(try_cast(ICULOS as double))
order by sent_at, stays.patient, hour
"""

_RANK = 50


def render(
    psv_dir: Path,
    out: Path | BinaryIO,
    *,
    align: date | None = None,
    days: int | None = None,
    progress: Progress | None = None,
) -> Rendered:
    """Render .psv files, loose in a folder (at any depth) or in a .tar.gz in it; or one .tar.gz.

    Args:
        psv_dir: The files. A patient found twice is taken once, loose files first.
        out: Where to write; a path that ends in `.gz` is gzipped.
        align: The day on which the first stays begin; 2019-01-01 unless told.
        days: Over how many days stays begin; 30 unless told.
        progress: Called with hours done and hours in all.

    Raises:
        RenderError: No file is found, one has other columns, or the output cannot be written.
    """
    if days is not None and days < 1:
        msg = "stays need at least 1 day to begin in"
        raise RenderError(msg)
    with tempfile.TemporaryDirectory(prefix="pulsehouse-render-") as folder:
        gathered = Path(folder) / "hours.psv"
        total = _gather(psv_dir, gathered)
        with tables.database() as connection:
            _load(connection, gathered, align or _FIRST_DAY, days or _DAYS)
            streams = [_moves(connection), _values(connection)]
            return batch.write(out, SENDER, streams, progress, total)


def _load(connection: duckdb.DuckDBPyConnection, gathered: Path, day: date, days: int) -> None:
    connection.read_csv(str(gathered), header=True, sep="|", all_varchar=True).create_view("hours")
    connection.execute("create table calendar (day date, days integer)")
    connection.execute("insert into calendar values (?, ?)", [day, days])
    connection.execute(_STAYS)


def _gather(source: Path, gathered: Path) -> int:
    """Put all stays into one file with the patient number first; how many hours there are."""
    seen: set[str] = set()
    hours = 0
    with gathered.open("wb") as out:
        out.write(f"patient|{'|'.join(HEADER)}\n".encode())
        for name, stream in stays(source):
            number = PurePosixPath(name).stem.removeprefix("p")
            if number.isdecimal() and number not in seen:
                seen.add(number)
                hours += _append(name, number, stream, out)
    if not seen:
        msg = f"`{source}` has no stays (p000001.psv, or a .tar.gz of such files)"
        raise RenderError(msg)
    return hours


def _append(name: str, number: str, stream: IO[bytes], out: IO[bytes]) -> int:
    columns = stream.readline().decode("utf-8", "replace").strip().split("|")
    if columns != list(HEADER):
        msg = f"`{name}` does not have the columns of the 2019 challenge"
        raise RenderError(msg)
    hours = 0
    for line in filter(None, (line.strip() for line in stream)):
        out.write(number.encode() + b"|" + line + b"\n")
        hours += 1
    return hours


def stays(source: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Each stay's file name and content, loose files first.

    Raises:
        RenderError: An archive cannot be read.
    """
    archives = [source] if source.is_file() else sorted(source.rglob("*.tar.gz"))
    for path in sorted(source.rglob("*.psv")):
        with path.open("rb") as stream:
            yield path.name, stream
    for archive in archives:
        try:
            with tarfile.open(archive, "r|gz") as packed:
                yield from _packed(packed)
        except (tarfile.TarError, EOFError, OSError) as error:
            msg = f"`{archive}` is not a readable .tar.gz"
            raise RenderError(msg) from error


def _packed(archive: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
    for member in archive:
        stream = archive.extractfile(member) if member.name.endswith(".psv") else None
        if stream:
            yield PurePosixPath(member.name).name, stream


def _subject(row: tables.Row) -> Subject:
    number, birth_year, sex = row[:3]
    return Subject(str(number), str(number), birth_year, sex)


def _moves(connection: duckdb.DuckDBPyConnection) -> Iterator[Message]:
    for row in tables.rows(connection, _MOVES):
        sent_at, rank, unit, admitted_at = row[3:]
        name = "A03" if rank else "A01"
        stay = {3: unit, 44: admitted_at, 45: sent_at if rank else ""}
        text = (
            header(SENDER, sent_at, f"ADT^{name}^ADT_{name}", f"{name}-{row[0]}")
            + segment("EVN", {2: sent_at, 6: sent_at})
            + patient(SENDER, _subject(row))
            + visit(_subject(row), stay)
        )
        yield Message((sent_at, rank, row[0], 0, 0), text, 0, 0)


def _values(connection: duckdb.DuckDBPyConnection) -> Iterator[Message]:
    for row in tables.rows(connection, _HOURS):
        sent_at, hour = row[3:5]
        measured = [
            (name, value)
            for name, value in zip(VALUES, row[5:], strict=True)
            if value and value != "NaN"
        ]
        if measured:
            text = _hour(_subject(row), sent_at, hour, measured)
            yield Message((sent_at, _RANK, row[0], 0, hour), text, len(measured), 1)


def _hour(who: Subject, sent_at: str, hour: int, measured: list[tuple[str, str]]) -> str:
    order_id = f"HOUR-{who.patient_id}-{hour}"
    text = opening(SENDER, sent_at, "ORU^R01^ORU_R01", order_id, who)
    report = f"OBR|1||{order_id}|HOUR^^PN2019|||{sent_at}{'|' * 15}{sent_at}|||F{END}"
    lines = (
        f"OBX|{number}|NM|{name}^^PN2019||{value}||||||F|||{sent_at}{END}"
        for number, (name, value) in enumerate(measured, start=1)
    )
    return text + report + "".join(lines)
