"""A feed that sends what it did not send before: one event each, and never a stop."""

import json
from dataclasses import replace

import pyarrow as pa
import pytest

from clinical import wire
from clinical.wire.profile import FeedProfile
from lakehouse.feed_elements import elements, news
from lakehouse.lake import Lake
from streaming import bearing, steps
from streaming.admission import Admission
from streaming.batches import Messages, Understood
from streaming.drift import Drift

HOUR, DAY = 3_600_000_000, 86_400_000_000
HEAD = "MSH|^~\\&|LAB|NORTH|||20260105||{kind}|{number}|P|{version}\rPID|1||77^^^NORTH^MR\r"
OBX = "OBX|1|NM|{code}^^L||80|{unit}|||||F{more}\r"


def message(number, *, kind="ORU^R01", version="2.5", code="PULSE", unit="/min", more="", also=""):
    head = HEAD.format(kind=kind, number=number, version=version)
    return (head + OBX.format(code=code, unit=unit, more=more) + also).encode()


class Watched:
    """A lake, and what a process of a stream notices of a feed."""

    def __init__(self, root, **profile):
        self.lake = Lake.open(root, create=True)
        self.profile = FeedProfile("north", **profile)
        self.restart()

    def restart(self):
        self.drift = Drift(self.lake)

    def send(self, *raw, at=0):
        received = pa.array([at] * len(raw), pa.int64()).cast(pa.timestamp("us", tz="UTC"))
        messages = Messages("north", 1_000, 7, received, pa.array(raw, pa.binary()))
        decoded = steps.decode(messages, self.profile, self.drift)
        assert decoded.decoded.indexes == ()
        admitted = Admission(self.profile.format).admit(decoded)
        bearing.normalised(admitted, self.profile, self.drift)
        self.drift.flush()

    def told(self):
        return [row["element"] for row in reversed(news(self.lake))]


@pytest.fixture
def ward(tmp_path):
    """A feed that has sent for two days."""
    watched = Watched(tmp_path / "lake")
    watched.send(message(1))
    watched.send(message(2), at=2 * DAY)
    return watched


def test_first_day_is_what_a_feed_sends(ward):
    assert ward.told() == []
    assert {"OBX-5", "MSH-9 type ORU^R01", "OBX-3 code L|PULSE", "OBX-6 unit /min"} <= set(
        elements(ward.lake)["element"].to_pylist()
    )


@pytest.mark.parametrize(
    ("change", "element"),
    [
        ({"more": "||||||X"}, "OBX-17"),
        ({"kind": "ADT^A60"}, "MSH-9 type ADT^A60"),
        ({"version": "2.7"}, "MSH-12 version 2.7"),
        ({"code": "TEMP"}, "OBX-3 code L|TEMP"),
        ({"unit": "bpm"}, "OBX-6 unit bpm"),
        ({"also": "ZPI|1|x\r"}, "ZPI"),
    ],
)
def test_change_is_one_event_however_often_it_comes(ward, change, element):
    for number in range(3, 6):
        ward.send(message(number, **change), message(number + 10), at=3 * DAY)
    assert ward.told() == [element]
    (row,) = news(ward.lake)
    assert (row["partition"], row["offset"], row["feed"]) == (1_000, 7, "north")


def test_restart_announces_nothing_again(ward):
    ward.send(message(3, more="||||||X"), at=3 * DAY)
    ward.restart()
    ward.send(message(4, more="||||||X"), message(5), at=4 * DAY)
    assert ward.told() == ["OBX-17"]
    assert len(set(elements(ward.lake)["element"].to_pylist())) == elements(ward.lake).num_rows


def test_two_processes_that_see_the_same_record_it_once(ward):
    other = Drift(ward.lake)
    ward.send(message(3, unit="bpm"), at=3 * DAY)
    ward.drift, mine = other, ward.drift
    ward.send(message(3, unit="bpm"), at=3 * DAY)
    mine.flush()
    assert ward.told() == ["OBX-6 unit bpm"]


def test_field_that_is_always_sent_empty_is_no_news(ward):
    ward.send(message(3, more="||||||||||||"), at=3 * DAY)
    assert ward.told() == []


def test_list_of_known_elements_stands_in_for_the_first_day(tmp_path):
    first = Watched(tmp_path / "first")
    first.send(message(1))
    known = frozenset(elements(first.lake)["element"].to_pylist())
    watched = Watched(tmp_path / "lake", known=known)
    watched.send(message(1))
    watched.send(message(2, unit="bpm"), at=HOUR)
    assert watched.told() == ["OBX-6 unit bpm"]


def test_own_segment_that_the_profile_names_is_no_news(tmp_path):
    watched = Watched(tmp_path / "lake", segments=("ZPV",))
    watched.send(message(1))
    watched.send(message(2, also="ZPV|1|x\r"), at=2 * DAY)
    assert watched.told() == []


def test_text_that_has_no_shape_of_a_code_is_not_named(ward):
    ward.send(message(3, code="Sairey Gamp", unit="as Gamp said"), at=3 * DAY)
    assert "Gamp" not in str(elements(ward.lake).to_pylist())
    assert set(ward.told()) == {"OBX-3 code (not shown)", "OBX-6 unit (not shown)"}


def test_new_field_is_found_in_a_batch_of_any_size(ward):
    many = [message(number) for number in range(2_000)]
    ward.send(*many, at=3 * DAY)
    for _ in range(8):
        ward.send(*many[:1_900], *[message(1, more="||||||X")] * 100, at=3 * DAY)
    assert ward.told() == ["OBX-17"]


def test_defect_in_looking_stops_nothing(ward):
    raw = pa.array([message(3)], pa.binary())
    messages = Messages("north", 1_000, 7, pa.array([None], pa.timestamp("us", tz="UTC")), raw)
    decoded = wire.decode(raw, ward.profile)
    ward.drift.shapes(Understood(messages, replace(decoded, indexes=(None,))), ward.profile)
    ward.send(message(4, unit="bpm"), at=3 * DAY)
    assert ward.told() == []


def observation(**more):
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-01-05T12:00:00Z",
        "valueQuantity": {"value": 80, "code": "/min"},
    }
    return json.dumps(resource | more).encode()


def test_element_of_fhir_is_named_as_fhir_names_it(tmp_path):
    watched = Watched(tmp_path / "lake", format="fhir")
    watched.send(observation())
    watched.send(observation(), at=2 * DAY)
    watched.send(observation(valueRange={"low": {"value": 1}}), at=3 * DAY)
    watched.send(observation(valueRange={"low": {"value": 1}}), at=3 * DAY)
    assert watched.told() == ["Observation.valueRange"]
