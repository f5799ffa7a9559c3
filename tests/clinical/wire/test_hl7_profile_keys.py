"""Where a feed has the numbers of its patients and visits."""

import pyarrow as pa
import pytest

from clinical import wire
from clinical.wire.profile import FeedProfile

MESSAGE = (
    "MSH|^~\\&|ADT|NORTH|||20260105||ADT^A01|1|P|2.5\r"
    "PID|1||12^^^AA^PI~34^^^BB^MR~56^^^CC^SS|||||||||||||||ACC9\r"
    "PV1|1|I|W1^R1^B1||||||||||||||||V19|{}V50\r"
    "DG1|1||A41.9^Sepsis^I10"
).format("|" * 30)


def subject(**keys):
    decoded = wire.decode(pa.array([MESSAGE.encode()], pa.binary()), FeedProfile("ward", **keys))
    (row,) = decoded.facts["diagnoses"].to_pylist()
    return row["patient_id"], row["facility"], row["encounter_id"]


@pytest.mark.parametrize(
    ("kinds", "patient"),
    [
        (("MR", "MRN"), ("34", "BB")),
        (("PI", "MR"), ("12", "AA")),
        (("SS",), ("56", "CC")),
        (("XX",), ("12", "AA")),
    ],
)
def test_patient_is_known_by_the_first_type_that_the_profile_names(kinds, patient):
    assert subject(patient_number=kinds)[:2] == patient


@pytest.mark.parametrize(
    ("place", "visit"), [("PV1-19", "V19"), ("PV1-50", "V50"), ("PID-18", "ACC9")]
)
def test_visit_is_known_by_the_field_that_the_profile_names(place, visit):
    assert subject(visit_number=place)[2] == visit
