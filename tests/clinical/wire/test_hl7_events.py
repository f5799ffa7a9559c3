"""Encounters, people, merges, orders, medications and diagnoses."""

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from clinical.wire.hl7 import decode
from clinical.wire.profile import FeedProfile


def facts(kind: str, table: str, *segments: str) -> list[dict[str, Any]]:
    header = f"MSH|^~\\&|APP|SITE|||20240601120000||{kind}|C1|P|2.5"
    message = "\r".join([header, *segments]).encode()
    found = decode(pa.array([message], pa.binary()), FeedProfile("adt"))
    assert found.messages["reason"].to_pylist() == [None]
    return found.facts[table].to_pylist() if table in found.facts else []


def at(hour: int, day: int = 1) -> datetime:
    return datetime(2024, 6, day, hour, tzinfo=UTC)


PID = "PID|||1^^^H^MR||FAM&x^GIV^M~OTHER||19500229|F"
PV1 = "PV1||I|W1^R2^B3|||W0|||||||||||||V1" + "|" * 17 + "02" + "|" * 8 + "20240601080000|20240603"


@pytest.mark.parametrize(
    ("trigger", "event"),
    [
        ("A01", "admit"),
        ("A02", "transfer"),
        ("A03", "discharge"),
        ("A04", "register"),
        ("A08", "update"),
        ("A11", "cancel_admit"),
        ("A12", "cancel_transfer"),
        ("A13", "cancel_discharge"),
        ("A31", "A31"),
        ("A05", "preadmit"),
        ("A06", "class_change"),
        ("A10", "arrive"),
        ("A14", "pending_admit"),
        ("A17", "swap"),
        ("A21", "leave"),
        ("A22", "return"),
        ("A23", "delete_visit"),
        ("A27", "cancel_pending_admit"),
        ("A38", "cancel_preadmit"),
        ("A60", "A60"),
    ],
)
def test_triggers_name_encounter_events(trigger: str, event: str) -> None:
    (row,) = facts(f"ADT^{trigger}", "encounter_events", PID, PV1)
    assert (row["event"], row["trigger"], row["encounter_id"]) == (event, trigger, "V1")


def test_an_encounter_event_says_where_and_when() -> None:
    evn = "EVN|A02|20240601110000||||20240601103000"
    (row,) = facts("ADT^A02", "encounter_events", evn, PID, PV1)
    assert (row["unit"], row["room"], row["bed"], row["prior_unit"]) == ("W1", "R2", "B3", "W0")
    assert (row["event_at"].hour, row["event_at"].minute) == (10, 30)
    assert (row["documented_at"], row["admitted_at"]) == (at(11), at(8))
    assert (row["patient_class"], row["discharge_disposition"]) == ("I", "02")


@pytest.mark.parametrize(
    ("trigger", "expected"), [("A01", at(8)), ("A03", at(0, 3)), ("A02", at(11)), ("A11", at(11))]
)
def test_an_event_without_its_own_time_takes_that_of_the_stay(
    trigger: str, expected: datetime
) -> None:
    (row,) = facts(f"ADT^{trigger}", "encounter_events", "EVN||20240601110000", PID, PV1)
    assert row["event_at"] == expected


def test_the_trigger_may_stand_in_evn_alone() -> None:
    (row,) = facts("ADT", "encounter_events", "EVN|A03", PID, PV1)
    assert (row["event"], row["documented_at"]) == ("discharge", at(12))


def test_demographics_come_with_every_message_that_has_any() -> None:
    dead = PID.replace("19500229", "19520229") + "|" * 21 + "20240601|Y"
    (row,) = facts("ORU^R01", "patient_demographics", dead)
    assert (row["family_name"], row["given_name"], row["sex"]) == ("FAM", "GIV", "F")
    assert (row["birth_date"], row["died_at"], row["deceased"]) == (date(1952, 2, 29), at(0), True)
    assert facts("ORU^R01", "patient_demographics", PID)[0]["birth_date"] is None
    assert facts("ORU^R01", "patient_demographics", "PID|||1") == []


def test_a_merge_retires_mrg_1_in_favour_of_pid_3() -> None:
    rows = facts(
        "ADT^A40^ADT_A39",
        "identity_events",
        "EVN|A40|20240601110000",
        "PID|||9^^^SSA^SS~1^^^H^MR",
        "MRG|8^^^SSA^SS~2^^^H^MR",
        "PID|||3^^^K",
        "MRG|4",
    )
    found = [(row["facility"], row["surviving_id"], row["retired_id"]) for row in rows]
    assert found == [("H", "1", "2"), ("K", "3", "4")]
    assert {(row["event"], row["trigger"], row["documented_at"]) for row in rows} == {
        ("merge", "A40", at(11))
    }


