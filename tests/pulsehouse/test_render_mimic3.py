"""MIMIC-III tables as messages: the file, its order, and the events of a stay."""

import gzip
from datetime import date

import pytest

from pulsehouse.render import mimic3
from pulsehouse.render.outcome import RenderError
from pulsehouse.render.segments import escape
from tests.pulsehouse.render_sources import (
    STAY,
    TRANSFERS,
    chart_row,
    field,
    infusion,
    messages,
    of_kind,
    prescription,
    rendered,
    specimen,
    write_tables,
)


def test_a_batch_counts_its_messages_and_ends_every_segment_with_a_carriage_return(tmp_path):
    batch = rendered(write_tables(tmp_path, chartevents=[chart_row(1, 211, "80")]))
    segments = batch.decode().split("\r")
    assert segments[0] == r"FHS|^~\&|MIMIC3|BIDMC"
    assert segments[1] == r"BHS|^~\&|MIMIC3|BIDMC"
    assert segments[-3:] == [f"BTS|{len(messages(batch))}", "FTS|1", ""]
    assert b"\n" not in batch


def test_every_message_declares_version_character_set_and_its_own_control_id(tmp_path):
    sent = messages(
        rendered(
            write_tables(
                tmp_path,
                transfers=TRANSFERS,
                prescriptions=[prescription()],
                inputevents_mv=[infusion(statusdescription="Rewritten")],
                microbiologyevents=[specimen(org_name="CANCELLED")],
                chartevents=[chart_row(1, 211, "80", error="1")],
            )
        )
    )
    assert {str(message["MSH.F12"]) for message in sent} == {"2.5.1"}
    assert {str(message["MSH.F18"]) for message in sent} == {"UNICODE UTF-8"}
    assert len({str(message["MSH.F10"]) for message in sent}) == len(sent)


def test_a_stay_is_admitted_transferred_and_discharged_at_its_own_times(tmp_path):
    events = of_kind(rendered(write_tables(tmp_path, transfers=TRANSFERS)), "ADT")
    assert [
        (str(event["MSH.F9.R1.C2"]), str(event["MSH.F7"]), field(event["PV1"][0], 3))
        for event in events
    ] == [
        ("A01", "21500301063000", "MICU"),
        ("A02", "21500302100000", "WARD45"),
        ("A03", "21500304120000", "WARD45"),
    ]
    assert field(events[1]["PV1"][0], 6) == "MICU"


def test_no_message_tells_of_a_death_before_it_happened(tmp_path):
    stay = {
        **STAY,
        "row_id": "1",
        "admittime": "2150-03-01 06:30:00",
        "dischtime": "2150-03-02 06:00:00",
        "deathtime": "2150-03-02 05:00:00",
    }
    events = of_kind(rendered(write_tables(tmp_path, admissions=[stay])), "ADT")
    told = {str(event["MSH.F9.R1.C2"]): field(event["PID"][0], 30) for event in events}
    assert told == {"A01": "", "A08": "Y", "A03": "Y"}


def test_a_cancelled_call_out_is_a_pending_transfer_and_its_cancellation(tmp_path):
    callout = {
        **STAY,
        "row_id": "9",
        "curr_careunit": "MICU",
        "callout_wardid": "45",
        "callout_outcome": "Cancelled",
        "createtime": "2150-03-01 10:00:00",
        "outcometime": "2150-03-01 15:00:00",
    }
    events = of_kind(rendered(write_tables(tmp_path, callout=[callout])), "ADT")
    assert [str(event["MSH.F9.R1.C2"]) for event in events] == ["A01", "A15", "A26", "A03"]
    assert field(events[1]["PV1"][0], 42) == "WARD45"


def test_a_prescription_starts_on_a_day_and_is_not_sent_before_the_admission(tmp_path):
    rows = [prescription(dose_val_rx="1-2", dose_unit_rx="mg", route="IV", ndc="0")]
    [order] = of_kind(rendered(write_tables(tmp_path, prescriptions=rows)), "RDE")
    assert str(order["MSH.F7"]) == "21500301063000"
    assert field(order["TQ1"][0], 7) == "21500301"
    assert [field(order["RXE"][0], number) for number in (3, 4, 5)] == ["1", "2", "mg"]


def test_a_culture_with_a_date_only_is_collected_on_a_day(tmp_path):
    rows = [specimen(), specimen(row_id="8", charttime="", spec_itemid="70079")]
    orders = of_kind(rendered(write_tables(tmp_path, microbiologyevents=rows)), "OML")
    collected = {field(order["OBR"][0], 4)[:5]: field(order["OBR"][0], 7) for order in orders}
    assert collected == {"70012": "21500301071500", "70079": "21500301"}


