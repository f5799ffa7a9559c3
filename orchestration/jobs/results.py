"""The nightly extracts of charted values and laboratory results. Here: their contracts."""

from lakehouse.batch.legacy import LEGACY_LABS, LEGACY_VITALS
from orchestration.jobs.contract import Compared, Consumer, JobContract

# Half of the last of two decimals: the extract rounds.
ROUNDED_TO_TWO_DECIMALS = 0.005

VITALS = JobContract(
    name="vitals",
    title="Charted values of the last 24 hours",
    decision="to_migrate",
    reason="Early-warning rounds in the morning miss what was charted after 02:00.",
    grain="one charted item of one patient and time, stored in the 24 hours up to the run",
    kind="delta",
    cutoff="run",
    landed=(LEGACY_VITALS,),
    key=("night", "patient_id", "item_id", "charted_at"),
    compared=(
        Compared("value", absolute=ROUNDED_TO_TWO_DECIMALS, relative=1e-6),
        Compared("value_text"),
        # The extract has neither: what the readers take an item for stands in the jobs' list.
        Compared("unit", if_stated=True),
        Compared("concept", if_stated=True),
        Compared("canonical_value", absolute=0.01, relative=0.001, if_stated=True),
    ),
    owner="team:nursing-informatics",
    consumers=(Consumer("early-warning round", "06:00"), Consumer("quality dashboard", "08:00")),
    freshness_minutes=5,
    acceptance="Every charted value is on both sides with the same number in the same unit, or it "
    "was stored, corrected or withdrawn after the run.",
    quirks=(
        "Last write wins per patient, item and time: a correction of the same day leaves no trace.",
        "Numbers are rounded to two decimals; units are dropped.",
        "Values marked as errors are left out, however late the error was noticed.",
    ),
)
LABS = JobContract(
    name="labs",
    title="Laboratory results of the last 24 hours",
    decision="to_migrate",
    reason="A critical potassium of 03:00 is in the list of the next morning but one.",
    grain="one result of one patient, item and time, of the 24 hours up to the run",
    kind="delta",
    cutoff="run",
    landed=(LEGACY_LABS,),
    key=("night", "patient_id", "item_id", "charted_at"),
    compared=(
        Compared("value", relative=1e-9),
        Compared("value_text"),
        Compared("unit"),
        Compared("concept", if_stated=True),
        Compared("canonical_value", relative=1e-6, if_stated=True),
    ),
    owner="team:laboratory",
    consumers=(Consumer("ward round list", "06:30"), Consumer("antimicrobial team", "09:00")),
    freshness_minutes=5,
    acceptance="Every result is on both sides with the same value and unit, or it was released, "
    "corrected or withdrawn after the run.",
    quirks=("Last write wins per patient, item and time.",),
)
