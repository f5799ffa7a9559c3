"""Synthea patients as FHIR, and the same facts as HL7 v2, give equal fact tables.

What cannot be equal is named below column by column, with the reason; every other column of every
row is. In `make test` some patients go both roads, with PULSEHOUSE_ALL_SYNTHEA=1 all of them.
"""

import gzip
import io
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from clinical.encounters.timeline import visit
from clinical.encounters.told import Told
from clinical.normalise import normalise
from clinical.wire import fhir, hl7
from clinical.wire.profile import FeedProfile
from pulsehouse.render import synthea

FEW = 6
Row = dict[str, Any]
Facts = Mapping[str, list[Row]]

# What finds a row again on the other road.
KEYS = {
    "observations": ("order_id", "code", "sub_id"),
    "medication_events": ("order_id", "event"),
    "diagnoses": ("diagnosis_id",),
    "procedures": ("procedure_id",),
    "allergies": ("allergy_id",),
}
SENT_APART = "a bundle of Synthea does not say when it was sent, every HL7 v2 message does"
PLACE = "the road itself: where the row stands in its message"
# The columns that cannot be equal, each with the reason.
APART: Mapping[str, Mapping[str, str]] = {
    "observations": {
        "observation_id": "holds the code system as sent: LN here, http://loinc.org there",
    },
    "medication_events": {
        "order_control": "FHIR sends states and has no ORC-1",
        "order_status": "sent in each dialect's own words; what follows is `event`, which is equal",
        "event_id": "FHIR numbers an administration of its own, HL7 v2 by its order alone",
    },
    "diagnoses": {
        "diagnosis_type": "DG1-6 must be sent (working); these Conditions have no category",
        "priority": "DG1-1 counts the diagnoses of a message; a Condition has no rank",
        "status": "DG1 has no place for a clinical status, an onset or an end",
        "onset_at": "as status",
        "ended_at": "as status",
    },
    "procedures": {"documented_at": SENT_APART},
    "allergies": {},
}
# Not known on the road of FHIR: the other road dates it by its message.
UNDATED = {"discontinued", "administered"}
# Said in each dialect's own words, one for one.
SAID = {
    "http://loinc.org": "LN",
    "http://snomed.info/sct": "SCT",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RXNORM",
    "http://hl7.org/fhir/sid/cvx": "CVX",
    "Quantity": "NM",
    "CodeableConcept": "CWE",
    "string": "ST",
    "female": "F",
    "male": "M",
}
DIALECT = ("code_system", "value_type", "sex")


def facts(road, raws: list[bytes], feed: FeedProfile) -> Facts:
    messages = pa.array(raws, pa.binary())
    decoded = road.decode(messages, feed)
    assert set(decoded.messages["disposition"].to_pylist()) == {"parsed"}
    received = pa.array([0] * len(raws), pa.int64()).cast(pa.timestamp("us", "UTC"))
    found = normalise(decoded, received, feed)
    return {name: table.to_pylist() for name, table in found.items()}


@pytest.fixture(scope="module")
def paths(request) -> list[Path]:
    folder = request.getfixturevalue("shared_data") / "fhir_synthea_r4"
    every = sorted(folder.glob("*.json.gz"))
    # Spread over the patients, and those with most kinds of facts among them.
    return every if os.environ.get("PULSEHOUSE_ALL_SYNTHEA") else every[:: len(every) // FEW]


@pytest.fixture(scope="module")
def roads(paths: list[Path], tmp_path_factory) -> tuple[Facts, Facts]:
    place = tmp_path_factory.mktemp("synthea")
    for path in paths:
        (place / path.name).symlink_to(path)
    out = io.BytesIO()
    synthea.render(place, out)
    splitter = hl7.Splitter()
    sent = [*splitter.feed(out.getvalue()).messages.to_pylist()]
    sent += splitter.close().messages.to_pylist()
    bundles = [gzip.decompress(path.read_bytes()) for path in paths]
    return (
        facts(fhir, bundles, FeedProfile("fhir", format="fhir")),
        facts(hl7, sent, FeedProfile("hl7")),
    )


def told(row: Row, table: str) -> Row:
    """A row without its place, and without what cannot be equal."""
    left_out = {"message", "row", *APART.get(table, {})}
    if table == "medication_events" and row["event"] in UNDATED:
        left_out.add("documented_at")
    kept = {name: value for name, value in row.items() if name not in left_out}
    if table == "procedures" and row["ended_at"] == row["started_at"]:
        kept["ended_at"] = None  # 0 minutes in PR1-7 are no length that anybody measured
    return kept | {name: SAID.get(kept[name], kept[name]) for name in DIALECT if name in kept}


def by_key(rows: list[Row], table: str) -> dict[tuple[object, ...], Row]:
    found = {tuple(row[name] for name in KEYS[table]): told(row, table) for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.mark.parametrize("table", KEYS)
def test_both_roads_lead_to_the_same_facts(roads, table: str) -> None:
    one, other = (by_key(road.get(table, []), table) for road in roads)
    assert one.keys() == other.keys()
    differing = Counter(
        name for key in one for name in one[key] if one[key][name] != other[key][name]
    )
    assert not differing
    assert one


@pytest.mark.parametrize("table", KEYS)
def test_columns_that_are_named_as_apart_do_differ(roads, table: str) -> None:
    """What has become equal must not stay on the list."""
    one, other = (
        {tuple(row[name] for name in KEYS[table]): row for row in road.get(table, [])}
        for road in roads
    )
    for name in APART[table]:
        assert any(row[name] != other[key][name] for key, row in one.items()), name


def settled(rows: list[Row]) -> dict[str, object]:
    """What all events of each visit settle to.

    These Encounters name no place. Out of FHIR such a visit has no stay at all, while an admission
    of HL7 v2 without a place (PV1-3) begins a stay at a place that is not known: stays at no place
    are left out.
    """
    visits: dict[str, list[Row]] = {}
    for row in rows:
        visits.setdefault(row["encounter_id"], []).append({**row, "received_at": 0})
    return {number: _settled(events) for number, events in visits.items()}


def _settled(events: list[Row]) -> object:
    line = visit(map(Told.of, events))
    stays = [stay for stay in line.stays if stay.place is not None]
    disposition = {row["discharge_disposition"] for row in events if row["event"] == "discharge"}
    return replace(line, stays=stays), {row["patient_id"] for row in events}, disposition


def test_both_roads_settle_to_the_same_visits(roads) -> None:
    one, other = (settled(road["encounter_events"]) for road in roads)
    assert one == other


def test_both_roads_know_the_same_people(roads) -> None:
    # Messages before a death know nothing of it: what was told last counts.
    one, other = (
        {row["patient_id"]: told(row, "") for row in road["patient_demographics"]} for road in roads
    )
    assert [row.pop("encounter_id") for row in one.values()] == [None] * len(one)
    for row in other.values():
        row.pop("encounter_id")  # PV1 stands in the message that told it, a Patient stands alone
    assert one == other


def test_every_reason_is_given() -> None:
    assert all(reason for columns in APART.values() for reason in columns.values())
    assert set(APART) == set(KEYS)
