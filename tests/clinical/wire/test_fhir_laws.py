"""Laws of the FHIR decoder: nothing raises, counts balance, batches may be cut anywhere."""

import json
from zoneinfo import ZoneInfo

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from clinical.wire import fhir
from clinical.wire.decoded import FACTS
from clinical.wire.fhir.texts import FEW
from clinical.wire.fhir.times import instants
from clinical.wire.profile import FeedProfile

PROFILE = FeedProfile("test", format="fhir", facility="home")
UCUM = "http://unitsofmeasure.org"
SUBJECT = {"reference": "Patient/p"}
OBSERVATION = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
    "subject": SUBJECT,
    "encounter": {"reference": "Encounter/e"},
    "effectiveDateTime": "2024-05-01T10:00:00Z",
    "valueQuantity": {"value": 91.5, "unit": "/min"},
    "component": [{"code": {"text": "x"}, "valueInteger": 3}],
}
PATIENT = {"resourceType": "Patient", "id": "p", "birthDate": "1950-01-01"}
ENCOUNTER = {"resourceType": "Encounter", "id": "e", "status": "finished", "subject": SUBJECT}
BUNDLE = {
    "resourceType": "Bundle",
    "timestamp": "2024-05-01T10:00:00Z",
    "entry": [{"resource": item} for item in (OBSERVATION, PATIENT, ENCOUNTER)],
}
SOUND = [json.dumps(item).encode() for item in (OBSERVATION, PATIENT, ENCOUNTER, BUNDLE)]

words = st.text("a/#?|é\x00", max_size=6)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def byte_mutations(draw):
    raw = bytearray(draw(st.sampled_from(SOUND)))
    for _ in range(draw(st.integers(0, 4))):
        raw[draw(st.integers(0, len(raw) - 1))] = draw(st.integers(0, 255))
    return bytes(raw[: draw(st.integers(0, len(raw)))] if draw(st.booleans()) else raw)


@st.composite
def shape_mutations(draw):
    """A sound message with one value, at whatever depth, replaced by anything."""
    message = json.loads(draw(st.sampled_from(SOUND)))
    at = message
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        key = draw(st.sampled_from(keys))
        if not isinstance(at[key], dict | list) or not at[key] or draw(st.booleans()):
            break
        at = at[key]
    at[key] = draw(anything)
    return json.dumps(message).encode()


def decode(messages):
    return fhir.decode(pa.array(messages, pa.binary()), PROFILE)


@given(st.lists(byte_mutations() | shape_mutations() | st.binary(max_size=40), max_size=5))
def test_no_input_raises_and_each_message_has_one_disposition(messages):
    decoded = decode(messages)
    assert decoded.messages.num_rows == len(messages)
    assert set(decoded.messages["disposition"].to_pylist()) <= {"parsed", "skipped", "quarantined"}
    parsed = {
        place
        for place, word in enumerate(decoded.messages["disposition"].to_pylist())
        if word == "parsed"
    }
    with_rows = {
        place for table in decoded.facts.values() for place in table["message"].to_pylist()
    }
    assert with_rows == parsed
    assert len(fhir.sent_at(pa.array(messages, pa.binary()), PROFILE)) == len(messages)


@given(st.lists(byte_mutations() | shape_mutations(), max_size=6), st.integers(0, 6))
def test_batches_may_be_cut_anywhere(messages, cut):
    whole, head, tail = decode(messages), decode(messages[:cut]), decode(messages[cut:])
    assert whole.messages.to_pylist() == head.messages.to_pylist() + tail.messages.to_pylist()
    for name, table in whole.facts.items():
        before = head.facts[name].to_pylist() if name in head.facts else []
        after = tail.facts[name].to_pylist() if name in tail.facts else []
        moved = [row | {"message": row["message"] + len(messages[:cut])} for row in after]
        assert repr(table.to_pylist()) == repr(before + moved)


