"""What counts in scores is the version that stands in SQL, in whatever order versions arrive."""

import math
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import duckdb
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from clinical.normalise.signals import signals
from clinical.scoring.engine import Engine
from clinical.scoring.grid import grid
from tests.lakehouse.test_any_order import FEW, RESULTS, Lives, many
from tests.lakehouse.test_observations import LIVES, result
from tests.lakehouse.told import NOON, TIMES, ask, shown
from tests.lakehouse.ways import as_of, every_way

Values = dict[str, float]
CAME = NOON + timedelta(hours=2)


def _told(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """The signals of all results, as if they had come at once in the order of arrival."""
    rows = connection.execute('from lake.observations order by "offset", "row"').to_arrow_table()
    at = rows.schema.get_field_index("received_at")
    rows = rows.set_column(at, "received_at", pa.array([CAME] * len(rows), TIMES))
    return signals({"observations": rows})


def _streamed(told: pa.Table, cuts: Sequence[int] = ()) -> Values:
    """The potassium that counts of each patient after the last message."""
    engine, found = Engine(), {}
    edges = sorted({0, told.num_rows, *(cut for cut in cuts if cut < told.num_rows)})
    for low, high in pairwise(edges):
        moments = engine.step(told.slice(low, high - low))
        reading = moments.panel["potassium"]
        found |= dict(zip(moments.patient.to_pylist(), reading.value.tolist(), strict=True))
    return _numbers(found)


def _at_once(told: pa.Table) -> Values:
    names = told["patient_id"].unique()
    points = pa.table({"patient_id": names, "at": pa.array([CAME] * len(names), TIMES)})
    values = grid(told, points, "all").panel["potassium"].value
    return _numbers(dict(zip(names.to_pylist(), values.tolist(), strict=True)))


def _standing(connection: duckdb.DuckDBPyConnection) -> Values:
    asked = "select patient_id, value from current_observations where value is not null"
    return dict(ask(connection, asked))


def _numbers(values: Values) -> Values:
    return {name: value for name, value in values.items() if not math.isnan(value)}


def test_every_life_of_a_result_in_every_order_counts_as_it_stands() -> None:
    told, _ = every_way({life: messages for life, (messages, _) in LIVES.items()})
    with shown(told) as connection:
        streamed, standing = _told(connection), _standing(connection)
    assert _streamed(streamed) == standing
    assert _streamed(streamed, range(0, streamed.num_rows, 7)) == standing
    assert _at_once(streamed) == standing


@FEW
@given(many(RESULTS), st.lists(st.integers(1, 60), max_size=4))
def test_any_life_of_a_result_counts_as_it_stands(lives: Lives, cuts: list[int]) -> None:
    told = [
        as_of(message, f"{number}-{side}")
        for number, life in enumerate(lives)
        for side, messages in enumerate(life)
        for message in messages
    ]
    with shown(told) as connection:
        streamed, standing = _told(connection), _standing(connection)
    assert _streamed(streamed, cuts) == standing
    assert _at_once(streamed) == standing


def test_a_correction_that_comes_before_its_original_stays_carried_out() -> None:
    first, corrected = result("0900", "F", "4.1"), result("1000", "C", "5.2")
    with shown([corrected, first]) as connection:
        assert _streamed(_told(connection)) == {"1": 5.2}
        assert _streamed(_told(connection), [1]) == {"1": 5.2}


def test_a_deletion_that_comes_before_what_it_deletes_stays_carried_out() -> None:
    first, deleted = result("0900", "F", "4.1"), result("1000", "D")
    again = result("1100", "F", "4.3")
    with shown([deleted, first]) as connection:
        assert _streamed(_told(connection), [1]) == {}
    with shown([deleted, first, again]) as connection:
        assert _streamed(_told(connection), [1, 2]) == {"1": 4.3}
