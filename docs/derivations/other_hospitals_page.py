"""The page docs/other_hospitals.md: scores on hospitals that nothing was tuned on.

Here: words and tables around stored figures. Not here: how anything was measured.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from clinical.scores.sepsis_points import SEPSIS_POINTS
from docs.told import table

Row = Mapping[str, Any]

_MADE = (
    "Made from `docs/derivations/other_hospitals.json`, which `python -m"
    " docs.derivations.other_hospitals DIR` makes anew from the public data sets in DIR.\n"
    "Not a medical device; not for clinical use without local assessment."
)
_COHORTS = {
    "eicu_demo": "eICU demo: stays of many hospitals in the United States",
    "mimic_demo": "MIMIC-III demo: one hospital",
}
_NAMES = {
    "sepsis_points": "`sepsis_points`",
    "hours_in_care_alone": "its points for hours in care alone",
    "sepsis_points_without_hours": "its other points alone",
    "news2": "`news2`",
    "qsofa": "`qsofa` (`gcs15`)",
    "sirs": "`sirs`",
    "sofa": "`sofa` (`vincent1996`)",
}


def page(found: Row) -> str:
    """The whole page."""
    parts = [*_opening(), *_labelled(found["labelled"]), *_first_days(found["first_days"])]
    return "\n\n".join(parts) + "\n"


def _opening() -> Iterator[str]:
    yield "# On hospitals that nothing was tuned on"
    yield _MADE


def _labelled(found: Mapping[str, Row]) -> Iterator[str]:
    yield "## Sepsis points and hourly Sepsis-3 labels"
    yield (
        "YAIB's sepsis cohorts (rvandewater/YAIB, demo data): hourly vital signs and laboratory"
        " results, through the engine's own grid. An hour is labelled from 6 hours before the"
        " first onset until 6 hours after it, where the stay is cut; other stays go on for up to 7"
        " days. Stays with an onset in their first 6 hours are left out. In eICU, suspicion of"
        " infection is antibiotics alone."
    )
    for name, one in found.items():
        yield f"### {_COHORTS[name]}"
        yield (
            f"{one['stays']:,} stays, {one['hours']:,} hours, {one['septic_stays']} septic"
            f" {'stay' if one['septic_stays'] == 1 else 'stays'} ({one['labelled_hours']}"
            " labelled hours)."
        )
        yield table(_COLUMNS, (_score(said, row, one) for said, row in one["scores"].items()))
    yield from _lessons(found["eicu_demo"])


_COLUMNS = (
    *("Score", "AUROC by hour", "AUPRC by hour", "Limit", "Utility", "Alerts per 100 patient-days"),
    *("Alerts, on septic stays", "Septic stays warned before onset", "In its last 12 h"),
)


def _score(name: str, row: Row, cohort: Row) -> Sequence[str]:
    areas = (_NAMES[name], _area(row), _number(row["auprc"], 3))
    if "limit" not in row:
        return (*areas, *("",) * (len(_COLUMNS) - len(areas)))
    septic = cohort["septic_stays"]
    return (
        *areas,
        str(row["limit"]),
        _number(row["utility"]) if septic > 1 else "one stay",
        _number(row["alerts_per_100_patient_days"], 1),
        f"{row['alerts']}, {row['alerts_on_septic_stays']}",
        f"{row['septic_stays_warned']} of {septic}",
        f"{row['septic_stays_warned_in_time']}",
    )


def _lessons(eicu: Row) -> Iterator[str]:
    scores = eicu["scores"]
    ours, news2 = scores["sepsis_points"], scores["news2"]
    yield (
        "Intervals are of 95 %, stays drawn anew. Utility is that of the PhysioNet/CinC Challenge"
        f" 2019. The limit of SOFA is taken of its total, not of a rise."
        f" {eicu['septic_stays']} septic stays settle little, one settles nothing."
    )
    yield (
        f"**The sepsis points did not carry over.** AUROC {_number(ours['auroc'])} in eICU, and a"
        f" utility of {_number(ours['utility'])}: less than never warning. NEWS2 reaches"
        f" {_number(news2['auroc'])} and {_number(news2['utility'])}. The points for hours in care"
        f" mislead here ({_number(scores['hours_in_care_alone']['auroc'])} alone): they take a long"
        " stay for a risk, as it was in the stays they were made on, but here half of the onsets"
        f" come within {eicu['median_hour_of_onset']:.0f} hours and stays without one go on; and"
        " stays septic in their first 6 hours, when a patient new to the hospital has many of"
        " these points, are left out. The other points alone reach"
        f" {_number(scores['sepsis_points_without_hours']['auroc'])}, as SIRS and NEWS2 do."
    )
    yield (
        "What is missing: consciousness and GCS (so NEWS2 and qSOFA lack them), end-tidal CO2,"
        " oxygen devices (FiO2 alone tells of oxygen), ventilation and catecholamines (so SOFA"
        " has neither). Known in eICU, as a share of hours: "
        + ", ".join(f"`{item}` {_share(ours['known'][item])}" for item in _SPARSE)
        + "; for SOFA "
        + ", ".join(f"{item} {_share(share)}" for item, share in scores["sofa"]["known"].items())
        + ". An hour of which a score knows nothing takes the lowest place."
    )


_SPARSE = [
    item.name for item in SEPSIS_POINTS.parameters if item.name in ("fio2", "wbc", "creatinine")
]


def _first_days(found: Row) -> Iterator[str]:
    first, plain = found["sofa"][0], found["sofa"][1]
    yield "## SOFA of the first day"
    yield (
        f"PhysioNet/CinC Challenge 2012, set A: {found['stays']:,} stays of intensive care, values"
        f" at the minutes at which they were charted, and a SOFA for"
        f" {found['stays_with_sofa']:,} of them that others computed; {found['died']} of those"
        " patients died in hospital. Difference is theirs less ours."
    )
    yield table(_SOFA_COLUMNS, (_sofa(row) for row in found["sofa"]))
    yield (
        f"`vincent1996` of the first 24 hours is theirs in {_share(first['within_0'])} of stays"
        f" and higher than theirs in {first['lower_than_ours']} of {first['compared']:,}. The"
        " second day and the worst of both agree far less: the column is of the first day. Where"
        " theirs is higher, vasopressors may be why, which the files do not have: with the 2"
        " to 4 points that these give for circulation,"
        f" {_share(first['equal_or_as_by_a_vasopressor'])} of the totals could be equal. Nobody"
        " can tell from the files whether any ran. Where mean pressure never fell below 70 mmHg,"
        f" {_share(first['equal_where_it_was_not'])} are equal, elsewhere"
        f" {_share(first['equal_where_pressure_was_low'])}."
    )
    yield (
        "`mimic_code` differs by named choices, and the last rows take them back one by one: it"
        " takes any entry of urine for a day's, so that the first hours of a stay look like little"
        " urine, and gives no points for a PaO2/FiO2 of 200 and more under ventilation. What is"
        " left of the differences was not found."
    )
    yield (
        "The second day tells more of death than the first"
        f" ({_number(plain['auroc_of_death_ours'])} against"
        f" {_number(first['auroc_of_death_ours'])}); theirs, of the first day,"
        f" {_number(first['auroc_of_death_theirs'])}."
    )


_SOFA_COLUMNS = (
    *("Variant", "Of", "With", "Stays", "Equal", "Within 1", "Within 2", "Ours higher"),
    *("Mean difference", "Correlation", "AUROC of death, ours", "theirs"),
)


def _sofa(row: Row) -> Sequence[str]:
    return (
        f"`{row['variant']}`",
        row["of"],
        ", ".join(f"`{name}` {_choice(value)}" for name, value in row["otherwise"].items()),
        f"{row['compared']:,}",
        *(_share(row[f"within_{most}"]) for most in (0, 1, 2)),
        str(row["lower_than_ours"]),
        *(_number(row[name]) for name in ("mean_difference", "correlation")),
        *(_number(row[f"auroc_of_death_{whose}"]) for whose in ("ours", "theirs")),
    )


def _choice(value: object) -> str:
    if isinstance(value, list):
        return " to ".join(map(str, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _area(row: Row) -> str:
    interval = row["auroc_interval"]
    low_high = f" ({_number(interval[0])} to {_number(interval[1])})" if interval else ""
    return _number(row["auroc"]) + low_high


def _number(value: float | None, digits: int = 2) -> str:
    return "not known" if value is None else f"{value:.{digits}f}"


def _share(value: float | None) -> str:
    return "not known" if value is None else f"{100 * value:.0f} %"