def test_a_cancelled_culture_is_ordered_and_then_cancelled_under_one_order_id(tmp_path):
    rows = [specimen(org_name="CANCELLED")]
    orders = of_kind(rendered(write_tables(tmp_path, microbiologyevents=rows)), "OML")
    assert [field(order["ORC"][0], 1) for order in orders] == ["NW", "CA"]
    assert len({field(order["ORC"][0], 2) for order in orders}) == 1


def test_a_rewritten_infusion_is_given_and_then_cancelled_when_it_was_rewritten(tmp_path):
    rows = [infusion(statusdescription="Rewritten", comments_date="2150-03-01 11:00:00")]
    given = of_kind(rendered(write_tables(tmp_path, inputevents_mv=rows)), "RAS")
    assert [(field(one["ORC"][0], 1), str(one["MSH.F7"])) for one in given] == [
        ("RE", "21500301090500"),
        ("CA", "21500301110000"),
    ]
    assert field(given[0]["RXA"][0], 12) == "0.1 mcg/kg/min"


def test_a_rate_of_zero_is_the_stop_of_an_infusion(tmp_path):
    row = {
        **STAY,
        "row_id": "5",
        "itemid": "211",
        "charttime": "2150-03-01 09:00:00",
        "storetime": "2150-03-01 09:05:00",
        "rate": "0",
        "rateuom": "mcgkgmin",
        "originalroute": "IV Drip",
    }
    [stop] = of_kind(rendered(write_tables(tmp_path, inputevents_cv=[row])), "RAS")
    assert field(stop["ORC"][0], 1) == "DC"
    assert field(stop["RXA"][0], 20) == "NA"


def test_an_alignment_moves_a_patient_by_whole_days(tmp_path):
    folder = write_tables(tmp_path, chartevents=[chart_row(1, 211, "80")])
    [value] = of_kind(rendered(folder, align=date(2026, 1, 5), days=4), "ORU")
    # Patient 7, over 4 days: three days after the first.
    assert str(value["MSH.F7"]) == "20260108080500"
    born = date(2026, 1, 8) - (date(2150, 3, 1) - date(2090, 1, 2))
    assert field(value["PID"][0], 7) == f"{born:%Y%m%d}"


def test_equal_tables_give_equal_bytes_and_a_gz_path_is_gzipped(tmp_path):
    folder = write_tables(tmp_path / "in", chartevents=[chart_row(1, 211, "80")])
    first, second = tmp_path / "first.hl7.gz", tmp_path / "second.hl7.gz"
    mimic3.render(folder, first)
    mimic3.render(folder, second)
    assert first.read_bytes() == second.read_bytes()
    assert gzip.decompress(first.read_bytes()) == rendered(folder)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [
        "first.hl7.gz",
        "in",
        "second.hl7.gz",
    ]


def test_progress_ends_at_the_number_of_source_rows(tmp_path):
    seen = []
    rows = [chart_row(number, 211, "80") for number in range(3)]
    folder = write_tables(tmp_path, chartevents=rows)
    rendered(folder, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (3, 3)


def test_delimiters_in_the_source_are_escaped():
    assert escape("a|b^c&d~e\\f\r\n") == r"a\F\b\S\c\T\d\R\e\E\f\X0D\\X0A" + "\\"


@pytest.mark.parametrize("missing", ["patients", "chartevents", "d_labitems"])
def test_a_missing_table_is_an_error_that_names_it(tmp_path, missing):
    folder = write_tables(tmp_path)
    (folder / f"{missing}.csv").unlink()
    with pytest.raises(RenderError, match=missing):
        rendered(folder)


def test_a_table_without_a_column_is_an_error_that_names_it(tmp_path):
    folder = write_tables(tmp_path)
    (folder / "labevents.csv").write_text("row_id,subject_id\n")
    with pytest.raises(RenderError, match="hadm_id"):
        rendered(folder)


@pytest.mark.parametrize("folder", ["absent", "."])
def test_a_folder_without_tables_is_an_error(tmp_path, folder):
    with pytest.raises(RenderError):
        rendered(tmp_path / folder)


def test_a_broken_table_leaves_no_file_behind(tmp_path):
    folder = write_tables(tmp_path / "in", chartevents=[chart_row(1, 211, "80")])
    whole = gzip.compress((folder / "chartevents.csv").read_bytes() * 2000)
    (folder / "chartevents.csv").unlink()
    (folder / "chartevents.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RenderError):
        mimic3.render(folder, tmp_path / "out.hl7")
    assert [entry.name for entry in tmp_path.iterdir()] == ["in"]


def test_half_an_alignment_is_an_error(tmp_path):
    with pytest.raises(RenderError, match="days"):
        rendered(write_tables(tmp_path), align=date(2026, 1, 5))
