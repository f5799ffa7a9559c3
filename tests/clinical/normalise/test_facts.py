"""Facts that need no normalising pass as they were sent, with their places."""

import pyarrow as pa
import pytest

from clinical.normalise import normalise
from clinical.wire.decoded import FACTS, MESSAGES, Decoded
from lakehouse.columns import PROVENANCE
from lakehouse.tables import TABLES
from tests.clinical.normalise.factories import PROFILE, received

PASSING = (
    "encounter_events",
    "identity_events",
    "patient_demographics",
    "diagnoses",
    "charges",
    "allergies",
    "notes",
)


@pytest.mark.parametrize("name", PASSING)
def test_a_fact_passes_as_it_is_and_gets_its_place_within_its_message(name: str) -> None:
    places = [0, 0, 2]
    empty = dict.fromkeys(FACTS[name].names)
    rows = [
        {**empty, "message": place, "patient_id": str(number)}
        for number, place in enumerate(places)
    ]
    sent = pa.Table.from_pylist(rows, schema=FACTS[name])
    found = normalise(Decoded(MESSAGES.empty_table(), {name: sent}), received(), PROFILE)[name]
    assert found["row"].to_pylist() == [0, 1, 0]
    assert found.drop_columns(["row"]) == sent


@pytest.mark.parametrize("name", PASSING)
def test_a_passing_fact_has_the_columns_of_its_table(name: str) -> None:
    told = [field.name for field in FACTS[name] if field.name != "message"]
    provenance = {column.name for column in PROVENANCE}
    assert told == [column for column in TABLES[name].schema.names if column not in provenance]
    assert all(
        FACTS[name].field(column).type == TABLES[name].schema.field(column).type for column in told
    )
