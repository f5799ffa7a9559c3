"""The work-list of codes, units, answers and ranges: ranked, proposed, and never of one patient."""

import csv
import io
import json

import pytest

from clinical.wire.code_maps import COLUMNS, CodeMap, code_rules

FEW, ENOUGH = 3, 6


def message(number, patient, *observations):
    """One result message: `observations` are (code, text, system), value, unit."""
    lines = [
        f"MSH|^~\\&|LAB|NORTH|P|P|2026010112{number % 60:02d}||ORU^R01|C{number}|P|2.5.1",
        f"PID|1||{patient}^^^NORTH",
        f"OBR|1|O{number}||PANEL|||202601011200",
    ]
    for place, (code, value, unit) in enumerate(observations, 1):
        kind = "NM" if value.replace(".", "").isdecimal() else "ST"
        named = "^".join(code)
        lines.append(f"OBX|{place}|{kind}|{named}||{value}|{unit}|||||F|||202601011200")
    return "\r".join(lines) + "\r"


WCC = ("WCC", "White Cell Count", "LAB")
RARE = ("RARE", "Potassium", "LAB")
POTASSIUM = ("2823-3", "Potassium", "LN")
HAEMOGLOBIN = ("718-7", "Hb", "LN")
TEMPERATURE = ("8310-5", "Temp", "LN")
PULSE = ("8867-4", "Pulse", "LN")
KNOWN = ("3091-6", "Urea mass", "LN")


@pytest.fixture(scope="module")
def found(command, tmp_path_factory):
    place = tmp_path_factory.mktemp("unmapped")
    messages = []
    for number in range(ENOUGH):
        vitals = ((PULSE, "80", "/min"), (TEMPERATURE, "37.1", "Cel"))
        values = ((WCC, f"{7 + number}.5", "10*9/L"), (POTASSIUM, "4.1", "mmols/L"))
        right, wrong = (HAEMOGLOBIN, f"{12 + number}.1", "g/dL"), (HAEMOGLOBIN, "131", "g/dL")
        observed = (*vitals, *values, right, (KNOWN, "9", "mg/dL"))
        messages.append(message(2 * number, f"P{number}", *observed))
        messages.append(message(2 * number + 1, f"Q{number}", wrong, (PULSE, "80", "")))
    messages += [message(90 + n, f"R{n}", (RARE, "4.25", "mmol/L")) for n in range(FEW)]
    file = place / "north.hl7"
    file.write_text("".join(messages), encoding="ascii")
    lake = place / "lake"
    done = command("replay", file, "--feed", "hl7_v2", "--lake", lake)
    assert done.code == 0, done.err
    done = command("unmapped", "--lake", lake, "--json")
    assert (done.code, done.err) == (0, "")
    return lake, json.loads(done.out)


def test_a_code_that_completes_scores_comes_first_with_what_it_may_be(found):
    _, told = found
    first, second = told["codes"]
    assert (first["code"], first["patients"], first["units"]) == ("WCC", ENOUGH, ["10*9/L"])
    assert first["proposals"][0]["concept"] == "wbc"
    assert first["proposals"][0]["why"][0].startswith("its name is like")
    # SIRS of six patients lacked white cells when their values were there.
    assert first["patients_helped"] == ENOUGH
    assert first["scores_completed"] >= ENOUGH
    assert (second["code"], second["scores_completed"]) == ("RARE", 0)


def test_no_value_is_told_where_too_few_patients_have_one(found):
    _, told = found
    wcc, rare = told["codes"]
    assert wcc["percentiles"] is not None
    assert (rare["patients"], rare["percentiles"]) == (FEW, None)
    assert "4.25" not in json.dumps(told)


def test_a_code_that_is_known_and_not_scored_is_no_work(found):
    assert "3091-6" not in json.dumps(found[1])


def test_a_proposal_is_a_row_that_a_code_map_takes(found):
    rows = [one["row"] for code in found[1]["codes"] for one in code["proposals"][:1]]
    text = "\n".join([",".join(COLUMNS), *rows])
    rules = code_rules("north", CodeMap("north_codes.csv", text))
    assert rules["LAB", "WCC"].concept == "wbc"
    assert {len(row) for row in csv.reader(io.StringIO(text))} == {len(COLUMNS)}


def test_an_unknown_unit_is_told_with_the_nearest_spelling_that_fits(found):
    _, told = found
    by_reason = {row["reason"]: row for row in told["units"]}
    assert by_reason["unknown_unit"]["unit_as_sent"] == "mmols/L"
    assert by_reason["unknown_unit"]["remedy"] == '[units] "potassium:mmols/L" = "mmol/L"'
    assert by_reason["missing_unit"]["concept"] == "heart_rate"
    assert "/min" in by_reason["missing_unit"]["remedy"]


def test_implausible_values_are_told_with_the_unit_in_which_they_would_be_usual(found):
    [row] = found[1]["implausible"]
    assert (row["concept"], row["unit_as_sent"]) == ("haemoglobin", "g/dL")
    assert row["other_unit"] == "g/L"
    assert (row["observations"], row["sent"]) == (ENOUGH, 2 * ENOUGH)


def test_the_screen_shows_the_rows_to_paste_and_the_list_is_as_long_as_asked(command, found):
    done = command("unmapped", "--lake", found[0], "--top", "1")
    assert done.code == 0
    assert ",".join(COLUMNS) in done.out
    assert "LAB,WCC,wbc," in done.out
    assert "RARE" not in done.out


def test_another_feed_has_nothing_to_map(command, found):
    done = command("unmapped", "--lake", found[0], "--feed", "mimic3", "--json")
    told = json.loads(done.out)
    assert [told[name] for name in ("codes", "units", "answers", "implausible")] == [[], [], [], []]


def test_help_has_an_example(command):
    assert "Example: pulsehouse unmapped" in command("unmapped", "--help").out
