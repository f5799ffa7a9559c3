"""The hospital's nightly jobs: the contract of each, written down before it moves.

Here: `JOBS`, by name, in the order in which people speak of them.
"""

from collections.abc import Mapping

from orchestration.jobs.census import CENSUS
from orchestration.jobs.contract import JobContract
from orchestration.jobs.kept_in_batch import CHARGE_RECONCILIATION, READMISSIONS
from orchestration.jobs.medications import ACTIVE_MEDICATIONS
from orchestration.jobs.results import LABS, VITALS

JOBS: Mapping[str, JobContract] = {
    job.name: job
    for job in (CENSUS, VITALS, LABS, ACTIVE_MEDICATIONS, READMISSIONS, CHARGE_RECONCILIATION)
}
