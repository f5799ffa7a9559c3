"""Patients learnt apart are told in one order when they turn out to be one."""

import pyarrow as pa
import pyarrow.compute as pc

from clinical.scoring.engine import Engine
from tests.clinical.scores.panels import NOW

STAMP = pa.timestamp("us", tz="UTC")


def _signals(first: int, *told: tuple[str, str, float]) -> pa.Table:
    """One message each of a patient, a concept and its value, all of one clinical time."""
    size = len(told)
    return pa.table(
        {
            "patient_id": pa.array([patient for patient, _, _ in told]),
            "encounter_id": pa.array(["e"] * size),
            "concept": pa.array([concept for _, concept, _ in told]),
            "effective_at": pa.array([NOW] * size).cast(STAMP),
            "value": pa.array([value for _, _, value in told]),
            "void": pa.array([False] * size),
            "signal_id": pa.array([concept for _, concept, _ in told]),
            "received_at": pa.array([NOW] * size).cast(STAMP),
            "feed": pa.array(["f"] * size),
            "partition": pa.array([0] * size, pa.int32()),
            "offset": pa.array(range(first, first + size)),
            "row": pa.array([0] * size, pa.int32()),
        }
    )


def test_of_two_who_merge_the_later_told_value_counts_whoever_was_learnt_first() -> None:
    engine = Engine()
    numbered = engine.numbered(_signals(0, ("p1", "fio2", 60), ("p2", "fio2", 21)))
    for patient in ("p2", "p1"):
        engine.learn(numbered.filter(pc.equal(numbered["patient_id"], patient)))
    engine.merge("p1", "p2")
    moments = engine.step(_signals(2, ("p2", "heart_rate", 80)))
    assert moments.panel["fio2"].value.tolist() == [21]
