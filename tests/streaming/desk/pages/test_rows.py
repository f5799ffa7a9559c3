"""A row of the board: who, where, how bad, who has it, and its place among the others."""

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.alerts import SEVERITIES, Act
from streaming.desk.pages.rows import Around, order, row, tally
from tests.streaming.desk.pages.cases import NOW, ago, case, taken

ZONE = ZoneInfo("Europe/London")
NAMES = {"n.adeyemi": "Ngozi Adeyemi", "b.okafor": "Dr Ben Okafor"}


@dataclass
class Known:
    name: str | None = "LEE, Ann"
    birth_date: date | None = date(1990, 11, 30)
    sex: str | None = "F"
    identifiers: tuple = ("41976", "40021")


def shown(made, **around):
    return row(made, Around(names=NAMES, **around), NOW, ZONE)


def test_untaken_alert_says_so_and_whom_it_tells_next():
    found = shown(case())
    assert found.standing.said == "Nobody has it"
    assert (found.untaken, found.next_told) == (True, ("Dr Ben Okafor",))


def test_alert_whose_unit_nobody_knows_says_who_sees_it():
    told = "Unit not known: everybody who may see patients sees this alert"
    assert told in shown(case(unit=None)).annotations
    assert told not in shown(case()).annotations
    assert told not in shown(case(unit=None, technical=True)).annotations


def test_taken_alert_names_who_has_it_by_the_name_they_go_by():
    found = shown(case(acts=[taken()]))
    assert found.standing.said == "Ngozi Adeyemi has it"
    assert (found.taken, found.owner) == (True, "n.adeyemi")


def test_handed_over_alert_is_its_givers_and_still_asks():
    acts = [taken(), Act("hand_over", ago(minutes=1), by="n.adeyemi", to="b.okafor")]
    found = shown(case(acts=acts))
    assert found.untaken
    assert found.standing.also == "offered to Dr Ben Okafor, not taken"


def test_snoozed_alert_says_until_when():
    until = NOW + timedelta(minutes=10)
    acts = [taken(), Act("snooze", ago(minutes=1), by="n.adeyemi", until=until)]
    assert shown(case(acts=acts)).standing.also == "snoozed until 02:23"


def test_patient_is_shown_by_two_identifiers_and_the_one_that_was_merged():
    person = shown(case(), known=Known()).person
    assert (person.name, person.age) == ("LEE, Ann", "35 y")
    assert person.identifiers == ("No. 41976", "was 40021", "Visit 153826")


def test_unknown_patient_is_shown_by_what_is_known_and_nothing_is_made_up():
    person = shown(case()).person
    assert (person.name, person.born, person.age) == (None, None, None)
    assert person.identifiers == ("No. 41976", "Visit 153826")


def test_technical_alert_and_drill_have_no_patient():
    for kind in ("technical", "drill"):
        found = shown(case(facility=None, patient_id=None, **{kind: True}))
        assert (found.person, found.patient_href) == (None, None)


def test_what_is_read_aloud_names_no_patient():
    assert "LEE" not in shown(case(), known=Known()).spoken


def test_link_holds_no_character_that_would_lead_elsewhere():
    found = shown(case("a/../b?c", patient_id="1/2", facility="A&B"))
    assert found.href == "/alerts/a%2F..%2Fb%3Fc"
    assert found.patient_href == "/patients/A%26B/1%2F2"


PLACES = st.tuples(st.sampled_from(SEVERITIES), st.booleans(), st.integers(0, 10**6))


@given(st.lists(PLACES, max_size=8))
def test_rows_sort_as_text_worst_first_then_untaken_then_oldest(places):
    keys = [order(s, ago(seconds=age), untaken=untaken) for s, untaken, age in places]
    found = sorted(range(len(places)), key=keys.__getitem__)
    assert found == sorted(
        range(len(places)),
        key=lambda n: (-SEVERITIES.index(places[n][0]), not places[n][1], -places[n][2]),
    )


def test_tally_of_a_unit_has_also_what_belongs_to_none():
    counts = {"Ward 7": {"high": 2}, "MICU": {"high": 5}, None: {"medium": 1}}
    found = tally(counts, "Ward 7")
    assert [(one.severity, one.number) for one in found.levels] == [
        ("critical", 0),
        ("high", 2),
        ("medium", 1),
        ("low", 0),
    ]
    assert (found.urgent, found.total) == (2, 3)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_every_severity_has_a_word(severity):
    assert shown(case(severity=severity)).level
