"""What was measured of scores and rules, as pages tell it.

Here: tables of the stored evaluations in docs/evaluation, as `pulsehouse backtest --json` prints
them. Not here: how anything is measured (clinical/evaluation).
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from docs.told import table

STORED = Path(__file__).parent / "evaluation"
NOTHING = (
    "Not measured yet: no stored evaluation tells of it. `pulsehouse backtest --help` says how one"
    " is made."
)
Row = Mapping[str, Any]


def evaluations() -> list[Row]:
    """The stored evaluations, by name."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(STORED.glob("*.json"))]


def of_rule(family: str) -> Iterator[str]:
    """How a rule family did, in each stored evaluation."""
    yield "## Measured performance"
    rows = [
        _rule_row(one, name, found)
        for one in evaluations()
        for name, found in one.get("families", {}).items()
        if name == family or (family == "critical_result" and name.startswith("critical_"))
    ]
    if not rows:
        yield NOTHING
        return
    yield (
        "Alerts raised, not suppressed. Sensitivity: of the events, those alerted in time; PPV: of"
        " the alerts, those with an event; what counts as which is said in the evaluation."
        " Intervals are of 95 %."
    )
    names = ("Data", "Family", "Rules", "Stays", "Held against", "Sensitivity", "PPV")
    yield table((*names, "Hours before outcome", "Alerts per 100 patient-days", "Utility"), rows)


def of_score(name: str) -> Iterator[str]:
    """How the variants of a score did, in each stored evaluation."""
    yield "## Measured performance"
    rows = [
        (
            one["title"],
            f"`{variant}`",
            _number(found.get("auroc")),
            _number(found.get("auprc")),
            f"{found.get('hours') or 0:,}",
        )
        for one in evaluations()
        for variant, found in one.get("scores", {}).items()
        if variant.partition("/")[0] == name
    ]
    if not rows:
        yield NOTHING
        return
    yield table(("Data", "Score", "AUROC by hour", "AUPRC by hour", "Hours"), rows)


def _rule_row(one: Row, name: str, found: Row) -> tuple[str, ...]:
    whole: Row = found["units"]["all"]
    lead = whole.get("lead_to_outcome_hours") or {}
    return (
        str(one["title"]),
        f"`{name}`",
        f"`{one['rules']['rules_version']}`",
        f"{one['stays']:,}",
        str(found.get("reference") or "nothing").replace("_", " "),
        _share(whole, "sensitivity"),
        _share(whole, "ppv"),
        _number(lead.get("median"), 1),
        _number(whole.get("alerts_per_100_patient_days"), 1),
        _number((found.get("utility") or {}).get("normalised")),
    )


def _share(whole: Row, name: str) -> str:
    value, interval = whole.get(name), whole.get(f"{name}_interval")
    if value is None:
        return "not known"
    low_high = f" ({interval[0]:.2f} to {interval[1]:.2f})" if interval else ""
    return f"{value:.2f}{low_high}"


def _number(value: float | None, digits: int = 2) -> str:
    return "not known" if value is None else f"{value:.{digits}f}"
