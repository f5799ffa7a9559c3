"""What a visit's move (A45) takes along: results, orders and drugs, whatever came first."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from clinical.encounters.identities import Identities
from tests.lakehouse.test_any_order import FEW
from tests.lakehouse.told import ask, message, shown

PV1 = f"PV1||I|W1{'|' * 16}"
PATIENTS, VISITS = ("1", "2", "3"), ("V1", "V2")


def result(patient: str, visit: str, number: str = "F1") -> bytes:
    obr = f"OBR|1||{number}|CHEM^Chemistry^L|||202406010700{'|' * 15}202406010900|||F"
    obx = "OBX|1|NM|K^Potassium^L||4.1|mmol/L|||||F"
    return message("ORU^R01", "0900", PV1 + visit, obr, obx, patient=patient)


def order(patient: str, visit: str, number: str = "P1") -> bytes:
    orc = f"ORC|NW|{number}|||||||202406010800"
    obr = f"OBR|1|{number}||CHEM^Chemistry^L"
    return message("ORM^O01", "0800", PV1 + visit, orc, obr, patient=patient)


def drug(patient: str, visit: str, number: str = "M1") -> bytes:
    orc = f"ORC|NW|{number}|||||||202406010800"
    rxe = "RXE|^^^202406010800^|A^Drug A^L|1||mg"
    return message("RDE^O11", "0800", PV1 + visit, orc, rxe, patient=patient)


def moved(visit: str, source: str, target: str) -> bytes:
    mrg = f"MRG|{source}^^^H^MR||||{visit}"
    return message("ADT^A45", "1000", mrg, PV1 + visit, patient=target)


def merged(retired: str, surviving: str) -> bytes:
    return message("ADT^A40", "1000", f"MRG|{retired}^^^H^MR", patient=surviving)


QUESTIONS = (
    "select patient_id, order_id from current_observations",
    "select patient_id, order_id from current_orders where is_ordered",
    "select patient_id, order_id from active_medications",
)
FACTS = (result, order, drug)


def test_all_facts_of_a_moved_visit_are_its_new_patients_in_any_order() -> None:
    told: list[bytes] = []
    for number, way in enumerate(permutations(range(4))):
        old, new, visit = f"old {number}", f"new {number}", f"V{number}"
        messages = [*(fact(old, visit, f"N{number}") for fact in FACTS), moved(visit, old, new)]
        told += [messages[place] for place in way]
    expected = {(f"new {number}", f"N{number}") for number in range(24)}
    with shown(told) as connection:
        for question in QUESTIONS:
            assert set(ask(connection, question)) == expected, question


def test_another_visit_of_the_same_patient_stays() -> None:
    told = [moved("V1", "1", "2"), *(fact("1", "V2") for fact in FACTS)]
    with shown(told) as connection:
        for question in QUESTIONS:
            assert [whose for whose, _ in ask(connection, question)] == ["1"], question


Told = tuple[str, str, str]
facts = st.tuples(st.just("fact"), st.sampled_from(PATIENTS), st.sampled_from(VISITS))
moves = st.permutations(PATIENTS).flatmap(
    lambda two: st.sampled_from(VISITS).map(lambda visit: (visit, two[0], two[1]))
)
merges = st.permutations(PATIENTS).map(lambda two: ("merge", two[0], two[1]))


@FEW
@given(st.lists(facts, min_size=8, max_size=12), st.lists(moves | merges, max_size=4), st.data())
def test_whose_a_fact_is_in_sql_is_whose_the_stream_takes_it_for(
    told: list[Told], ledger: list[Told], data: st.DataObject
) -> None:
    known, whose = Identities(), {}
    messages: list[bytes] = []
    for number, one in enumerate(data.draw(st.permutations([*told, *ledger]))):
        kind, first, second = one
        if kind == "fact":
            whose[f"N{number}"] = (first, second)
            messages += [fact(first, second, f"N{number}") for fact in FACTS]
            continue
        event = {"retired_id": first, "surviving_id": second}
        if kind == "merge":
            known.learn({"event": "merge", **event})
            messages.append(merged(first, second))
        else:
            known.learn({"event": "move_visit", **event, "retired_visit": kind})
            messages.append(moved(kind, first, second))
    expected = {(known.owner(*sent), number) for number, sent in whose.items()}
    with shown(messages) as connection:
        for question in QUESTIONS:
            assert set(ask(connection, question)) == expected, question
