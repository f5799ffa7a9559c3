"""What the 2am jobs produced, landed untouched: one table per extract.

Here: contracts of `legacy_<extract>`, every value the text that the extract held. Not here: reading
extracts (orchestration/legacy), or what their columns mean to a job (orchestration/jobs).
"""

from collections.abc import Iterable

import pyarrow as pa

from lakehouse.columns import STRING, Column
from lakehouse.tables import Table

ORIGIN = (
    Column(
        "night",
        pa.date32(),
        "Day on which the nightly job ran, in the hospital's zone; the partition column.",
        nullable=False,
    ),
    Column(
        "source",
        STRING,
        "File within the drop folder, or table of the database, without credentials.",
        nullable=False,
    ),
    Column("source_sha256", STRING, "SHA-256 of the file, or of the rows as read.", nullable=False),
    Column("zone", STRING, "Time zone of the clock readings in the row.", nullable=False),
    Column("line", pa.int64(), "Place of the row in its source, from 1.", nullable=False),
)

STAY = (
    Column("patient_id", STRING, "Patient identifier as the extract has it."),
    Column("encounter_id", STRING, "Visit number as the extract has it."),
)


def _landed(name: str, grain: str, columns: Iterable[Column]) -> Table:
    return Table(
        name=f"legacy_{name}",
        zone="legacy",
        grain=grain,
        key=("night", "line"),
        phi="pseudonymous",
        columns=(*ORIGIN, *columns),
        partition_by="night",
    )


LEGACY_CENSUS = _landed(
    "census",
    "one patient in one unit at midnight, as one night's extract says",
    (
        Column("census_at", STRING, "Midnight of the census, on the extract's clock."),
        *STAY,
        Column("unit", STRING, "Unit; empty where the stay has no bed."),
    ),
)
LEGACY_VITALS = _landed(
    "vitals",
    "one charted item of one patient and time, as one night's extract says",
    (
        *STAY,
        Column("item_id", STRING, "Item as the source codes it."),
        Column("item", STRING, "The item's label."),
        Column("charted_at", STRING, "When it was true of the patient, on the extract's clock."),
        Column("stored_at", STRING, "When it was stored, on the extract's clock."),
        Column("value", STRING, "The value as text; the unit is not in the extract."),
    ),
)
LEGACY_LABS = _landed(
    "labs",
    "one laboratory result of one patient, item and time, as one night's extract says",
    (
        *STAY,
        Column("item_id", STRING, "Item as the source codes it."),
        Column("item", STRING, "The item's label."),
        Column("charted_at", STRING, "When the specimen was taken, on the extract's clock."),
        Column("value", STRING, "The value as text."),
        Column("unit", STRING, "Unit as the source writes it."),
        Column("flag", STRING, "abnormal, delta or empty."),
    ),
)
LEGACY_ACTIVE_MEDICATIONS = _landed(
    "active_medications",
    "one prescription in force on the day, as one night's extract says",
    (
        *STAY,
        Column("prescription_id", STRING, "The prescription's row in the source."),
        Column("drug", STRING, "Drug as written."),
        Column("drug_code", STRING, "Formulary code."),
        Column("ndc", STRING, "National Drug Code."),
        Column("dose", STRING, "Dose as text."),
        Column("dose_unit", STRING, "Unit of the dose."),
        Column("route", STRING, "Route."),
        Column("start_date", STRING, "First day."),
        Column("end_date", STRING, "Last day; empty where none was given."),
    ),
)
LEGACY_BILLING = _landed(
    "billing",
    "one code billed to one stay for one day, as one night's extract says",
    (
        *STAY,
        Column("cost_centre", STRING, "Cost centre."),
        Column("cpt_code", STRING, "CPT code."),
        Column("charge_date", STRING, "Day of the charge; empty where the source has none."),
        Column("charges", STRING, "Number of equal charges."),
    ),
)

LEGACY = (
    LEGACY_CENSUS,
    LEGACY_VITALS,
    LEGACY_LABS,
    LEGACY_ACTIVE_MEDICATIONS,
    LEGACY_BILLING,
)
