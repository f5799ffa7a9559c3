"""Charges of MIMIC-III as messages: when they are sent, and what they say."""

from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from pulsehouse.render import mimic3_extracts
from tests.pulsehouse.render_sources import (
    STAY,
    charge,
    field,
    messages,
    of_kind,
    rendered,
    subset,
    table_rows,
    write_tables,
)

PATIENTS = ("10036", "43927")
DAY = "2150-03-02 00:00:00"
FT1 = {"id": 2, "day": 4, "posted": 5, "type": 6, "quantity": 10, "cost_centre": 13, "code": 25}


def bills(folder, **options):
    """What each FT1 says, with the time at which it was sent."""
    return [
        {
            "sent": str(message["MSH.F7"]),
            **{name: field(message["FT1"][0], number) for name, number in FT1.items()},
        }
        for message in of_kind(rendered(folder, **options), "DFT")
    ]


def test_a_charge_with_a_day_is_sent_at_the_end_of_that_day(tmp_path):
    row = charge(8, chartdate=DAY, cpt_cd="94003", description="VENT|MGMT", costcenter="Resp")
    [bill] = bills(write_tables(tmp_path, cptevents=[row]))
    assert bill == {
        "sent": "21500303000000",
        "id": "8",
        "day": "21500302",
        "posted": "21500303000000",
        "type": "CG",
        "quantity": "1",
        "cost_centre": "Resp",
        "code": r"94003^VENT\F\MGMT^C4",
    }


def test_a_charge_without_a_day_is_sent_with_the_bill_after_the_discharge(tmp_path):
    sent = messages(rendered(write_tables(tmp_path, cptevents=[charge(8)])))
    assert [str(message["MSH.F9.R1.C1"]) for message in sent] == ["ADT", "ADT", "DFT"]
    assert str(sent[-1]["MSH.F7"]) == "21500304120000"
    assert field(sent[-1]["FT1"][0], 4) == ""


def test_a_charge_names_patient_and_visit_as_the_other_messages_do(tmp_path):
    sent = messages(rendered(write_tables(tmp_path, cptevents=[charge(8)])))
    assert {field(message["PID"][0], 3) for message in sent} == {"7^^^BIDMC^MR"}
    assert {field(message["PV1"][0], 19) for message in sent} == {"70"}
    assert str(sent[-1]["MSH.F9.R1.C3"]) == "DFT_P03"
    assert field(sent[-1]["EVN"][0], 2) == str(sent[-1]["MSH.F7"])


def test_equal_charges_are_a_message_each(tmp_path):
    rows = [charge(number, chartdate=DAY) for number in (3, 1, 2)]
    assert [bill["id"] for bill in bills(write_tables(tmp_path, cptevents=rows))] == ["1", "2", "3"]


@pytest.mark.parametrize("row", [charge(1, hadm_id=""), charge(1, cpt_cd="", chartdate=DAY)])
def test_a_charge_of_no_time_or_no_code_is_not_sent(tmp_path, row):
    assert bills(write_tables(tmp_path, cptevents=[row])) == []


def test_a_charge_without_a_stay_is_an_outpatients(tmp_path):
    rows = [charge(1, hadm_id="", chartdate=DAY)]
    [bill] = of_kind(rendered(write_tables(tmp_path, cptevents=rows)), "DFT")
    assert (field(bill["PV1"][0], 2), field(bill["PV1"][0], 19)) == ("O", "")


def test_a_bill_tells_of_a_death_that_it_follows_and_of_no_later_one(tmp_path):
    stay = {
        **STAY,
        "row_id": "1",
        "admittime": "2150-03-01 06:30:00",
        "dischtime": "2150-03-03 06:00:00",
        "deathtime": "2150-03-03 05:00:00",
    }
    rows = [charge(1, chartdate=DAY), charge(2)]
    sent = of_kind(rendered(write_tables(tmp_path, admissions=[stay], cptevents=rows)), "DFT")
    told = [(field(bill["PID"][0], 29), field(bill["PID"][0], 30)) for bill in sent]
    assert told == [("", ""), ("21500303050000", "Y")]


def test_an_alignment_moves_the_day_and_the_posting_alike(tmp_path):
    folder = write_tables(tmp_path, cptevents=[charge(1, chartdate=DAY)])
    [bill] = bills(folder, align=date(2026, 1, 5), days=4)
    assert (bill["day"], bill["sent"]) == ("20260109", "20260110000000")


def test_a_source_without_charges_has_no_such_messages(tmp_path):
    assert bills(write_tables(tmp_path)) == []


def test_the_messages_bill_night_by_night_what_the_extracts_bill(shared_data, tmp_path):
    """Counted from the texts of both, with no part of the product between."""
    folder = subset(shared_data / "mimic3_demo", tmp_path / "in", PATIENTS)
    mimic3_extracts.render(folder, tmp_path / "drop")
    extracted = Counter()
    for night in (tmp_path / "drop").iterdir():
        for row in table_rows(night, "billing"):
            key = (row["encounter_id"], row["cost_centre"], row["cpt_code"], row["charge_date"])
            extracted[night.name, *key] += int(row["charges"])
    sent = Counter(
        (_night(str(message["MSH.F7"])), *_billed(message))
        for message in of_kind(rendered(folder), "DFT")
    )
    assert sent == extracted
    assert sent.total() == len(table_rows(folder, "cptevents")) > 0


def _night(sent_at):
    """The day whose job, at 02:00, is the first to see what was sent then."""
    posted = datetime.fromisoformat(f"{sent_at[:8]}T{sent_at[8:]}")
    last_seen = posted - timedelta(hours=2, microseconds=1)
    return f"{last_seen.date() + timedelta(days=1)}"


def _billed(message):
    ft1 = message["FT1"][0]
    day = field(ft1, 4)
    code = field(ft1, 25).split("^")[0]
    shown = f"{day[:4]}-{day[4:6]}-{day[6:]}" if day else ""
    return field(message["PV1"][0], 19), field(ft1, 13), code, shown
