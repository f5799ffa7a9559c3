"""A backtest as a person reads it in a terminal.

Here: tables of the stable form. Not here: figures.
"""

from collections.abc import Mapping
from typing import Any

from clinical.evaluation.comparing import KINDS
from clinical.evaluation.families import ALL
from pulsehouse import terminal

_FAMILY = (
    *("family", "unit", "alerts", "per 100 patient-days", "sensitivity", "PPV", "lead h"),
    *("to antibiotic h", "before 2am h", "per shift", "p95"),
)


def show(told: Mapping[str, Any]) -> None:
    """All of it."""
    _head(told)
    _families(told)
    _utility(told)
    _news2(told)
    if "against" in told:
        _head(told["against"])
        _differences(told)
    terminal.note(
        f"{told['observations']:,} observations, {told['seconds']:.1f} s,"
        f" {told['seconds_in_shards']:.1f} s of processor in shards"
    )
    terminal.note(terminal.NOTICE)


def _head(told: Mapping[str, Any]) -> None:
    rules = told["rules"]
    terminal.write(
        f"rules {rules['name']} ({rules['rules_version']}): {told['patients']:,} patients,"
        f" {told['patient_days']:,.0f} patient-days,"
        f" {terminal.stamp(told['from'])} to {terminal.stamp(told['to'])},"
        f" onsets: {told['onset'] or 'not known'}"
    )


def _families(told: Mapping[str, Any]) -> None:
    rows = [
        (name, unit, *_figures(one))
        for name, family in told["families"].items()
        for unit, one in family["units"].items()
        # What announces nothing is only counted: one line says it.
        if unit == ALL or (one["alerts"] and family["reference"])
    ]
    terminal.show_table("Alerts", _FAMILY, rows)


def _figures(one: Mapping[str, Any]) -> tuple[object, ...]:
    return (
        one["alerts"],
        one["alerts_per_100_patient_days"],
        one["sensitivity"],
        one["ppv"],
        (one["lead_to_outcome_hours"] or {}).get("median"),
        one["lead_to_antibiotic_hours"]["median"],
        one["hours_before_batch"]["median"],
        one["per_shift"]["mean"],
        one["per_shift"]["p95"],
    )


def _utility(told: Mapping[str, Any]) -> None:
    rows = [
        (name, one["normalised"], one["hourly_sensitivity"], one["hourly_ppv"], one["warned_hours"])
        for name, family in told["families"].items()
        if (one := family["utility"])
    ]
    if rows:
        columns = ("family", "utility", "hourly sensitivity", "hourly PPV", "warned hours")
        terminal.show_table("PhysioNet/CinC 2019 utility", columns, rows)
    areas = [(name, one["auroc"], one["auprc"]) for name, one in told["scores"].items()]
    if areas:
        terminal.show_table("Scores by labelled hours", ("score", "AUROC", "AUPRC"), areas)


def _news2(told: Mapping[str, Any]) -> None:
    bands = [one for one in told["news2_calibration"] if one["hours"]]
    outcomes = sorted({name for one in bands for name in one["outcomes"]})
    rows = [
        (one["band"], one["hours"], *(one["outcomes"][name]["share"] for name in outcomes))
        for one in bands
    ]
    columns = ("NEWS2", "patient-hours", *(f"{name} in 24 h" for name in outcomes))
    terminal.show_table("NEWS2 bands", columns, rows)


def _differences(told: Mapping[str, Any]) -> None:
    rows = [
        (family, *(one[kind] for kind in KINDS), one["changed_band"], one["median_minutes"])
        for family, one in told["differences"].items()
    ]
    columns = ("family", *(kind.replace("_", " ") for kind in KINDS), "other band", "minutes")
    terminal.show_table("Differences", columns, rows)