def test_a_merge_joins_identifiers_of_one_authority_only() -> None:
    merge = ("PID|||1^^^A^MR~5^^^B^MR", "MRG|6^^^C^MR~7^^^B^MR")
    (row,) = facts("ADT^A34", "identity_events", *merge)
    assert (row["facility"], row["surviving_id"], row["retired_id"]) == ("B", "5", "7")


def test_identifiers_that_say_of_what_kind_they_are_join_their_kind_only() -> None:
    merge = ("PID|||1^^^A^MR~5^^^A^AN", "MRG|7^^^A^AN~6^^^A^PI")
    (row,) = facts("ADT^A40", "identity_events", *merge)
    assert (row["surviving_id"], row["retired_id"]) == ("5", "7")
    (row,) = facts("ADT^A40", "identity_events", merge[0], "MRG|6^^^A^PI")
    assert (row["surviving_id"], row["retired_id"]) == ("1", "6")


def test_a_change_of_an_identifier_retires_it_likewise() -> None:
    (row,) = facts("ADT^A47", "identity_events", PID, "MRG|2^^^H")
    assert (row["event"], row["surviving_id"], row["retired_id"]) == ("change_id", "1", "2")
    assert facts("ADT^A31", "identity_events", PID) == []


def test_an_account_merge_names_two_accounts_and_retires_no_patient() -> None:
    with_account = PID.replace("|19500229", "|19500229") + "|" * 10 + "ACC1"
    (row,) = facts("ADT^A41", "identity_events", with_account, "MRG|2^^^H||ACC2")
    assert (row["event"], row["patient_id"]) == ("merge_account", "1")
    assert (row["surviving_account"], row["retired_account"]) == ("ACC1", "ACC2")


def test_where_accounts_number_the_visits_what_is_said_of_accounts_is_said_of_visits() -> None:
    pid = PID + "|" * 10 + "ACC1"
    header = "MSH|^~\\&|APP|SITE|||20240601120000||ADT^{}|C1|P|2.5"
    profile = FeedProfile("adt", visit_number="PID-18")
    for trigger, event in (("A41", "merge_visit"), ("A44", "move_visit")):
        message = "\r".join([header.format(trigger), pid, "MRG|2^^^H||ACC2"]).encode()
        found = decode(pa.array([message], pa.binary()), profile).facts["identity_events"]
        (row,) = found.to_pylist()
        assert (row["event"], row["surviving_visit"], row["retired_visit"]) == (
            event,
            "ACC1",
            "ACC2",
        )


def test_a_visit_merge_names_two_visits() -> None:
    (row,) = facts("ADT^A42", "identity_events", PID, "MRG|1^^^H||||V0", PV1)
    assert (row["event"], row["surviving_visit"], row["retired_visit"]) == (
        "merge_visit",
        "V1",
        "V0",
    )


def test_a_moved_visit_names_whose_it_was_and_its_own_number_then_and_now() -> None:
    other = PV1.replace("|V1|", "|V2|")
    rows = facts(
        "ADT^A45^ADT_A45", "identity_events", PID, "MRG|2^^^H||||V1", PV1, "MRG|3^^^H||||V0", other
    )
    found = [
        (row["retired_id"], row["surviving_id"], row["retired_visit"], row["surviving_visit"])
        for row in rows
    ]
    assert found == [("2", "1", "V1", "V1"), ("3", "1", "V0", "V2")]
    assert {row["event"] for row in rows} == {"move_visit"}


def test_a_move_from_another_authority_is_kept_and_says_so() -> None:
    (row,) = facts("ADT^A45", "identity_events", PID, "MRG|2^^^K||||V1", PV1)
    assert (row["facility"], row["retired_facility"], row["retired_id"]) == ("H", "K", "2")


@pytest.mark.parametrize(("trigger", "event"), [("A24", "link"), ("A37", "unlink")])
def test_links_are_told_by_two_patients(trigger: str, event: str) -> None:
    second = "PID|||2^^^H^MR||OTHER"
    (row,) = facts(f"ADT^{trigger}", "identity_events", PID, PV1, second, PV1)
    assert (row["event"], row["facility"], row["patient_id"]) == (event, "H", "1")
    assert (row["surviving_id"], row["retired_id"], row["retired_facility"]) == ("1", "2", "H")


