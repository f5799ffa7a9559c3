"""What a page shows of a patient is what the lake says of all his identifiers at that moment."""

from datetime import UTC, date, datetime, timedelta

from clinical.concepts import CONCEPTS
from lakehouse.catalogue import connect
from lakehouse.lake import Lake
from streaming.desk.picture.readings import LABS, VITALS
from tests.lakehouse.test_medications import order
from tests.lakehouse.told import message
from tests.streaming.desk.evaluating.wards import merged, placed, potassium
from tests.streaming.desk.picture.lakes import picture_of, tell

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)


def _told(tmp_path, *messages):
    """A picture of messages that came one a minute from noon."""
    lake = Lake.open(tmp_path / "lake", create=True)
    tell(lake, messages, [NOON + timedelta(minutes=n) for n in range(len(messages))], 0)
    return picture_of(lake, NOON + timedelta(minutes=len(messages)))


def _minute(number):
    return NOON + timedelta(minutes=number)


def named(name, born, *, patient="1"):
    """A message that says a patient's name and date of birth."""
    sent = message("ADT^A08", "1100", "PV1||I", patient=patient)
    return sent.replace(
        f"PID|||{patient}^^^H^MR".encode(), f"PID|||{patient}^^^H^MR||{name}||{born}|F".encode()
    )


def test_nobody_is_known_of_an_empty_lake(tmp_path):
    picture = picture_of(Lake.open(tmp_path / "lake", create=True), NOON)
    assert picture.as_of() is None
    assert picture.identity("H", "1").identifiers == ("1",)
    assert picture.locations([("H", "1"), ("H", "2")], NOON) == {}
    assert picture.sparkline([("H", "1")], NOON) == {("H", "1"): []}
    assert picture.vitals("H", "1", NOON) == picture.labs("H", "1", NOON) == ()
    assert picture.scores("H", "1", NOON) == picture.contexts("H", "1", NOON) == ()


def test_patient_is_known_by_all_identifiers_and_the_newest_demographics(tmp_path):
    picture = _told(
        tmp_path,
        named("OLD^ANN", "19500101"),
        named("NEW^ANN", "", patient="9"),
        merged("1", "9"),
    )
    for name in ("1", "9"):
        found = picture.identity("H", name)
        assert (found.survivor, found.identifiers, found.name) == ("9", ("9", "1"), "NEW, ANN")
        assert found.birth_date == date(1950, 1, 1)
    assert picture.identity("H", "1", _minute(1)).identifiers == ("1",)


def test_several_patients_are_asked_for_at_once_and_told_apart(tmp_path):
    picture = _told(
        tmp_path,
        named("ONE^ANN", "19500101"),
        named("TWO^BOB", "19600101", patient="2"),
        placed("A01", "MICU", "1100"),
        placed("A01", "WEST", "1130", patient="2", visit="V2"),
    )
    keys = [("H", "1"), ("H", "2"), ("H", "3"), (None, "1")]
    names = picture.identities(keys)
    assert [names[key].name for key in keys] == ["ONE, ANN", "TWO, BOB", None, None]
    places = picture.locations(keys, _minute(9))
    assert {key: place.unit for key, place in places.items()} == {keys[0]: "MICU", keys[1]: "WEST"}


def test_place_is_that_of_the_moment_and_of_nobody_who_left(tmp_path):
    picture = _told(
        tmp_path,
        placed("A01", "MICU", "1100"),
        placed("A02", "WEST", "1202"),
        placed("A03", "WEST", "1204"),
    )
    asked = {minute: picture.location("H", "1", _minute(minute)) for minute in (1, 3, 5)}
    assert {minute: place and place.unit for minute, place in asked.items()} == {
        1: "MICU",
        3: "WEST",
        5: None,
    }


def test_place_follows_a_visit_that_was_moved_to_another_patient(tmp_path):
    move = message("ADT^A45", "1201", "MRG|1^^^H^MR||||V1", "PV1||I" + "|" * 17 + "V1", patient="9")
    picture = _told(tmp_path, placed("A01", "MICU", "1100"), move)
    assert picture.location("H", "1", _minute(0)).unit == "MICU"
    assert picture.location("H", "1", _minute(5)) is None
    assert picture.location("H", "9", _minute(5)).unit == "MICU"


def test_result_is_the_version_that_stands_and_was_known_then(tmp_path):
    picture = _told(tmp_path, potassium("7.1"), potassium("4.1", status="C"))
    at = {minute: picture.labs("H", "1", _minute(minute)) for minute in (0, 5)}
    assert [[(one.concept, one.value) for one in found] for found in at.values()] == [
        [("potassium", 7.1)],
        [("potassium", 4.1)],
    ]


