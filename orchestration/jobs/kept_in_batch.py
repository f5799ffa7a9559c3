"""The jobs that stay in batch on purpose. Here: their contracts, with the reason of each."""

from lakehouse.batch.legacy import LEGACY_BILLING
from orchestration.jobs.contract import Compared, Consumer, JobContract

READMISSIONS = JobContract(
    name="readmissions",
    title="Readmissions within 30 days, by quarter",
    decision="kept_in_batch",
    reason="A quarter's rate needs every discharge of the quarter and 30 days more; nobody acts on "
    "it within a day, and late corrections must be in it.",
    grain="one facility and quarter of discharge",
    kind="snapshot",
    cutoff="run",
    landed=(),
    key=("facility", "quarter"),
    compared=(),
    owner="team:quality",
    consumers=(Consumer("quality board", "09:00"),),
    freshness_minutes=24 * 60,
    acceptance="Rates equal those of a second computation from the same stays.",
)
CHARGE_RECONCILIATION = JobContract(
    name="charge_reconciliation",
    title="Charges against the nightly billing file",
    decision="kept_in_batch",
    reason="The billing file closes once a night; holding charges against it sooner would compare "
    "with a file that is not finished.",
    grain="one code billed to one stay for one day",
    kind="delta",
    cutoff="run",
    landed=(LEGACY_BILLING,),
    key=("night", "patient_id", "encounter_id", "cost_centre", "cpt_code", "charge_date"),
    compared=(Compared("charges"),),
    owner="team:revenue",
    consumers=(Consumer("billing office", "08:00"),),
    freshness_minutes=24 * 60,
    acceptance="Every charge of the events is in the billing file of its night, and the reverse.",
    quirks=("A charge without a day is billed in the night after discharge.",),
)
