"""The words of the law of visits are those that HL7 v2 events are read into."""

from clinical.encounters.identities import JOINS, MOVES, PARTS, VISIT_JOINS
from clinical.encounters.vocabulary import CANCELS, PLACING
from clinical.wire.hl7.message_types import EVENTS, IDENTITIES, LINKS


def test_every_event_that_places_a_visit_is_one_that_a_trigger_has() -> None:
    assert set(EVENTS.values()) >= PLACING


def test_what_takes_something_back_takes_back_what_has_a_trigger() -> None:
    assert {kind for kinds in CANCELS.values() for kind in kinds} <= set(EVENTS.values())


def test_every_event_of_the_ledger_that_counts_is_one_that_a_trigger_or_a_resource_has() -> None:
    told = {*IDENTITIES.values(), *LINKS.values(), "unmerge"}
    assert {*JOINS, *PARTS, *VISIT_JOINS, *MOVES} <= told
