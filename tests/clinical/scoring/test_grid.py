"""A grid scores any point of time by the law of the stream, as known then or by all knowledge."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from clinical.scores.news2 import NEWS2
from clinical.scores.sofa import SOFA
from clinical.scoring.grid import Knowledge, grid
from clinical.scoring.hourly import every_hour, hourly
from tests.clinical.scores.panels import NOW

HOUR = 3_600_000_000
STAMP = pa.timestamp("us", tz="UTC")


def _signals(*rows: tuple[str, str, float, float, float]) -> pa.Table:
    """Rows of patient, concept, value, and hours at which it was true and was received."""
    size = len(rows)
    return pa.table(
        {
            "patient_id": pa.array([row[0] for row in rows]),
            "concept": pa.array([row[1] for row in rows]),
            "value": pa.array([row[2] for row in rows]),
            "effective_at": _times(*(row[3] for row in rows)),
            "received_at": _times(*(row[4] for row in rows)),
            "void": pa.array([False] * size),
            "signal_id": pa.array([f"{row[0]}|{row[1]}|{row[3]}" for row in rows]),
            "feed": pa.array(["f"] * size),
            "partition": pa.array([0] * size, pa.int32()),
            "offset": pa.array(range(size)),
            "row": pa.array([0] * size, pa.int32()),
        }
    )


def _times(*hours: float) -> pa.Array:
    return pa.array([NOW + round(one * HOUR) for one in hours], pa.int64()).cast(STAMP)


TOLD = _signals(
    ("p1", "heart_rate", 131.0, 0, 0),
    ("p2", "heart_rate", 60.0, 0, 0.5),
    ("p1", "heart_rate", 80.0, 2, 2),
    # Late, and then corrected.
    ("p1", "platelets", 19.0, 1, 5),
    ("p1", "platelets", 160.0, 1, 6),
)
POINTS = pa.table(
    {
        "patient_id": ["p1", "p2", "p1", "p1", "p1", "p3"],
        "at": _times(1, 0.25, 3, 5.5, 7, 3),
    }
)


def _known(values: Any) -> list[float | None]:
    return [None if np.isnan(one) else float(one) for one in values]


@pytest.mark.parametrize(
    ("knowledge", "pulse", "clotting"),
    [
        ("as known then", [3, None, 0, 0, 0, None], [None, None, None, 4, 0, None]),
        ("all", [3, 0, 0, 0, 0, None], [0, None, 0, 0, 0, None]),
    ],
)
def test_a_point_sees_what_was_true_by_then_and_what_it_may_know(
    knowledge: Knowledge, pulse: list[float | None], clotting: list[float | None]
) -> None:
    at = grid(TOLD, POINTS, knowledge)
    assert _known(at.assess(NEWS2).observed) == pulse
    assert _known(at.assess(SOFA).observed) == clotting


def test_rows_of_all_scores_stand_at_their_patients_and_times() -> None:
    rows = hourly(TOLD, POINTS, scores=[NEWS2, SOFA], knowledge="all")
    assert rows["patient_id"].to_pylist() == POINTS["patient_id"].to_pylist() * 2
    assert rows["at"].to_pylist() == POINTS["at"].to_pylist() * 2
    first = rows.to_pylist()[0]
    assert (first["score"], first["observed"], first["components"][0]["offset"]) == ("news2", 3, 0)
    # A later version of the same fact answers, and is named.
    [platelets] = rows.to_pylist()[len(POINTS)]["components"]
    assert (platelets["parameter"], platelets["value"], platelets["offset"]) == (
        "coagulation",
        160,
        4,
    )


def test_every_hour_is_each_whole_hour_after_a_stay_began_up_to_the_first_after_its_end() -> None:
    stays = pa.table({"patient_id": ["p1", "p2"], "begins": _times(0, 0.5), "ends": _times(2, 2.1)})
    points = every_hour(stays)
    assert points["patient_id"].to_pylist() == ["p1", "p1", "p2", "p2", "p2"]
    assert points["at"].to_pylist() == _times(1, 2, 1, 2, 3).to_pylist()
