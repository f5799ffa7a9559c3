"""Defects that a status, a second sending or a neighbour could hide: none passes for a correction.

All of them are in one world; labs and charted values of one night and the next.
"""

from datetime import date

import pytest

from tests.orchestration.reconciliation.injecting import World
from tests.orchestration.reconciliation.test_defects_of_results import (
    AFTER_THE_RUN,
    BREATHS,
    MINUTE,
    NEXT,
    NIGHT,
    PRESSURE,
    PULSE,
    Defects,
    found,
    key,
    keys,
    leave_out,
)

BEFORE = date(2026, 1, 9)
DIASTOLIC, ARTERY, WEIGHT = "220180", "491", "742"
# Sites of a message's fields: the code, the value, the unit, and the status of a result.
CODE, VALUE, UNIT, STATUS = 3, 5, 6, 11


def correct_what_was_never_sent(d):
    message = d.take()
    message.result(PULSE)[STATUS] = "C"
    leave_out(d, message)
    d.expect("correction of nothing", "missing_in_legacy", key(message))
    message = d.take()
    d.world.send(d.version(message, "LEFT-OUT", value="77", status="C"))
    leave_out(d, message)
    d.expect("correction of what the job should have too", "missing_in_legacy", key(message))


def correct_under_another_code(d):
    message = d.take()
    d.expect("recoded", "mapping", key(message), key(message, "999998"))
    pulse = message.result(PULSE)
    pulse[CODE], pulse[STATUS] = "999998^Heart Rate^MIMIC_CHART", "C"
    for control, status in (("", "F"), ("RECODED", "C")):
        message = take_unequal(d, BREATHS)
        d.expect("recoded over another", "mapping", key(message), key(message, BREATHS))
        recode_behind(d, message, control, status)


def recode_behind(d, message, control, status):
    pulse, breaths = message.result(PULSE), message.result(BREATHS)
    message.segments.remove(pulse)
    pulse[CODE], pulse[STATUS] = breaths[CODE], status
    if not control:
        message.segments.append(pulse)
        return
    later = message.copy()
    later.segments = [s for s in later.segments if s[0] != "OBX"] + [pulse]
    later.control_id, later.at = control, later.at + MINUTE
    d.world.send(later)


def take_unequal(d, other):
    """A message in which the pulse and another item differ."""
    while True:
        message = d.take(also=other)
        if message.result(PULSE)[VALUE] != message.result(other)[VALUE]:
            return message


def send_again_as_final(d):
    message = d.take()
    d.world.send(d.version(message, "AGAIN1", value="31", status="F"))
    d.expect("another value", "value", key(message))
    message = d.take()
    again = d.version(message, "AGAIN2", status="F")
    again.result(PULSE)[UNIT] = "kPa"
    d.world.send(again)
    d.expect("another unit", "unit", key(message))
    message = d.take()
    again = d.version(message, "AGAIN3", value="32", status="F")
    again.at = AFTER_THE_RUN
    d.world.send(again)
    d.next_night[key(message)] = "missing_in_legacy"


def correct_truly(d):
    message = d.take()
    d.world.send(d.version(message, "TRUE1", value="33", status="C"))
    again = d.version(message, "TRUE2", value="33", status="F")
    again.at += MINUTE
    d.world.send(again)
    d.expect("corrected and sent again", "corrected", key(message))
    message = d.take()
    d.world.send(d.version(message, "TRUE3", value="34", status="F"))
    message.result(PULSE)[STATUS] = "P"
    d.expect("final after preliminary", "corrected", key(message))


def mistake_a_patient_and_a_value(d):
    message = next(
        m for m in d.world.charts(NIGHT, PULSE) if m.control_id not in d.taken and len(m.items) > 5
    )
    d.taken.add(message.control_id)
    d.expect("wrong patient", "missing_in_stream", *keys(message), wrong=True)
    message.patient, message.result(PULSE)[VALUE] = "99911", "35"
    message.one("PV1")[19] = ""
    d.expect("wrong patient", "missing_in_legacy", *keys(message), wrong=True)