VALUES = [
    {"valueQuantity": {"value": "7"}},
    {"valueQuantity": {"value": 1e300, "comparator": "<", "code": "mg", "system": UCUM}},
    {"valueQuantity": {"unit": "mg"}},
    {"valueQuantity": None, "valueString": "x" * 300},
    {"valueQuantity": None, "valueCodeableConcept": {"text": "é"}},
    {"valueQuantity": None, "component": []},
    {"dataAbsentReason": {"text": "error"}},
    {"component": None, "referenceRange": [{"low": {"value": 1}, "high": {"value": 2}}]},
    {"interpretation": [{"coding": [{"code": "H"}]}], "issued": "2024-05-01T10:00:00.5+02:00"},
    {"interpretation": 7},
    {"code": 7},
    {"subject": {"reference": "#c"}, "contained": [PATIENT | {"id": "c"}]},
    {"subject": {"reference": "Group/g"}},
    {"subject": None},
    {"encounter": {"identifier": {"value": "V"}}},
    {"effectiveDateTime": "2024-02-30T00:00:00Z"},
    {"effectiveDateTime": "1799-12-31T23:59:59-13:00"},
    {"effectiveDateTime": None, "effectivePeriod": {"end": "2024"}},
    {"note": [{"text": "seen"}], "specimen": {"display": "blood"}},
]
STAYS = [
    {"location": [{"location": {"display": "ICU"}}]},
    {"location": [{"location": {"display": "ICU"}, "period": {"start": "2024-05-01T10:00:00Z"}}]},
    {"location": [{"location": {"display": "A"}}, {"location": {"display": "B"}}], "class": 7},
    {"status": "cancelled", "location": [{"location": {"display": "ICU"}}]},
    {
        "statusHistory": [
            {"status": "arrived", "period": {"start": "2024-05-01T09:00:00Z"}},
            {"status": "in-progress", "period": {"start": "2024-05-01T10:00:00Z"}},
        ],
        "class": {"code": "IMP"},
    },
    {"partOf": {"reference": "Encounter/whole"}, "period": {"start": "2024-05-01T10:00:00Z"}},
    {"id": None, "identifier": [{"value": "V9"}], "account": [{"reference": "Account/a"}]},
    {"hospitalization": {"dischargeDisposition": {"text": "home"}}, "class": [{"text": "x"}]},
]
REPORT = {
    "resourceType": "DiagnosticReport",
    "id": "r",
    "subject": SUBJECT,
    "contained": [{name: OBSERVATION[name] for name in ("resourceType", "id", "code")}],
}
VARIED = [
    *(json.dumps(OBSERVATION | value).encode() for value in VALUES),
    *(json.dumps(ENCOUNTER | stay).encode() for stay in STAYS),
    json.dumps(REPORT).encode(),
]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_many_messages_are_read_as_each_is_read_alone(data):
    some = st.sampled_from([*SOUND, *VARIED, *SOUND])
    chosen = data.draw(st.lists(some | byte_mutations(), min_size=1, max_size=8))
    # The usual case by itself, then what differs from it: more of them than are read one by one.
    usual = data.draw(st.sampled_from(SOUND[:3]))
    messages = [usual] * data.draw(st.sampled_from([0, FEW])) + chosen * (FEW // len(chosen) + 1)
    whole, alone = decode(messages), {message: decode([message]) for message in set(messages)}
    assert whole.messages.to_pylist() == [
        row for message in messages for row in alone[message].messages.to_pylist()
    ]
    for name in FACTS:
        expected = [
            row | {"message": place}
            for place, message in enumerate(messages)
            if name in alone[message].facts
            for row in alone[message].facts[name].to_pylist()
        ]
        got = whole.facts[name].to_pylist() if name in whole.facts else []
        assert got == expected


@given(st.datetimes(min_value=pa.scalar(0, pa.timestamp("us")).as_py()), st.integers(-840, 840))
def test_instants_are_read_as_python_reads_them(moment, minutes):
    if moment.year > 2100:
        moment = moment.replace(year=2100, day=min(moment.day, 28))
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    text = f"{moment:%Y-%m-%dT%H:%M:%S.%f}{sign}{hours:02}:{rest:02}"
    [read] = instants([text], "UTC").to_pylist()
    assert read == moment.fromisoformat(text).astimezone(ZoneInfo("UTC"))