def test_a_swap_of_beds_says_where_each_of_two_patients_is_now() -> None:
    second = PV1.replace("W1^R2^B3", "W1^R2^B4").replace("|V1|", "|V2|")
    rows = facts("ADT^A17", "encounter_events", PID, PV1, "PID|||2^^^H^MR", second)
    assert [(row["patient_id"], row["encounter_id"], row["bed"]) for row in rows] == [
        ("1", "V1", "B3"),
        ("2", "V2", "B4"),
    ]


def test_an_encounter_event_names_the_bed_before_and_the_account() -> None:
    moved = PV1.replace("|||W0|", "|||W0^R0^B0|")
    (row,) = facts("ADT^A02", "encounter_events", PID + "|" * 10 + "ACC1^^^H", moved)
    assert (row["prior_unit"], row["prior_room"], row["prior_bed"]) == ("W0", "R0", "B0")
    assert row["account_id"] == "ACC1"


def test_diagnoses() -> None:
    rows = facts(
        "ADT^A01",
        "diagnoses",
        PID,
        "DG1|1|I10|A41.9^Sepsis^I10||20240601090000|F|||||||||2",
        "DG1|2|||Fever||A",
        "DG1|3",
    )
    assert [row["code"] for row in rows] == ["A41.9", None]
    assert [row["code_text"] for row in rows] == ["Sepsis", "Fever"]
    assert [row["priority"] for row in rows] == [2, 2]
    assert [row["documented_at"] for row in rows] == [at(9), at(12)]


def test_diagnosis_that_is_deleted_under_its_number_is_taken_back() -> None:
    told = "DG1|1||A41.9^Sepsis^I10" + "|" * 17
    rows = facts("ADT^A08", "diagnoses", PID, f"{told}D7|A", f"{told}D7|D")
    found = [(row["diagnosis_id"], row["status"]) for row in rows]
    assert found == [("D7", None), ("D7", "entered_in_error")]


CULTURE = "OBR|1|P1|F1|BC^Blood culture^L|||20240601100000||||||||BLD&Blood"


def test_an_order_is_its_orc_with_its_obr() -> None:
    (row,) = facts("OML^O21", "order_events", PID, "ORC|NW|P1|F1||IP||||20240601090000", CULTURE)
    assert (row["order_id"], row["order_control"], row["order_status"]) == ("P1", "NW", "IP")
    assert (row["code"], row["code_text"], row["code_system"]) == ("BC", "Blood culture", "L")
    assert (row["specimen"], row["is_cancelled"]) == ("BLD", False)
    assert (row["effective_at"], row["documented_at"]) == (at(10), at(9))


def test_specimen_and_collection_come_from_spm() -> None:
    bare = CULTURE.replace("20240601100000", "")
    spm = "SPM|1|||CSF^Fluid" + "|" * 13 + "20240601070000^20240601073000"
    rows = facts("OML^O21", "order_events", PID, "ORC|NW|P1", bare, spm, "ORC|NW|P2", bare)
    assert [row["specimen"] for row in rows] == ["CSF", "BLD"]
    assert [row["effective_at"] for row in rows] == [at(7), at(12)]


@pytest.mark.parametrize("control", ["CA", "OC", "CR", "DC", "OD", "DR"])
def test_a_cancelled_order_may_come_without_what_was_ordered(control: str) -> None:
    rows = facts("ORM^O01", "order_events", PID, f"ORC|{control}|P1", "ORC|NW|P2", CULTURE)
    assert [row["is_cancelled"] for row in rows] == [True, False]
    assert [row["code"] for row in rows] == [None, "BC"]


def test_an_order_whose_status_is_cancelled_is_cancelled() -> None:
    rows = facts("ORM^O01", "order_events", PID, "ORC|SC|P1||" + "|CA", CULTURE)
    assert [row["is_cancelled"] for row in rows] == [True]


RXE = "RXE|^^^20240601070000|J01DD04^Ceftriaxone^ATC|2||g" + "|" * 18 + "50|mL/h"


