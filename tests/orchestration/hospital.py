"""A small hospital for the tests of the batch side: twelve stays of the public tables, rendered.

Here: the choice of stays, the feed, the nightly extracts and the lake it was replayed into, and a
copy that a test may write to. Not here: what a test expects of it.
"""

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from lakehouse.catalogue import quoted_text
from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from pulsehouse.render import mimic3, mimic3_extracts
from streaming.replay import replay

FIRST_NIGHT = date(2026, 1, 5)
NIGHTS = 14

# One stay each. Between them: charts stored after 02:00, values taken back, several units, a death
# on the first day, prescriptions with and without an end, and nights of two patients and of ten.
PATIENTS = (
    *("10038", "10067", "44228", "40687", "10013", "10056"),
    *("42231", "43870", "43927", "40204", "40655", "43735"),
)
# Read by the renderers; the other files of the data set tell nothing of a patient.
BY_PATIENT = (
    *("patients", "admissions", "transfers", "services", "callout", "diagnoses_icd"),
    *("chartevents", "labevents", "outputevents", "microbiologyevents", "prescriptions"),
    *("inputevents_mv", "inputevents_cv", "cptevents"),
)
DICTIONARIES = ("d_items", "d_labitems", "d_icd_diagnoses")
# Out-patient results lie years away from the stay, and each would be a night of its own.
IN_STAYS = {"labevents", "microbiologyevents"}


@dataclass(frozen=True, slots=True)
class Hospital:
    """One hospital: what it sent, what its nightly jobs left, and the lake.

    `settings` name the lake and the drop folder; the nights run from `FIRST_NIGHT`.
    """

    root: Path
    settings: Settings

    @property
    def feed(self) -> Path:
        """Everything that was sent, as one HL7 v2 batch file."""
        return self.root / "feed.hl7.gz"

    @property
    def extracts(self) -> Path:
        """The drop folder of the nightly jobs."""
        return self.settings.extracts

    @property
    def lake(self) -> Lake:
        """The lake, open anew."""
        return Lake.open(self.settings.lake, create=False)

    def copy(self, place: Path) -> "Hospital":
        """The same hospital in another place, to be written to."""
        shutil.copytree(self.root, place / "hospital")
        return hospital_at(place / "hospital", self.settings)


def hospital_at(root: Path, settings: Settings) -> Hospital:
    """The hospital of a folder, with settings that name its lake and drop folder."""
    placed = {"lake": root / "lake", "extracts": root / "extracts"}
    return Hospital(root, settings.model_copy(update=placed))


def rendered(shared_data: Path, root: Path) -> Hospital:
    """Cut the stays out of the tables, render feed and extracts, and replay the feed."""
    hospital = hospital_at(root, Settings(first_night=FIRST_NIGHT))
    cut_out(shared_data / "mimic3_demo", root / "tables")
    mimic3.render(root / "tables", hospital.feed, align=FIRST_NIGHT, days=NIGHTS)
    mimic3_extracts.render(root / "tables", hospital.extracts, align=FIRST_NIGHT, days=NIGHTS)
    lake = Lake.open(hospital.settings.lake, create=True)
    replay(lake, load_profile("mimic3"), [hospital.feed])
    return hospital


def cut_out(source: Path, place: Path, patients: tuple[str, ...] = PATIENTS) -> None:
    """Write the tables of some patients, each as a CSV file."""
    place.mkdir(parents=True)
    with duckdb.connect() as connection:
        for table in (*BY_PATIENT, *DICTIONARIES):
            _cut_out_table(connection, source, place, table, patients)


def _cut_out_table(
    connection: duckdb.DuckDBPyConnection,
    source: Path,
    place: Path,
    table: str,
    patients: tuple[str, ...],
) -> None:
    chosen = "true"
    if table in BY_PATIENT:
        chosen = f"list_contains([{', '.join(map(quoted_text, patients))}], subject_id)"
    if table in IN_STAYS:
        chosen += " and hadm_id is not null"
    rows = connection.read_csv(
        str(source / f"{table}.csv.gz"),
        header=True,
        sep=",",
        quotechar='"',
        escapechar='"',
        all_varchar=True,
    )
    rows.filter(chosen).write_csv(str(place / f"{table}.csv"), header=True)
