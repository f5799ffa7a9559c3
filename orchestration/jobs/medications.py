"""The nightly list of active medications. Here: its contract."""

from lakehouse.batch.legacy import LEGACY_ACTIVE_MEDICATIONS
from orchestration.jobs.contract import Compared, Consumer, JobContract

ACTIVE_MEDICATIONS = JobContract(
    name="active_medications",
    title="Active medications of the day",
    decision="to_migrate",
    reason="A nurse cannot give a drug from yesterday's list.",
    grain="one prescription in force on the day of the run",
    kind="snapshot",
    cutoff="run",
    landed=(LEGACY_ACTIVE_MEDICATIONS,),
    key=("night", "patient_id", "prescription_id"),
    compared=(
        Compared("drug"),
        Compared("drug_code"),
        Compared("dose", absolute=1e-9),
        Compared("dose_unit"),
        Compared("route"),
        Compared("started_at", seconds=1),
        Compared("ended_at", seconds=1),
    ),
    owner="team:pharmacy",
    consumers=(Consumer("medication round", "06:00"), Consumer("pharmacy reconciliation", "08:00")),
    freshness_minutes=1,
    acceptance="Every prescription in force is on both sides with drug, dose, unit and route, or "
    "it was written, changed or stopped after the run.",
    quirks=(
        "A prescription counts from the midnight of its first day to the end of its last.",
        "Without a last day it ends with the stay.",
        "Of a dose range the lowest dose is meant.",
    ),
)