def test_a_drug_order_with_its_route_and_times() -> None:
    rows = facts(
        "RDE^O11",
        "medication_events",
        PID,
        "ORC|NW|P1|||||||20240601090000",
        "TQ1|1||||||20240601100000|20240602100000",
        "RXO|X",
        RXE,
        "RXR|IV^Intravenous",
    )
    (row,) = rows
    assert (row["order_id"], row["event"], row["code"]) == ("P1", "ordered", "J01DD04")
    assert (row["dose"], row["dose_unit"], row["route"]) == (2.0, "g", "IV")
    assert (row["rate"], row["rate_unit"]) == (50.0, "mL/h")
    assert (row["started_at"], row["ended_at"]) == (at(10), at(10, 2))
    assert row["documented_at"] == at(9)


def test_without_tq1_a_drug_starts_by_the_older_fields() -> None:
    (row,) = facts("RDE^O11", "medication_events", PID, "ORC|NW|P1", RXE)
    assert row["started_at"] == at(7)
    orc = "ORC|NW|P1|||||^^^20240601060000^20240601080000||20240601050000"
    (row,) = facts("OMP^O09", "medication_events", PID, orc, "RXO|X^Drug|5||mg")
    assert (row["started_at"], row["ended_at"]) == (at(6), at(8))
    (row,) = facts("OMP^O09", "medication_events", PID, "ORC|NW|P1", "RXO|X^Drug|5||mg")
    assert row["started_at"] == at(12)


@pytest.mark.parametrize(
    ("orc", "event"),
    [
        ("NW|P1", "ordered"),
        ("XO|P1", "changed"),
        ("DC|P1", "discontinued"),
        ("OD|P1", "discontinued"),
        ("CA|P1", "cancelled"),
        ("OC|P1", "cancelled"),
        ("SC|P1|||CA", "cancelled"),
        ("SC|P1|||DC", "discontinued"),
        ("|P1", "ordered"),
    ],
)
def test_order_controls_name_medication_events(orc: str, event: str) -> None:
    (row,) = facts("RDE^O11", "medication_events", PID, f"ORC|{orc}", RXE)
    assert row["event"] == event
    (row,) = facts("RDE^O11", "medication_events", PID, f"ORC|{orc}")
    assert (row["event"], row["code"]) == (event, None)


@pytest.mark.parametrize(
    ("completion", "event"),
    [("CP", "administered"), ("", "administered"), ("RE", "not_given"), ("NA", "not_given")],
)
def test_an_administration_is_given_or_not(completion: str, event: str) -> None:
    rxa = "RXA|0|1|20240601060000|20240601063000|NA^Noradrenaline|0.1|mg" + "|" * 13 + completion
    rows = facts("RAS^O17", "medication_events", PID, "ORC|RE|P1", RXE, rxa, "RXR|IV")
    (row,) = rows
    assert (row["event"], row["code"], row["route"]) == (event, "NA", "IV")
    assert (row["started_at"], row["ended_at"].minute) == (at(6), 30)


@pytest.mark.parametrize(
    ("sent", "rate", "unit"),
    [("0.1 mcg/kg/min", 0.1, "mcg/kg/min"), ("12", 12.0, None), ("slow", None, None)],
)
def test_an_infusion_rate_is_read_with_its_unit(
    sent: str, rate: float | None, unit: str | None
) -> None:
    rxa = f"RXA|0|1|20240601060000||NA^Noradrenaline|0.1|mg|||||{sent}"
    (row,) = facts("RAS^O17", "medication_events", PID, "ORC|RE|P1", rxa)
    assert (row["rate"], row["rate_unit"]) == (rate, unit)


def test_doses_of_an_order_that_share_a_number_are_told_apart_by_their_start() -> None:
    doses = [f"RXA|0|1|202406010{hour}0000||NA^Noradrenaline|0.1|mg" for hour in (6, 8)]
    rows = facts("RAS^O17", "medication_events", PID, "ORC|RE|P1", *doses)
    whose = [(row["order_id"], row["event_id"], row["started_at"]) for row in rows]
    assert whose == [("P1", "1", at(6)), ("P1", "1", at(8))]


def test_a_deleted_administration_never_was() -> None:
    rxa = "RXA|0|1|20240601060000||NA|0.1" + "|" * 14 + "CP|D"
    (row,) = facts("RAS^O17", "medication_events", PID, "ORC|RE|P1", rxa)
    assert row["event"] == "cancelled"


def test_a_drug_within_a_general_order_is_a_medication_and_no_order() -> None:
    segments = (PID, "ORC|NW|P1", "RXO|X^Drug", "ORC|NW|P2", CULTURE)
    assert [row["code"] for row in facts("ORM^O01", "medication_events", *segments)] == ["X"]
    assert [row["code"] for row in facts("ORM^O01", "order_events", *segments)] == ["BC"]
