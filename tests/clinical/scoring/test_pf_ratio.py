"""PaO2/FiO2 pairs a gas with the oxygen of its own time."""

import pytest

from clinical.scores.ratios import PF_RATIO
from tests.clinical.scoring.test_kdigo import Series, staged


@pytest.mark.parametrize(
    ("pao2", "fio2", "want"),
    [
        ([(0, 90)], [(0, 60)], 150),
        ([(0, 90)], [(4, 60)], 150),
        ([(0, 57)], [(0, 57)], 100),
        # FiO2 that was set after the gas is not the gas's.
        ([(2, 90)], [(3, 60), (1, 30)], 150),
        ([(5, 60), (2, 90)], [(3, 60)], 150),
    ],
)
def test_a_gas_is_divided_by_the_newest_fio2_up_to_it(
    pao2: Series, fio2: Series, want: float
) -> None:
    found = staged(PF_RATIO, pao2=pao2, fio2=fio2)
    assert (found.state, found.observed) == ("complete", want)


@pytest.mark.parametrize("fio2", [[(4.1, 60.0)], [(-0.1, 60.0)], []])
def test_without_an_fio2_of_its_time_a_gas_has_no_ratio(fio2: Series) -> None:
    found = staged(PF_RATIO, pao2=[(0, 90.0)], **({"fio2": fio2} if fio2 else {}))
    assert (found.state, found.observed, found.missing) == ("indeterminate", None, ("fio2",))


def test_less_oxygen_than_air_is_no_fio2() -> None:
    found = staged(PF_RATIO, pao2=[(0, 90.0)], fio2=[(0, 20.0)])
    assert (found.state, found.reason) == ("indeterminate", "fio2_below_air")
    assert staged(PF_RATIO, pao2=[(0, 84.0)], fio2=[(0, 21.0)]).observed == 400
