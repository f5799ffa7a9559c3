"""What the alerts were worth: the newest evaluation of the rules over a lake.

Here: contracts of figures per rule family and unit, of the load per shift, and of NEWS2 bands. Not
here: what a figure means (clinical/evaluation), or who makes the tables (orchestration/evaluation).
"""

import pyarrow as pa

from clinical.evaluation.calibration import BANDS
from lakehouse.columns import DOUBLE, STRING, UTC, Column, one_of
from lakehouse.tables import Table, Zone

ZONE: Zone = "evaluation"
INT = pa.int64()
_RUN = (
    Column("rules_version", STRING, "Rules that were run: hash of what decides.", nullable=False),
    Column("since", UTC, "Begin of the period: of receipt.", nullable=False),
    Column("until", UTC, "End of the period, not including.", nullable=False),
)
_PLACE = (
    Column("rule_family", STRING, "Family of rules.", nullable=False),
    Column("unit", STRING, "Point of care; all for every unit together.", nullable=False),
)


def _quartiles(name: str, told: str) -> tuple[Column, ...]:
    return (
        Column(f"{name}_n", INT, f"How many have hours {told}."),
        *(Column(f"{name}_{one}", DOUBLE, f"Hours {told}: {one}.") for one in _QUARTILES),
    )


_QUARTILES = ("q1", "median", "q3")


def _share(name: str, told: str) -> tuple[Column, ...]:
    return (
        Column(name, DOUBLE, f"{told} Null where it is not known."),
        Column(f"{name}_low", DOUBLE, "Lower end of its 95 % interval (Wilson)."),
        Column(f"{name}_high", DOUBLE, "Upper end of its 95 % interval (Wilson)."),
    )


RULE_EVALUATION = Table(
    name="rule_evaluation",
    zone=ZONE,
    grain="one rule family on one unit, or on all of them together",
    key=("rule_family", "unit"),
    phi="none",
    columns=(
        *_RUN,
        *_PLACE,
        Column("reference", STRING, "Outcome that the family announces; null: it is only counted."),
        Column("onset", STRING, "Variant of adjudicated sepsis onsets; null: none were stored."),
        Column("alerts", INT, "Alerts sent.", nullable=False),
        Column("suppressed", INT, "Alerts that a context suppressed.", nullable=False),
        Column("alerted_patients", INT, "Patients with an alert.", nullable=False),
        Column("events", INT, "Outcomes; null where facts do not tell."),
        Column("detected", INT, "Of them with an alert from 12 h before to 3 h after."),
        *_share("sensitivity", "Detected outcomes, of all outcomes."),
        *_share("ppv", "Alerts with an outcome in that window, of all alerts."),
        *_share("ppv_stays", "Alerted patients with the outcome, of all alerted patients."),
        *_quartiles("lead_to_outcome_hours", "from the first such alert to the outcome"),
        *_quartiles("lead_to_antibiotic_hours", "from a first alert to the first antibiotic"),
        *_quartiles("hours_before_batch", "from the alert to the next nightly job"),
    ),
    partition_by=None,
)
ALERT_LOAD = Table(
    name="alert_load",
    zone=ZONE,
    grain="the load that one rule family puts on one unit, or on all of them together",
    key=("rule_family", "unit"),
    phi="none",
    columns=(
        *_RUN,
        *_PLACE,
        Column("alerts", INT, "Alerts sent.", nullable=False),
        Column("patient_days", DOUBLE, "Days that patients spent on the unit.", nullable=False),
        Column("alerts_per_100_patient_days", DOUBLE, "Alerts per 100 of those days."),
        Column("shifts", INT, "Shifts of 12 hours with a patient on the unit.", nullable=False),
        Column("mean_per_shift", DOUBLE, "Alerts in a shift, on average."),
        Column("p95_per_shift", DOUBLE, "Alerts in a shift: 95th percentile."),
        Column("highest_per_shift", INT, "Most alerts in one shift."),
    ),
    partition_by=None,
)
NEWS2_CALIBRATION = Table(
    name="news2_calibration",
    zone=ZONE,
    grain="one NEWS2 band and one outcome that followed within 24 hours",
    key=("band", "outcome"),
    phi="none",
    columns=(
        *_RUN,
        one_of("band", BANDS, "NEWS2 response band: {}.", nullable=False),
        Column("outcome", STRING, "death, icu_transfer, deterioration ...", nullable=False),
        Column("hours", INT, "Patient-hours in the band.", nullable=False),
        Column("followed", INT, "Of them followed by the outcome within 24 h.", nullable=False),
        *_share("share", "Followed hours, of all hours."),
    ),
    partition_by=None,
)

EVALUATION = (RULE_EVALUATION, ALERT_LOAD, NEWS2_CALIBRATION)
