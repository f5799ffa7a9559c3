"""Whatever happens to results, orders and drugs: in any order of arrival it comes to the same."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lakehouse import test_medications as drugs
from tests.lakehouse import test_observations as results
from tests.lakehouse import test_orders as orders
from tests.lakehouse.told import ask, shown
from tests.lakehouse.ways import as_of

# Times decide, so no two messages of a life are written at the same minute.
MINUTES = st.lists(st.integers(0, 59), min_size=2, max_size=6, unique=True)
Told = Callable[[str], bytes]


def _lives(told: st.SearchStrategy[Told]) -> st.SearchStrategy[tuple[list[bytes], list[bytes]]]:
    """Messages of a life, and the same in another order with some of them repeated."""

    def written(minutes: list[int], events: list[Told]) -> list[bytes]:
        return [event(f"10{minute:02d}") for minute, event in zip(minutes, events, strict=False)]

    life = st.builds(written, MINUTES, st.lists(told, min_size=6, max_size=6))
    return life.flatmap(
        lambda messages: st.tuples(
            st.just(messages),
            st.lists(st.sampled_from(messages), max_size=2).flatmap(
                lambda again: st.permutations([*messages, *again])
            ),
        )
    )


Lives = list[tuple[list[bytes], list[bytes]]]
# A connection takes long to set up: each example holds many lives.
FEW = settings(max_examples=5)


def _same(lives: Lives, *questions: str) -> None:
    told = [
        as_of(message, f"{number}-{side}")
        for number, life in enumerate(lives)
        for side, messages in enumerate(life)
        for message in messages
    ]
    with shown(told) as connection:
        for question in questions:
            found: dict[str, list[object]] = {}
            for patient, *stated in ask(connection, question):
                found.setdefault(patient, []).append(stated)
            for number in range(len(lives)):
                assert found.get(f"{number}-0") == found.get(f"{number}-1"), lives[number]


RESULTS = st.tuples(st.sampled_from("FPRSCABDWXUINO"), st.sampled_from(["4.1", "5.2", ""])).map(
    lambda told: lambda at: results.result(at, told[0], told[1])
)
ORDERS = st.one_of(
    st.tuples(
        st.sampled_from(["NW", "XO", "HD", "RL", "CA", "CR", "DC", "UC", "SC", "SN", "NA"]),
        st.sampled_from(["P1/", "P1/F1", "/F1"]),
    ).map(lambda told: lambda at: orders.order(told[0], at, told[1])),
    st.tuples(st.sampled_from("FPCXIA"), st.sampled_from(["0.8", ""])).map(
        lambda told: lambda at: orders.report(at, "P1/F1", told[0], value=told[1])
    ),
)
DRUGS = st.one_of(
    st.tuples(
        st.sampled_from(["NW", "XO", "HD", "RL", "CA", "DC", "OD", "UH"]),
        st.sampled_from(["A", "B", ""]),
    ).map(lambda told: lambda at: drugs.order(told[0], at, drug=told[1], start="0900")),
    st.just(drugs.dose),
    st.just(lambda at: drugs.dose(at, status="CM")),
)


def many(told: st.SearchStrategy[Told]) -> st.SearchStrategy[Lives]:
    return st.lists(_lives(told), min_size=10, max_size=10)


@given(lives=many(RESULTS))
@FEW
def test_the_result_that_stands(lives: Lives) -> None:
    _same(lives, "from current_observations select patient_id, status, value, is_verified")


@given(lives=many(ORDERS))
@FEW
def test_the_state_of_an_order(lives: Lives) -> None:
    _same(
        lives,
        "from current_orders select patient_id, order_id, state, waits_for, results order by all",
    )


@given(lives=many(DRUGS))
@FEW
def test_the_drugs_in_force(lives: Lives) -> None:
    asked = (
        "from lake.medication_orders_at('2024-06-01 10:{}:00+00', null)"
        " select patient_id, code, state, state_since order by all"
    )
    _same(lives, *(asked.format(minute) for minute in ("00", "15", "30", "59")))
