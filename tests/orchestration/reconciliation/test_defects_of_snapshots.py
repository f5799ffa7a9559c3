"""Defects put into the census and the list of medications: each is named rightly."""

from datetime import UTC, date, datetime

import pytest

from tests.orchestration.reconciliation.injecting import World

NIGHT = date(2026, 1, 10)
BEFORE_THE_RUN = datetime(2026, 1, 9, 15, tzinfo=UTC)
AFTER_THE_RUN = datetime(2026, 1, 10, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def spoilt(hospital, tmp_path_factory):
    """A world with one defect per prescription and visit, and what is to come of each."""
    world = World.of(hospital)
    expected = spoil_prescriptions(world) | spoil_visits(world)
    built = world.built(tmp_path_factory.mktemp("spoilt") / "world")
    for job in ("census", "active_medications"):
        built.land(job, NIGHT)
        built.compared(job, NIGHT)
    return built, expected


def test_each_defect_has_its_own_class_and_touches_no_other_row(spoilt):
    world, expected = spoilt
    rows = [
        row for job in ("census", "active_medications") for row in world.differences(job, NIGHT)
    ]
    found = {
        (row["patient_id"], row["key"].get("prescription_id") or row["key"]["encounter_id"]): (
            row["class"] + ("!" if row["is_wrong_patient"] else "")
        )
        for row in rows
    }
    assert found == expected
    assert all(row["cause_offset"] is not None for row in rows if row["is_explained"])


def spoil_prescriptions(world):
    orders = [
        m
        for m in world.messages
        if m.kind == "RDE^O11" and m.at < BEFORE_THE_RUN and m.one("TQ1")[8] > "20260111"
    ]

    def told(message, class_, patient=None):
        return {(patient or message.patient, message.one("ORC")[2].removeprefix("RX")): class_}

    def sent_again(message, control, at):
        again = message.copy()
        again.control_id = f"{control}-{again.control_id}"
        again.one("ORC")[1], again.at = control, at
        world.send(again)
        return again

    dropped, late, unit, cancelled, stopped, changed, valued, coded, strange, doubled = orders[:10]
    mistaken = orders[10]
    world.drop(dropped)
    late.at = AFTER_THE_RUN
    unit.one("RXE")[5] = "furlong"
    sent_again(cancelled, "CA", BEFORE_THE_RUN)
    sent_again(stopped, "DC", BEFORE_THE_RUN)
    sent_again(changed, "XO", BEFORE_THE_RUN).one("RXE")[3] = "999"
    valued.one("RXE")[3] = "12345"
    coded.one("RXE")[2] = "^".join(["OTHER", *coded.one("RXE")[2].split("^")[1:]])
    mistaken.one("RXE")[2] = "OTHER^Another Drug^NDC"
    owner = strange.patient
    strange.patient = "99901"
    sent_again(doubled, "NW", BEFORE_THE_RUN)
    return {
        **told(dropped, "missing_in_stream"),
        **told(late, "late"),
        **told(unit, "unit"),
        **told(cancelled, "retracted"),
        **told(stopped, "corrected"),
        **told(changed, "corrected"),
        **told(valued, "value"),
        **told(coded, "mapping"),
        **told(mistaken, "value"),
        **told(strange, "missing_in_legacy!"),
        **told(strange, "missing_in_stream!", owner),
    }


def spoil_visits(world):
    visits = [m for m in world.messages if m.kind[:3] == "ADT"]
    admitted = {m.patient: m for m in visits if m.kind == "ADT^A01"}
    late, cancelled, dropped = (admitted[name] for name in ("10056", "40687", "10013"))
    late.at = AFTER_THE_RUN
    again = cancelled.copy()
    again.one("MSH")[8] = "ADT^A11^ADT_A09"
    again.control_id, again.at = "CANCELLED", BEFORE_THE_RUN
    again.one("EVN")[2] = again.one("MSH")[6]
    world.send(again)
    world.drop(dropped)
    # Nothing is heard of it afterwards: a later move would tell that the patient did lie there.
    for message in visits:
        if message.patient == cancelled.patient and message.at > cancelled.at:
            world.drop(message)
    for message in visits:
        if message.patient == "44228":
            message.one("PV1")[3] = "ELSEWHERE"

    def told(message, class_):
        return {(message.patient, message.one("PV1")[19]): class_}

    return {
        **told(late, "late"),
        **told(cancelled, "retracted"),
        **told(dropped, "missing_in_stream"),
        **told(admitted["44228"], "value"),
    }
