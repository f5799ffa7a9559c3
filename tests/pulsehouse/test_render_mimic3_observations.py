"""Charted values and results as ORU^R01: identity, corrections, and equality with the source."""

from collections import Counter
from itertools import pairwise

import pytest

from pulsehouse.render.segments import escape
from tests.pulsehouse.render_sources import (
    chart_row,
    field,
    messages,
    of_kind,
    rendered,
    subset,
    table_rows,
    write_tables,
)

# CareVue with comfort care, MetaVision with retracted values, MetaVision with many pick lists.
PATIENTS = ("10036", "43735", "44228")

TABLES = {"MIMIC_CHART": "chartevents", "MIMIC_LAB": "labevents", "MIMIC_OUTPUT": "outputevents"}


@pytest.fixture(scope="module")
def tables(shared_data, tmp_path_factory):
    return subset(shared_data / "mimic3_demo", tmp_path_factory.mktemp("mimic3"), PATIENTS)


@pytest.fixture(scope="module")
def batch(tables):
    return rendered(tables)


@pytest.fixture(scope="module")
def told(batch):
    return list(values(batch))


def values(batch):
    """One row per OBX: order id, item, system, sub-id, value, unit, status, time, type."""
    for message in of_kind(batch, "ORU"):
        order_id = field(message["OBR"][0], 3)
        for obx in message["OBX"]:
            item, _, system = field(obx, 3).split("^")
            yield (order_id, item, system, *(field(obx, number) for number in (4, 5, 6, 11, 14, 2)))


def sent(folder, *rows):
    return list(values(rendered(write_tables(folder, chartevents=rows))))


def item_of(code):
    """The item of the source that a code is of: a pick list adds its choice, a gas its specimen."""
    return code.partition("/")[0].partition("-")[0]


@pytest.mark.parametrize("system", TABLES)
def test_the_values_sent_are_the_values_of_the_source(tables, told, system):
    source = Counter(
        (row["itemid"], row["charttime"].translate(str.maketrans("", "", "- :")), row["value"])
        for row in table_rows(tables, TABLES[system])
        if row["value"]
    )
    sent = Counter(
        (item_of(item), at, value)
        for _, item, of, _, value, _, status, at, _ in told
        if of == system and status != "W"
    )
    assert sent == Counter(
        {(item, at, escape(value)): n for (item, at, value), n in source.items()}
    )


def test_units_are_sent_as_the_source_has_them(tables, told):
    source = {row["valueuom"] for row in table_rows(tables, "chartevents") if row["value"]}
    assert {row[5] for row in told if row[2] == "MIMIC_CHART"} == source


def test_every_value_in_error_is_retracted_under_its_own_identity(tables, told):
    wrong = [row for row in table_rows(tables, "chartevents") if row["error"] == "1"]
    places = {}
    for order_id, item, system, sub_id, value, _, status, at, _ in told:
        if system != "MIMIC_CHART":
            continue
        places.setdefault((order_id, item, system, sub_id, at), []).append((status, value))
    retracted = [place for place in places.values() if any(status == "W" for status, _ in place)]
    assert len(retracted) == len(wrong) > 0
    assert all([status for status, _ in place] == ["F", "W"] for place in retracted)
    assert all(place[0][1] == place[1][1] for place in retracted)


def test_no_two_values_sent_as_final_share_an_identity(told):
    final = Counter(row[:4] + row[7:8] for row in told if row[6] == "F")
    assert set(final.values()) == {1}


def test_messages_stand_in_the_order_in_which_they_were_sent(batch):
    times = [str(message["MSH.F7"]) for message in messages(batch)]
    assert all(before <= after for before, after in pairwise(times))


def test_a_charted_value_is_sent_when_it_was_stored(tmp_path):
    row = chart_row(1, 211, "80", at="08:00", stored="09:30")
    [message] = of_kind(rendered(write_tables(tmp_path, chartevents=[row])), "ORU")
    assert str(message["MSH.F7"]) == "21500301093000"
    assert field(message["OBR"][0], 22) == "21500301093000"
    assert field(message["OBR"][0], 7) == "21500301080000"
    assert field(message["OBX"][0], 14) == "21500301080000"


def test_a_value_stored_again_later_corrects_the_first_under_one_identity(tmp_path):
    first, second = sent(
        tmp_path,
        chart_row(1, 211, "80", stored="08:05"),
        chart_row(2, 211, "88", stored="08:45"),
    )
    assert (first[6], second[6]) == ("F", "C")
    assert first[:4] == second[:4]
    assert first[7] == second[7]


def test_a_right_value_beside_a_wrong_one_replaces_it(tmp_path):
    first, second = sent(
        tmp_path, chart_row(1, 211, "880", error="1"), chart_row(2, 211, "88", error="0")
    )
    assert (first[4], first[6]) == ("880", "F")
    assert (second[4], second[6]) == ("88", "C")
    assert first[:4] == second[:4]


def test_answers_of_a_pick_list_all_survive_under_sub_ids(tmp_path):
    rows = sent(tmp_path, chart_row(1, 211, "Gown"), chart_row(2, 211, "Gloves"))
    assert [(row[3], row[4], row[6]) for row in rows] == [("1", "Gown", "F"), ("2", "Gloves", "F")]


def test_a_number_is_nm_only_when_the_source_says_the_same_number(tmp_path):
    labelled = {**chart_row(3, 213, "6 Obeys Commands"), "valuenum": "6"}
    rounded = {**chart_row(4, 214, ".40000000596046448"), "valuenum": "0.400000005960464"}
    rows = sent(tmp_path, chart_row(1, 211, "10.0"), chart_row(2, 212, "<15"), labelled, rounded)
    assert [row[8] for row in rows] == ["NM", "ST", "ST", "NM"]


def test_a_row_without_a_value_is_not_sent(tmp_path):
    assert sent(tmp_path, chart_row(1, 211, "")) == []


def test_labels_are_escaped_and_an_unknown_item_keeps_its_id(tmp_path):
    out = rendered(
        write_tables(tmp_path, chartevents=[chart_row(1, 5, "80"), chart_row(2, 99, "81")])
    ).decode()
    assert r"|5^A\F\B\S\C^MIMIC_CHART|" in out
    assert "|99^^MIMIC_CHART|" in out


def test_an_entry_of_a_pick_list_is_coded_by_its_choice(tmp_path):
    [row] = sent(tmp_path, chart_row(1, 582, "CVVHD Start"))
    assert (row[1], row[4]) == ("582/CVVHD Start", "CVVHD Start")


def gas(row_id, item, value):
    row = {**chart_row(row_id, item, value), "flag": ""}
    return {name: row[name] for name in row if name not in {"storetime", "error"}}


@pytest.mark.parametrize(
    ("specimens", "code"),
    [(["ART"], "50821-ART"), (["VEN"], "50821"), ([], "50821"), (["ART", "ART"], "50821")],
)
def test_a_gas_has_a_code_of_its_own_where_its_one_specimen_is_arterial(tmp_path, specimens, code):
    rows = [gas(1, 50821, "80"), *(gas(2 + n, 50800, one) for n, one in enumerate(specimens))]
    told = values(rendered(write_tables(tmp_path, labevents=rows)))
    assert [row[1] for row in told if row[1].startswith("50821")] == [code]
