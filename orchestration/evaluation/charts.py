"""Charts of an evaluation, drawn offline.

Here: Vega-Altair charts of the stable form, as SVG for a page and as a picture in Markdown for
Dagster. Not here: figures, or the page (pulsehouse/backtest_report.py).
"""

import base64
import io
from collections.abc import Iterator, Mapping
from typing import Any

import altair as alt

from clinical.evaluation.comparing import KINDS
from clinical.evaluation.families import ALL

WIDTH, ROW_HEIGHT = 520, 22
# The height of a row that stands beside others of one family.
BESIDE = 9
COLOURS = ("#2f5d8a", "#c8641e", "#4f8a5b", "#8a4f7d", "#7a7a7a")
Row = dict[str, Any]
# Altair's methods are annotated as wider than they are: what they give is not checked.
Drawn = Any


def charts(told: Mapping[str, Any]) -> Mapping[str, Drawn]:
    """Every chart that the figures of an evaluation allow, by name."""
    found = {
        "sensitivity_and_ppv": _shares(told),
        "lead_times": _leads(told),
        "alert_load": _load(told),
        "alerts_per_shift": _shifts(told),
        "news2_calibration": _calibration(told),
        "utility": _utility(told),
        "differences": _differences(told),
    }
    return {name: chart for name, chart in found.items() if chart is not None}


def svg(chart: Drawn) -> str:
    """A chart as SVG, self-contained."""
    out = io.StringIO()
    _dressed(chart).save(out, format="svg")
    return out.getvalue()


def picture(chart: Drawn, title: str) -> str:
    """A chart as a picture within Markdown."""
    out = io.BytesIO()
    _dressed(chart).save(out, format="png")
    encoded = base64.b64encode(out.getvalue()).decode()
    return f"![{title.replace('_', ' ')}](data:image/png;base64,{encoded})"


def _dressed(chart: Drawn) -> Drawn:
    plain = chart.configure(font="Liberation Sans", background="white")
    plain = plain.configure_view(stroke=None).configure_range(category=list(COLOURS))
    return plain.configure_axis(
        labelFontSize=11, titleFontSize=11, titleFontWeight="normal", gridColor="#e4e4e4"
    ).configure_title(fontSize=13, anchor="start")


def _whole(told: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, family in told["families"].items():
        yield name, family["units"][ALL]


def _shares(told: Mapping[str, Any]) -> Drawn | None:
    rows = [
        {"family": family, "measure": label, "share": one[name], "low": low, "high": high}
        for family, one in _whole(told)
        for name, label in (("sensitivity", "sensitivity"), ("ppv", "PPV"))
        if one[name] is not None
        for low, high in (one[f"{name}_interval"],)
    ]
    if not rows:
        return None
    scale = alt.Scale(domain=[0, 1])
    base = _chart(rows, "Sensitivity and PPV, with 95 % intervals", BESIDE).encode(
        y=alt.Y("family:N", title=None),
        yOffset=alt.YOffset("measure:N"),
        color=alt.Color("measure:N", title=None),
    )
    lines = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", title="share", scale=scale), x2="high:Q"
    )
    return alt.layer(lines, base.mark_point(filled=True, size=60).encode(x="share:Q"))


def _leads(told: Mapping[str, Any]) -> Drawn | None:
    rows = [
        {"family": family, "to": label, **one[name]}
        for family, one in _whole(told)
        for name, label in (
            ("lead_to_outcome_hours", "outcome"),
            ("lead_to_antibiotic_hours", "first antibiotic"),
            ("hours_before_batch", "2am job"),
        )
        if one[name] and one[name]["n"]
    ]
    if not rows:
        return None
    base = _chart(rows, "Hours from the alert: median and quartiles", BESIDE).encode(
        y=alt.Y("family:N", title=None),
        yOffset=alt.YOffset("to:N"),
        color=alt.Color("to:N", title="to the"),
    )
    lines = base.mark_rule(strokeWidth=2).encode(x=alt.X("q1:Q", title="hours"), x2="q3:Q")
    return alt.layer(lines, base.mark_point(filled=True, size=60).encode(x="median:Q"))