def test_result_of_a_merged_identifier_is_the_survivors_and_nobody_elses(tmp_path):
    picture = _told(tmp_path, potassium("4.1"), potassium("5.1", patient="2"), merged("1", "9"))
    assert [one.value for one in picture.labs("H", "9", _minute(5))] == [4.1]
    assert [one.value for one in picture.labs("H", "2", _minute(5))] == [5.1]


def test_picture_of_an_earlier_moment_has_nothing_that_came_later_and_says_so(tmp_path):
    picture = _told(tmp_path, potassium("4.1"), order("NW", "1100"), named("NEW^ANN", "19500101"))
    assert (picture.as_of(), picture.as_of(_minute(9))) == (_minute(2), _minute(2))
    assert picture.as_of(_minute(0)) == _minute(0)
    assert picture.medications("H", "1", _minute(0)).as_of == _minute(0)
    assert picture.medications("H", "1", _minute(0)).drugs == ()
    assert picture.identity("H", "1", _minute(1)).name is None
    assert picture.labs("H", "1", NOON - timedelta(minutes=1)) == ()


def test_result_past_its_time_is_marked_stale(tmp_path):
    picture = _told(tmp_path, potassium("4.1"))
    later = NOON + timedelta(hours=30)
    assert [one.is_stale for one in picture.labs("H", "1", later)] == [True]
    assert [one.is_stale for one in picture.labs("H", "1", _minute(5))] == [False]


def test_orders_of_a_merged_identifier_are_the_survivors(tmp_path):
    picture = _told(tmp_path, order("NW", "1100"), merged("1", "9"))
    for name in ("1", "9"):
        assert [one.order_id for one in picture.medications("H", name, _minute(5)).drugs] == ["P1"]


def test_every_number_stands_with_its_own_unit(sample):
    """A temperature that was sent in Fahrenheit is shown in Celsius, or not as Celsius."""
    asked = (
        "select facility, patient_id, max(received_at) as newest from observations"
        " where concept = 'temperature' and unit_as_sent != ucum_unit and is_scored"
        " group by all order by newest desc limit 1"
    )
    with connect(sample) as connection:
        [(facility, patient, at)] = connection.execute(asked).fetchall()
    picture = picture_of(sample, at)
    shown = (*picture.vitals(facility, patient, at), *picture.labs(facility, patient, at))
    for one in shown:
        if one.value is not None and one.text is None:
            concept = CONCEPTS[one.concept]
            assert one.unit == concept.unit
            assert concept.plausible_low <= one.value <= concept.plausible_high
    found = {one.concept: one for one in shown}
    assert 30 < found["temperature"].value < 43
    assert found["temperature"].sent.endswith("F")
    assert found["consciousness"].text in CONCEPTS["consciousness"].answers
    assert found["consciousness"].unit is None


def test_vital_signs_and_results_are_told_apart():
    assert set(VITALS) & set(LABS) == set()


def test_line_and_scores_are_what_the_stream_stored(sample):
    asked = (
        "select facility, patient_id, max(received_at) as at from scores"
        " where score = 'news2' and observed is not null group by all order by all limit 3"
    )
    with connect(sample) as connection:
        rows = connection.execute(asked).fetchall()
        for facility, patient, at in rows:
            picture = picture_of(sample, at)
            told = connection.execute(
                'select effective_at, arg_max(observed, (received_at, "offset", "row")) from scores'
                " where score = 'news2' and observed is not null and patient_id = $one"
                " and received_at <= $at and effective_at between $at - interval 24 hours and $at"
                " group by 1 order by 1",
                {"one": patient, "at": at},
            ).fetchall()
            assert picture.sparkline([(facility, patient)], at)[facility, patient] == told
            newest = {one.score: one for one in picture.scores(facility, patient, at)}
            assert newest["news2"].received_at == at
            assert newest["news2"].components


def test_contexts_that_an_alert_names_hold_at_its_moment(sample):
    # What came in the same minute after the alert's message may end what held.
    asked = """
        select facility, patient_id, raised_at, contexts from alerts as a
        where len(contexts) > 0 and not exists (
            from (
                select patient_id, received_at, "offset" from encounter_events
                union all select patient_id, received_at, "offset" from observations
            ) as later
            where later.patient_id = a.patient_id
                and later.received_at = a.raised_at and later."offset" > a."offset"
        )
        order by raised_at desc, alert_id limit 4
    """
    with connect(sample) as connection:
        alerts = connection.execute(asked).fetchall()
    assert alerts
    for facility, patient, at, contexts in alerts:
        held = {one.context: one for one in picture_of(sample, at).contexts(facility, patient, at)}
        for named_there in contexts:
            assert held[named_there["context"]].since == named_there["since"]
