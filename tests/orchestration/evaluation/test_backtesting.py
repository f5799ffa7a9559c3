"""A backtest of a lake: the same alerts as the stream, in chunks of any size, and two versions."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from clinical.evaluation.families import ALL
from lakehouse.catalogue import read
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.tables import ALERTS
from orchestration.evaluation.backtesting import Backtest, Facts, backtest
from orchestration.evaluation.chunks import ROWS, chunked
from orchestration.evaluation.errors import EvaluationError
from orchestration.evaluation.evaluated import sent
from orchestration.evaluation.onsets import Onsets
from tests.orchestration.replays.ward import ILL, WELL, Ward, at

ROOT = Path(__file__).parents[3]
SETTINGS = Settings()


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Some who fall ill, one corrected, one merged, one who stays well."""
    ward = Ward()
    for patient in ("early", "late", "well", "wrong", "kept", "retired"):
        ward.charted(patient, WELL, "08:00")
    ward.charted("early", ILL, "09:00")
    ward.charted("wrong", ILL, "09:30")
    ward.charted("wrong", WELL, "09:30", "09:40", status="C")
    ward.charted("retired", {"respiratory_rate": 28}, "10:00")
    ward.charted("kept", {"systolic_bp": 85}, "10:00")
    ward.merged("retired", "kept", "11:00")
    ward.charted("kept", ILL, "12:00")
    ward.charted("late", ILL, "20:00", "20:30")
    return ward.lake(tmp_path_factory.mktemp("ward"))


def backtested(
    lake: Lake, work: Path, versions: list[str], onsets: Onsets | None, rows: int
) -> Backtest:
    with chunked(lake, None, None, rows) as found:
        facts = Facts(found.place, found.period, None, onsets)
        return backtest(facts, SETTINGS, work, versions, lambda _name, _count: None)


@pytest.fixture(scope="module")
def result(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Backtest:
    onset = pa.table(
        {
            "patient_id": ["early", "late", "nobody"],
            "onset_at": pa.array([at("11:00")] * 3, pa.timestamp("us", tz="UTC")),
        }
    )
    work = tmp_path_factory.mktemp("work")
    return backtested(lake, work, ["current", str(ROOT)], Onsets("seymour2016", onset), ROWS)


def stored(lake: Lake) -> Iterator[tuple[object, ...]]:
    wanted = ["patient_id", "rule_family", "raised_at", "band", "rule", "status"]
    for row in read(lake, ALERTS, wanted).to_pylist():
        if row["status"] == "raised":
            # A merged patient is one from the beginning of a backtest on.
            who = "kept" if row["patient_id"] == "retired" else row["patient_id"]
            when = round(row["raised_at"].timestamp() * 1_000_000)
            yield who, row["rule_family"], when, row["band"], row["rule"]


def test_rules_of_today_give_the_alerts_that_the_stream_stored(lake, result):
    found = sent(result.found, result.evaluation.period)
    assert sorted(found) == sorted(stored(lake))
    assert found


def test_a_version_held_against_itself_differs_in_nothing(result):
    assert {one.kind for one in result.differences} == {"same"}
    assert result.evaluation.run.rules_version == result.against.run.rules_version


def test_the_stable_form_names_no_patient(result):
    told = repr(result.to_json())
    assert [name for name in ("early", "'late'", "kept", "retired") if name in told] == []
    family = result.to_json()["families"]["news2"]["units"][ALL]
    assert family["alerts"] > 0
    assert family["hours_before_batch"]["n"] == family["alerts"]


def test_onsets_count_for_patients_of_these_facts_alone(result):
    told = result.to_json()
    assert told["onset"] == "seymour2016"
    assert told["families"]["sepsis"]["units"][ALL]["events"] == 2


def test_chunks_of_any_size_give_the_same_alerts(lake, result, tmp_path):
    found = backtested(lake, tmp_path, ["current"], None, 5)
    assert sorted(sent(found.found, found.evaluation.period)) == sorted(
        sent(result.found, result.evaluation.period)
    )


def test_alerts_before_the_period_do_not_count_but_their_facts_do(lake, result, tmp_path):
    with chunked(lake, at("12:00"), None) as found:
        facts = Facts(found.place, found.period)
        later = backtest(facts, SETTINGS, tmp_path, ["current"], lambda _name, _count: None)
    begin = round(at("12:00").timestamp() * 1_000_000)
    every = sent(result.found, result.evaluation.period)
    assert sorted(sent(later.found, later.evaluation.period)) == sorted(
        one for one in every if one.at >= begin
    )


def test_rules_that_cannot_run_are_told_of_in_one_line_without_a_value(lake, tmp_path):
    place = tmp_path / "broken"
    shutil.copytree(ROOT / "clinical", place / "clinical", ignore=shutil.ignore_patterns("*.pyc"))
    clock = place / "clinical" / "detection" / "batch_clock.py"
    clock.write_text(clock.read_text() + "\nraise ValueError('Ada Lovelace')\n")
    with pytest.raises(EvaluationError, match="could not be run") as refused:
        backtested(lake, tmp_path / "work", [str(place)], None, ROWS)
    assert "ValueError" in str(refused.value)
    assert "Lovelace" not in str(refused.value)
