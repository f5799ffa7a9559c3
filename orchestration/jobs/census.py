"""The midnight census. Here: its contract."""

from lakehouse.batch.legacy import LEGACY_CENSUS
from orchestration.jobs.contract import Compared, Consumer, JobContract

CENSUS = JobContract(
    name="census",
    title="Midnight census",
    decision="to_migrate",
    reason="Bed management works from a list that is hours old when it is first read.",
    grain="one patient in one unit at 00:00 of the day of the run",
    kind="snapshot",
    cutoff="midnight",
    landed=(LEGACY_CENSUS,),
    key=("night", "patient_id", "encounter_id"),
    compared=(Compared("unit"),),
    owner="team:bed-management",
    consumers=(Consumer("bed meeting", "07:30"), Consumer("staffing roster", "05:00")),
    freshness_minutes=15,
    acceptance="Every patient in a bed at midnight is in the same unit on both sides, or the "
    "movement was recorded after midnight.",
    quirks=(
        "Who came after 00:00 is not in it; who left after 00:00 still is.",
        "It counts beds: the dead are in it until the bed is given up.",
    ),
)
