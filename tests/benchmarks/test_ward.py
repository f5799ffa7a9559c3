"""The made-up ward: the same at every call, and ill when it should be."""

from datetime import timedelta

import pyarrow as pa

from benchmarks import baseline, ward
from clinical import wire
from lakehouse.feeds import load_profile


def test_a_ward_is_the_same_at_every_call():
    first, again = (list(ward.messages(50, ward.STEADY)) for _ in range(2))
    assert first == again
    assert len(set(first)) == len(first)


def test_a_ward_is_decoded_alike_by_the_product_and_by_the_baseline():
    some = list(ward.messages(40, ward.STEADY))
    facts = wire.decode(pa.array(some, pa.binary()), load_profile(ward.FEED)).facts["observations"]
    usual = baseline.decode(some)
    assert facts.num_rows == len(usual) == 40 * ward.OBSERVATIONS
    assert facts["patient_id"].to_pylist() == [one.patient_id for one in usual]
    assert facts["value_number"].to_pylist() == [one.value for one in usual]


def test_who_falls_ill_was_well_before():
    kept = ward.Ward(10, timedelta(seconds=1), alarming=1.0, falling=True)
    pulse = [
        one.value for one in baseline.decode(list(ward.messages(1_000, kept)))[:: ward.OBSERVATIONS]
    ]
    early, late = pulse[:50], pulse[-50:]
    assert sum(early) / 50 < 100 < sum(late) / 50


def test_the_steady_file_is_written_once(tmp_path):
    first = ward.steady(tmp_path, 10)
    written = first.stat().st_mtime_ns
    assert ward.steady(tmp_path, 10).stat().st_mtime_ns == written
    assert [path.name for path in tmp_path.iterdir()] == [first.name]
