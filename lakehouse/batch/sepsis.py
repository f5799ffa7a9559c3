"""Sepsis as it is judged afterwards, once everything is known.

Here: contracts of hourly SOFA, suspected infections, Sepsis-3 onsets, septic shock and the CDC
Adult Sepsis Event. Not here: the definitions (clinical/adjudication), or who makes the tables
(orchestration/adjudication).
"""

from typing import get_args

import pyarrow as pa

from clinical.adjudication.adult_sepsis_event import NoEvent
from clinical.adjudication.late_knowledge import KNOWLEDGE
from clinical.adjudication.organ_dysfunction import VARIANTS
from clinical.adjudication.rows import SOURCES
from clinical.adjudication.sepsis3 import READINGS, SOFA_VARIANTS, Unmet
from clinical.adjudication.septic_shock import NoShock
from clinical.adjudication.suspicion import Reason
from clinical.scoring.columns import STATES
from lakehouse.columns import COMPONENT, DOUBLE, STRING, UTC, Column, one_of
from lakehouse.tables import Table, Zone

ZONE: Zone = "adjudication"
WHO = (
    Column("facility", STRING, "Assigning authority of the patient identifier."),
    Column("patient_id", STRING, "The surviving patient identifier.", nullable=False),
    Column("encounter_id", STRING, "Visit number as received; null where none was sent."),
)
VERSION = Column(
    "rules_version", STRING, "Hash of the definitions that judged, live rules included."
)
REASONS = get_args(Reason)
VARIANT = one_of("variant", tuple(READINGS), "Reading of Sepsis-3: {}.", nullable=False)
IS_MET = Column("is_met", pa.bool_(), "Whether the definition is met.", nullable=False)
KNOWN_AT = Column(
    "known_at",
    UTC,
    "When all that it rests on had been received: before that nobody could have said so.",
)
RESTS_ON = Column("sources", SOURCES, "Rows of facts that it rests on, by table and place.")
SUSPICION = (
    Column("suspected_at", UTC, "When infection was suspected: the earlier of the two."),
    Column("culture_at", UTC, "When the culture was collected or ordered."),
    Column("antibiotic_at", UTC, "When the antibiotic was begun."),
)

SOFA_HOURLY = Table(
    name="sofa_hourly",
    zone=ZONE,
    grain="one hour of one visit in one variant of SOFA, with the worst values of the 24 h before",
    key=("facility", "patient_id", "encounter_id", "hour_at", "variant"),
    phi="pseudonymous",
    columns=(
        *WHO,
        Column("hour_at", UTC, "End of the hour, a whole hour of the clock.", nullable=False),
        one_of("variant", SOFA_VARIANTS, "Variant of SOFA: {}.", nullable=False),
        one_of("state", STATES, nullable=False),
        Column("state_reason", STRING, "Why it is not applicable or indeterminate."),
        Column("total", DOUBLE, "Points with missing components counted as 0, 0 to 24."),
        Column("lowest", DOUBLE, "Lowest total that the missing components allow."),
        Column("highest", DOUBLE, "Highest total that the missing components allow."),
        Column("missing", pa.list_(STRING), "Components without a usable value."),
        Column(
            "components",
            pa.list_(COMPONENT),
            "Points of each organ with the value, time and row that they rest on.",
        ),
        Column("known_at", UTC, "When the newest of these rows had been received."),
        VERSION,
    ),
    partition_by=None,
)
SUSPECTED_INFECTIONS = Table(
    name="suspected_infections",
    zone=ZONE,
    grain="one antibiotic that makes a suspected infection with a culture, in one reading",
    key=("facility", "patient_id", "variant", "number"),
    phi="pseudonymous",
    columns=(
        *WHO,
        VARIANT,
        Column("number", pa.int32(), "Place among the patient's, from 1.", nullable=False),
        *SUSPICION,
        Column("is_culture_first", pa.bool_(), "Whether the culture came first, or at once."),
        Column("is_blood_culture", pa.bool_(), "Whether the culture is of blood."),
        Column("ingredient", STRING, "Ingredient of the antibiotic, of clinical/medications.csv."),
        KNOWN_AT,
        RESTS_ON,
        VERSION,
    ),
    partition_by=None,
)
SEPSIS_ONSETS = Table(
    name="sepsis_onsets",
    zone=ZONE,
    grain="one visit with a culture or an antibiotic, in one reading of Sepsis-3",
    key=("facility", "patient_id", "encounter_id", "variant"),
    phi="pseudonymous",
    columns=(
        *WHO,
        VARIANT,
        IS_MET,
        one_of("reason", (*REASONS, *get_args(Unmet)), "What was wanting: {}."),
        *SUSPICION,
        Column("dysfunction_at", UTC, "End of the hour in which SOFA had risen far enough."),
        Column("onset_at", UTC, "Onset as the reading dates it; null where not met."),
        KNOWN_AT,
        Column("baseline", pa.int16(), "Points over which SOFA rose; 0 where none were known."),
        Column("total", pa.int16(), "Points of SOFA at dysfunction_at."),
        Column(
            "provisional_at", UTC, "When the stream first raised suspected sepsis in the visit."
        ),
        one_of(
            "knowledge",
            tuple(KNOWLEDGE),
            "; ".join(f"{name}: {meaning}" for name, meaning in KNOWLEDGE.items()) + ".",
            nullable=False,
        ),
        RESTS_ON,
        VERSION,
    ),
    partition_by=None,
)
SEPTIC_SHOCK = Table(
    name="septic_shock",
    zone=ZONE,
    grain="one visit with a culture or an antibiotic, in one reading of Sepsis-3",
    key=("facility", "patient_id", "encounter_id", "variant"),
    phi="pseudonymous",
    columns=(
        *WHO,
        VARIANT,
        IS_MET,
        one_of("reason", get_args(NoShock), "What was wanting: {}."),
        Column("shock_at", UTC, "First moment with a vasopressor running and raised lactate."),
        Column("vasopressor_at", UTC, "Start of that vasopressor."),
        Column("lactate_at", UTC, "Clinical time of that lactate."),
        Column("lactate", DOUBLE, "That lactate, mmol/L."),
        KNOWN_AT,
        RESTS_ON,
        VERSION,
    ),
    partition_by=None,
)
ADULT_SEPSIS_EVENTS = Table(
    name="adult_sepsis_events",
    zone=ZONE,
    grain="one visit with a culture or an antibiotic, in one variant of the CDC definition",
    key=("facility", "patient_id", "encounter_id", "variant"),
    phi="pseudonymous",
    columns=(
        *WHO,
        one_of(
            "variant",
            VARIANTS,
            "{}: the second takes a lactate of 2 mmol/L for a dysfunction too.",
            nullable=False,
        ),
        IS_MET,
        one_of("reason", get_args(NoEvent), "What was wanting: {}."),
        Column("culture_on", pa.date32(), "Day of the blood culture, in the hospital's zone."),
        Column("antimicrobial_on", pa.date32(), "First of the consecutive antimicrobial days."),
        Column("antimicrobial_days", pa.int16(), "How many they are."),
        Column("onset_on", pa.date32(), "Earliest day of culture, antimicrobial and dysfunction."),
        Column("dysfunctions", pa.list_(STRING), "Organ dysfunctions within two days of culture."),
        KNOWN_AT,
        RESTS_ON,
        VERSION,
    ),
    partition_by=None,
)

SEPSIS = (SOFA_HOURLY, SUSPECTED_INFECTIONS, SEPSIS_ONSETS, SEPTIC_SHOCK, ADULT_SEPSIS_EVENTS)