def change_systems_and_exchange_codes(d):
    for system in ("LOCAL", "MIMIC_LAB"):
        message = d.take()
        message.result(PULSE)[CODE] = f"{PULSE}^Heart Rate^{system}"
        d.expect("another coding system", "mapping", key(message))
    # The laboratory's job knows nothing of the pulse that now bears its coding system.
    d.labs[key(message)] = "missing_in_legacy"
    message = take_unequal(d, PRESSURE)
    one, other = message.result(PULSE), message.result(PRESSURE)
    one[CODE], other[CODE] = other[CODE], one[CODE]
    d.expect("exchanged codes", "mapping", key(message), key(message, PRESSURE))


def convert_without_a_concept(d):
    for item, unit, factor in ((ARTERY, "kPa", 0.133322), (WEIGHT, "g", 1000)):
        message = d.take(item, also=item)
        obx = message.result(item)
        obx[VALUE], obx[UNIT] = f"{float(obx[VALUE]) * factor:.6g}", unit
        d.expect("unit of an item without a concept", "unit", key(message, item))


def spoil_results(d):
    sent = [
        m
        for m in d.world.results(NIGHT, "50971")
        if len(set(m.items)) == len(m.items) > 5 and m.at.date() < NIGHT
    ]
    stray, doubled, corrected = sent[:3]
    d.labs |= dict.fromkeys(keys(stray), "missing_in_stream!")
    stray.patient = "99912"
    for obx in stray.all("OBX"):
        obx[STATUS] = "C"
    d.labs |= dict.fromkeys(keys(stray), "missing_in_legacy!")
    for message, status, class_ in ((doubled, "F", "value"), (corrected, "C", "corrected")):
        again = message.copy()
        again.control_id, again.at = f"RESULT-{status}", message.at + MINUTE
        potassium = again.result("50971")
        potassium[VALUE], potassium[STATUS] = "9.9", status
        d.world.send(again)
        d.labs[key(message, "50971")] = class_


class Hidden(Defects):
    """Defects with those of the laboratory beside them."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.labs: dict[tuple, str] = {}


DEFECTS = (
    *(correct_what_was_never_sent, correct_under_another_code, send_again_as_final),
    *(correct_truly, mistake_a_patient_and_a_value, change_systems_and_exchange_codes),
    *(convert_without_a_concept, spoil_results),
)


@pytest.fixture(scope="module")
def spoilt(hospital, tmp_path_factory):
    """The defects, and the world that has them, compared."""
    defects = Hidden(World.of(hospital))
    for defect in DEFECTS:
        defect(defects)
    world = defects.world.built(tmp_path_factory.mktemp("hidden") / "world")
    world.land("vitals", BEFORE, NIGHT, NEXT)
    world.land("labs", NIGHT)
    for job, night in (("vitals", NIGHT), ("vitals", NEXT), ("labs", NIGHT)):
        world.compared(job, night)
    return defects, world


@pytest.mark.parametrize(
    "case",
    [
        "correction of nothing",
        "correction of what the job should have too",
        "recoded",
        "recoded over another",
        "another value",
        "another unit",
        "corrected and sent again",
        "final after preliminary",
        "wrong patient",
        "another coding system",
        "exchanged codes",
        "unit of an item without a concept",
    ],
)
def test_what_looks_like_a_correction_has_its_own_class(spoilt, case):
    defects, world = spoilt
    told = found(world, NIGHT)
    expected = {k: defects.tonight[k] for k in defects.cases[case]}
    assert {k: told.get(k) for k in expected} == expected


def test_no_hidden_defect_touches_another_key(spoilt):
    defects, world = spoilt
    assert set(found(world, NIGHT)) == set(defects.tonight)


def test_another_value_sent_as_final_a_night_later_stays_unexplained(spoilt):
    defects, world = spoilt
    assert found(world, NEXT) == defects.next_night


def test_results_of_another_patient_sent_as_corrections_are_marked_on_both_sides(spoilt):
    defects, world = spoilt
    assert found(world, NIGHT, "labs") == defects.labs
