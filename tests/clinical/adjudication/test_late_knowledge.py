"""What the stream said beside what was adjudicated: each class, and both sides of its edge."""

import pytest

from clinical.adjudication.late_knowledge import KNOWLEDGE, compared
from clinical.adjudication.sepsis3 import Onset
from clinical.adjudication.version import adjudication_version
from clinical.detection.version import rules_version
from tests.clinical.adjudication.timelines import VISIT, at

MET = Onset("mimic_code", VISIT, None, onset_at=at(0), known_at=at(6))
NOT_MET = Onset("mimic_code", VISIT, "no_rise")


@pytest.mark.parametrize(
    ("onset", "raised", "expected"),
    [
        (MET, [6], (6, "live")),
        (MET, [6.01], (6.01, "late")),
        (MET, [-48], (-48, "live")),
        (MET, [-48.01], (None, "never")),
        (MET, [-60, 3, 9], (3, "live")),
        (MET, [], (None, "never")),
        (NOT_MET, [5], (5, "provisional_only")),
        (NOT_MET, [], (None, "neither")),
    ],
)
def test_stream_and_batch_are_compared_visit_by_visit(onset, raised, expected):
    said, knowledge = expected
    wanted = (None if said is None else at(said), knowledge)
    assert compared(onset, [at(hour) for hour in raised]) == wanted
    assert knowledge in KNOWLEDGE


def test_definitions_of_adjudication_have_a_version_of_their_own():
    assert len(adjudication_version()) == len(rules_version()) == 12
    assert adjudication_version() != rules_version()
