"""The bands of scores over a stretch of time, as their pages tell them.

Here: tables of the bounds that SOFA and KDIGO name. Not here: any bound.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from clinical.scores import kdigo, sofa
from docs.told import table


def _sofa() -> Iterator[str]:
    yield "## Bands"
    yield "Points are those of the worst value of the window; bounds are half-open, as told."
    rows = [
        ("respiration, PaO2/FiO2 in mmHg", _below(sofa.PAO2_FIO2_BELOW)),
        ("coagulation, platelets in 10\\*3/uL", _below(sofa.PLATELETS_BELOW)),
        ("liver, bilirubin in mg/dL", _reached(sofa.BILIRUBIN_FROM)),
        ("circulation, mean pressure in mmHg", _below((sofa.MEAN_BP_BELOW,))),
        *(
            (f"circulation, {drug} in ug/kg/min", _above(bounds))
            for drug, bounds in sofa.CATECHOLAMINES_ABOVE.items()
        ),
        ("consciousness, GCS", _below(sofa.GCS_BELOW)),
        ("kidney, creatinine in mg/dL", _reached(sofa.CREATININE_FROM)),
        ("kidney, urine in mL a day", _urine()),
    ]
    yield table(("Organ", "Points by value"), rows)
    yield (
        f"Without respiratory support breathing gives at most {sofa.MOST_WITHOUT_SUPPORT} points."
    )


def _below(bounds: Sequence[float]) -> str:
    return "; ".join(f"below {bound:g}: **{place}**" for place, bound in enumerate(bounds, 1))


def _reached(bounds: Sequence[float]) -> str:
    return "; ".join(f"{bound:g} or more: **{place}**" for place, bound in enumerate(bounds, 1))


def _above(bounds: Mapping[float, int]) -> str:
    return "; ".join(f"above {bound:g}: **{points}**" for bound, points in bounds.items())


def _urine() -> str:
    told = sofa.URINE_BELOW.items()
    return "; ".join(f"below {bound:g}: **{points}**" for bound, points in told)


def _kdigo() -> Iterator[str]:
    yield "## Stages"
    rows = [
        *(
            (stage, f"{ratio:g} times the lowest of 7 days")
            for ratio, stage in kdigo.STAGE_BY_RATIO
        ),
        (1, f"{kdigo.ACUTE_RISE:g} mg/dL above the lowest of {kdigo.ACUTE_HOURS} h"),
        (3, f"{kdigo.SEVERE_CREATININE:g} mg/dL or more, with one of the others"),
        *(
            (one.stage, f"urine {_rate(one.below)} for {one.hours} h")
            for one in kdigo.URINE_CRITERIA
        ),
    ]
    yield table(("Stage", "Criterion"), sorted(rows, key=lambda row: row[0]))


def _rate(below: float) -> str:
    return f"below {below:g} mL/kg/h" if below else "none"


EDGES: Mapping[str, Callable[[], Iterator[str]]] = {"sofa": _sofa, "kdigo": _kdigo}
