"""Suspicion of infection of real patients beside mimic-code's rows: every difference has a name."""

import gzip

import pytest

from lakehouse.feeds import load_profile
from lakehouse.lake import Lake
from pulsehouse.render import mimic3
from streaming.replay import replay
from tests.conformance.mimic3_suspicion import (
    UNEXPLAINED,
    by_prescription,
    by_row,
    read_sides,
    summary,
)

# Large tables without which the same orders are sent: their headers are enough.
EMPTY = ("chartevents", "labevents")
TOLD = ("patients", "admissions", "d_items", "d_labitems", "microbiologyevents", "prescriptions")


@pytest.fixture(scope="module")
def sides(shared_data, tmp_path_factory):
    """All patients of the demo tables: cultures and prescriptions, rendered and replayed."""
    source, place = shared_data / "mimic3_demo", tmp_path_factory.mktemp("suspicion")
    tables = place / "tables"
    tables.mkdir()
    for name in TOLD:
        (tables / f"{name}.csv.gz").symlink_to(source / f"{name}.csv.gz")
    for name in EMPTY:
        with gzip.open(source / f"{name}.csv.gz", "rt") as text:
            (tables / f"{name}.csv").write_text(text.readline())
    mimic3.render(tables, place / "feed.hl7")
    lake = Lake.open(place / "lake", create=True)
    replay(lake, load_profile("mimic3"), [place / "feed.hl7"])
    return read_sides(source, shared_data / "mimic3_demo_scores", lake)


def test_every_row_of_mimic_code_is_ours_or_differs_by_a_named_choice(sides):
    counted = by_row(sides)
    assert counted[UNEXPLAINED] == 0
    assert counted["equal"] > sides.theirs.total() / 2
    assert counted["not_an_antibiotic_here"] < 10


def test_every_prescription_has_its_time_or_differs_by_a_named_choice(sides):
    counted = by_prescription(sides)
    assert counted[UNEXPLAINED] == 0
    assert counted["equal"] > counted.total() / 2
    assert {name for name, _, _ in summary(counted)} <= {
        *("equal", "not_an_antibiotic_here", "not_an_antibiotic_there", "no_culture_here"),
        *("culture_dates_it", "same_instant", "fourth_day", "of_a_day", "other_visit"),
    }
