"""`pulsehouse backtest` as a process: challenge files, a lake, what it leaves, what it refuses."""

import json
import re

import pytest

from pulsehouse.render.physionet2019 import HEADER

HOURS = 30
# A stay turns septic at hour 20: labelled from 6 hours before.
SEPTIC_FROM = 14
WELL = {"HR": 75, "O2Sat": 98, "Resp": 14, "SBP": 120, "Temp": 36.8}
ILL = {"HR": 130, "O2Sat": 88, "Resp": 28, "SBP": 85, "Temp": 39.2}


def stay(folder, number, *, septic):
    """One .psv file: vital signs that worsen where the stay is septic."""
    lines = ["|".join(HEADER)]
    for hour in range(1, HOURS + 1):
        ill = septic and hour >= SEPTIC_FROM
        known = {"Age": 60, "Gender": 0, "HospAdmTime": -1, "ICULOS": hour, "SepsisLabel": int(ill)}
        known |= ILL if ill else WELL
        lines.append("|".join(str(known.get(name, "NaN")) for name in HEADER))
    (folder / f"p{number:06d}.psv").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def stays(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stays")
    for number in range(1, 7):
        stay(folder, number, septic=number <= 2)
    return folder


@pytest.fixture(scope="module")
def done(command, stays, tmp_path_factory):
    place = tmp_path_factory.mktemp("done")
    words = ("--out", place / "out", "--report", place / "report.html", "--predict", "news2")
    return place, command("backtest", "--physionet2019", stays, *words, "--json")


def test_challenge_files_are_backtested_in_one_command(done):
    _, said = done
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert (told["patients"], told["onset"]) == (6, "labels")
    assert told["families"]["news2"]["utility"]["normalised"] > 0.5
    assert told["scores"]["news2/rcp2017"]["labelled"] == 2 * (HOURS - SEPTIC_FROM + 1)
    assert re.fullmatch(r"[0-9a-f]{12}", told["rules"]["rules_version"])


def test_outcomes_that_the_files_cannot_tell_are_not_known(done):
    told = json.loads(done[1].out)["families"]["news2"]["units"]["all"]
    assert (told["sensitivity"], told["events"]) == (None, None)


def test_predictions_are_in_the_form_of_the_official_scorer(done):
    place, _ = done
    files = sorted((place / "out").glob("p*.psv"))
    assert [file.name for file in files] == [f"p{number:06d}.psv" for number in range(1, 7)]
    for number, file in enumerate(files, 1):
        header, *lines = file.read_text().splitlines()
        assert header == "PredictedProbability|PredictedLabel"
        warned = [line.rpartition("|")[2] == "1" for line in lines]
        expected = [number <= 2 and hour >= SEPTIC_FROM for hour in range(1, HOURS + 1)]
        assert warned == expected


def test_the_report_is_one_page_without_network_or_patient(done):
    page = (done[0] / "report.html").read_text()
    assert page.count("<svg") >= 4
    assert re.findall(r"(?:src|href)\s*=\s*[\"']https?:", page) == []
    assert "not for clinical use" in page
    assert "p000001" not in page


def test_a_lake_is_backtested_and_shown_as_tables(command, filled):
    lake, _ = filled
    said = command("backtest", "--lake", lake, "--against", "current")
    assert said.code == 0, said.err
    assert "Alerts" in said.out
    assert "Differences" in said.out
    assert said.out.count("rules current") == 2


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--from", "yesterday"), "not a date"),
        (("--from", "1990-01-01", "--to", "1990-01-02"), "nothing was received"),
        (("--rules", "no-such-rules"), "no rules are called"),
        (("--labels", "nowhere"), "no file or directory"),
        (("--out", "somewhere"), "--out needs"),
    ],
)
def test_what_cannot_be_backtested_is_one_error_line(command, filled, words, why):
    said = command("backtest", "--lake", filled[0], *words)
    assert said.code in {1, 2}
    assert said.out == ""
    [line] = [line for line in said.err.splitlines() if line.startswith("error: ")]
    assert why in line


def test_a_folder_without_stays_is_refused(command, tmp_path):
    said = command("backtest", "--physionet2019", tmp_path)
    assert (said.code, said.out) == (1, "")
    assert "has no stays" in said.err
