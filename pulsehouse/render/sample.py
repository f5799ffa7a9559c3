"""The bundled sample: a dozen patients of the MIMIC-III demo, on one ward in one week of arrivals.

Here: which patients, and how `pulsehouse/sample/mimic3_sample.hl7.gz` is made again from the
tables:

    python -c "from pathlib import Path; from pulsehouse.render import sample; \
        sample.render(Path('CSV_DIR'), Path('pulsehouse/sample/mimic3_sample.hl7.gz')); \
        sample.render_nights(Path('CSV_DIR'), Path('pulsehouse/sample/mimic3_sample_nights.zip'))"

Not here: the licence and attribution (pulsehouse/sample/NOTICE.txt).
"""

import tempfile
import zipfile
from datetime import date, timedelta
from pathlib import Path

import duckdb

from pulsehouse.render import mimic3, mimic3_extracts, tables
from pulsehouse.render.batch import Progress
from pulsehouse.render.mimic3_source import REQUIRED, TABLES
from pulsehouse.render.outcome import Rendered

# One stay each, most of them short, from both charting systems.
PATIENTS = {
    10013: "sepsis; treatment limited; dies",
    10019: "alcoholic hepatitis, lactate 26 mmol/L, potassium 6.3 mmol/L; comfort care; dies",
    10036: "sepsis with cultures and antibiotics, lactate 6.2 mmol/L; comfort care; dies",
    10076: "lung cancer with respiratory failure, 17 cultures; treatment limited; dies",
    10102: "leukaemia, a potassium of 8.5 mmol/L, cultures and antibiotics; dies",
    40204: "urinary infection with fever, cultures and antibiotics; goes home",
    42075: "myocardial infarction, ventilated, vasopressors, 21 retracted values; dies",
    42281: "gastrointestinal bleeding, two cancelled transfers, 18 retracted values; dies",
    42302: "exacerbation of chronic obstructive lung disease; goes home",
    43735: "shock, lactate 8.9 mmol/L, vasopressors, retracted values; comfort care; dies",
    44154: "altered mental state, vasopressors; comfort care; dies within a day",
    44228: "cholangitis with cultures, antibiotics and vasopressors, 18 retracted values",
}

# What the sample is made without: no score and no alert rests on a charge.
LEFT_OUT = frozenset({"cptevents"})

FIRST_DAY = date(2026, 1, 5)
DAYS = 7
# The nights that a job has to match before it may be cut over.
FIRST_NIGHT = date(2026, 1, 6)
NIGHTS = 14
# The earliest time that a zip can name: made again, the file is the same.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def render(csv_dir: Path, out: Path, *, progress: Progress | None = None) -> Rendered:
    """Render the sample's patients from the tables of the demo.

    Raises:
        RenderError: As `mimic3.render`.
    """
    with tempfile.TemporaryDirectory(prefix="pulsehouse-render-") as folder:
        _select(csv_dir, Path(folder))
        return mimic3.render(Path(folder), out, align=FIRST_DAY, days=DAYS, progress=progress)


def render_nights(csv_dir: Path, out: Path) -> None:
    """Pack what the 2am jobs left of those patients, a folder for each of the nights.

    Raises:
        RenderError: As `mimic3_extracts.render`.
    """
    with tempfile.TemporaryDirectory(prefix="pulsehouse-render-") as folder:
        source, left = Path(folder) / "tables", Path(folder) / "extracts"
        source.mkdir()
        _select(csv_dir, source)
        mimic3_extracts.render(source, left, align=FIRST_DAY, days=DAYS)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
            for night in (FIRST_NIGHT + timedelta(days=day) for day in range(NIGHTS)):
                for file in sorted((left / night.isoformat()).iterdir()):
                    named = zipfile.ZipInfo(f"{night.isoformat()}/{file.name}", _EPOCH)
                    named.compress_type = zipfile.ZIP_DEFLATED
                    packed.writestr(named, file.read_bytes())


def _select(csv_dir: Path, folder: Path) -> None:
    """Copy the tables with the sample's patients only; dictionaries are copied whole."""
    with tables.database() as connection:
        tables.attach(connection, csv_dir, TABLES, REQUIRED)
        for table in TABLES.keys() - LEFT_OUT:
            relation = connection.table(table)
            if "subject_id" in relation.columns:
                column = duckdb.ColumnExpression("subject_id")
                relation = relation.filter(column.isin(*map(duckdb.ConstantExpression, _NUMBERS)))
            relation.write_csv(str(folder / f"{table}.csv"), header=True)


_NUMBERS = tuple(map(str, PATIENTS))