def _load(told: Mapping[str, Any]) -> Drawn | None:
    rows = [
        {"family": name, "unit": unit, "alerts": one["alerts_per_100_patient_days"]}
        for name, family in told["families"].items()
        for unit, one in family["units"].items()
        if unit != ALL and one["alerts_per_100_patient_days"]
    ]
    if not rows:
        return None
    chart = _chart(rows, "Alerts per 100 patient-days, by unit", BESIDE).mark_bar()
    return chart.encode(
        x=alt.X("alerts:Q", title="alerts per 100 patient-days"),
        y=alt.Y("family:N", title=None, sort="-x"),
        yOffset=alt.YOffset("unit:N"),
        color=alt.Color("unit:N"),
    )


def _shifts(told: Mapping[str, Any]) -> Drawn | None:
    rows = [
        {"family": name, "mean": one["per_shift"]["mean"], "p95": one["per_shift"]["p95"]}
        for name, one in _whole(told)
        if one["alerts"] and one["per_shift"]["shifts"]
    ]
    if not rows:
        return None
    base = _chart(rows, "Alerts in a 12-hour shift, all units: mean, and the 95th percentile")
    base = base.encode(y=alt.Y("family:N", title=None, sort="-x"))
    bars = base.mark_bar(color=COLOURS[0]).encode(x=alt.X("mean:Q", title="alerts in a shift"))
    return alt.layer(bars, base.mark_tick(thickness=3, color=COLOURS[1]).encode(x="p95:Q"))


def _calibration(told: Mapping[str, Any]) -> Drawn | None:
    rows = [
        {"band": band["band"], "outcome": name.replace("_", " "), "share": one["share"]}
        | {"low": one["interval"][0], "high": one["interval"][1]}
        for band in told["news2_calibration"]
        for name, one in band["outcomes"].items()
        if one["share"] is not None
    ]
    if not rows:
        return None
    bands = [band["band"] for band in told["news2_calibration"]]
    base = _chart(rows, "Patient-hours that an outcome followed within 24 h, by NEWS2 band")
    base = base.properties(height=220).encode(
        x=alt.X("band:N", title="NEWS2", sort=bands, axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("outcome:N"),
        color=alt.Color("outcome:N", title="followed by"),
    )
    percent = alt.Axis(format="%")
    lines = base.mark_rule(strokeWidth=2).encode(
        y=alt.Y("low:Q", title="share of patient-hours", axis=percent), y2="high:Q"
    )
    return alt.layer(lines, base.mark_point(filled=True, size=60).encode(y="share:Q"))


def _utility(told: Mapping[str, Any]) -> Drawn | None:
    rows = [
        {"family": name, "utility": family["utility"]["normalised"]}
        for name, family in told["families"].items()
        if family["utility"]
    ]
    if not rows:
        return None
    chart = _chart(rows, "PhysioNet/CinC 2019 utility (0: never warning, 1: the best possible)")
    return chart.mark_bar(color=COLOURS[0]).encode(
        x=alt.X("utility:Q", title="normalised utility"),
        y=alt.Y("family:N", title=None, sort="-x"),
    )


def _differences(told: Mapping[str, Any]) -> Drawn | None:
    rows = [
        {"family": family, "kind": kind.replace("_", " "), "alerts": one[kind]}
        for family, one in told.get("differences", {}).items()
        for kind in KINDS
        if one[kind]
    ]
    if not rows:
        return None
    chart = _chart(rows, "Alerts of the two versions").mark_bar()
    kinds = [kind.replace("_", " ") for kind in KINDS]
    return chart.encode(
        x=alt.X("alerts:Q", title="alerts"),
        y=alt.Y("family:N", title=None, sort="-x"),
        color=alt.Color("kind:N", title=None, sort=kinds),
    )


def _chart(rows: list[Row], title: str, row_height: int = ROW_HEIGHT) -> Drawn:
    chart = alt.Chart(alt.InlineData(values=rows), title=title)
    return chart.properties(width=WIDTH, height=alt.Step(row_height))
