"""A chart for each answer of the report, drawn offline.

Here: Vega-Altair charts as SVG that take the page's own colour for text, so that one drawing serves
light, dark and paper. Not here: rows (questions.py), or the page (page.py).
"""

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

import altair as alt

from lakehouse.batch.reconciliation import CLASSES
from orchestration.report import questions as asked
from orchestration.report.section import Answer, Row

WIDTH: Final = 640
STEP: Final = 24
# Told apart on white and on black, also by those who see no red or green.
COLOURS: Final = ("#3f7fbf", "#d9822b", "#4c9f70", "#a864a8", "#8a8a8a", "#c0504d", "#5aa9a9")
SEQUENCE: Final = "viridis"
OTHERS: Final = "others"
# Altair's methods are annotated as wider than they are: what they give is not checked.
Drawn = Any
Rows = Sequence[Row]


def drawn(answer: Answer) -> Drawn | None:
    """The chart of an answer; None where there is nothing to draw."""
    return _CHARTS[answer.question.name](answer.rows) if answer.rows else None


def svg(chart: Drawn) -> str:
    """A chart as SVG, self-contained, whose text has the colour of the text around it."""
    out = io.StringIO()
    _dressed(chart, "currentColor").properties(background="transparent").save(out, format="svg")
    return out.getvalue()


def picture(chart: Drawn, title: str) -> str:
    """A chart as a picture within Markdown, on white."""
    out = io.BytesIO()
    _dressed(chart, "#333333").properties(background="white").save(out, format="png")
    encoded = base64.b64encode(out.getvalue()).decode()
    return f"![{title}](data:image/png;base64,{encoded})"


def _dressed(chart: Drawn, ink: str) -> Drawn:
    plain = chart.configure(font="Liberation Sans").configure_view(stroke=None)
    plain = plain.configure_range(category=list(COLOURS))
    plain = plain.configure_header(labelColor=ink, titleColor=ink, labelFontSize=12)
    plain = plain.configure_legend(labelColor=ink, titleColor=ink, titleFontWeight="normal")
    return plain.configure_axis(
        labelColor=ink,
        titleColor=ink,
        domainColor=ink,
        tickColor=ink,
        gridColor=ink,
        gridOpacity=0.15,
        labelFontSize=11,
        titleFontSize=11,
        titleFontWeight="normal",
        labelLimit=220,
    )


def _lag(rows: Rows) -> Drawn:
    return (
        _chart(rows)
        .mark_rect()
        .encode(
            x=alt.X("hour:O", title="hour of the day", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("unit:N", title=None),
            color=_shade("median_minutes", "median, min"),
        )
    )


def _reconciliation(rows: Rows) -> Drawn:
    seen = [row for row in rows if row["keys"]]
    classes = [name for name in CLASSES if name in {row["class"] for row in seen}]
    panel = _chart(seen).mark_rect().properties(width=WIDTH - 120)
    panel = panel.encode(
        x=alt.X("night:O", title="night", axis=alt.Axis(labelAngle=-45)),
        y=alt.Y("class:N", title=None, sort=classes),
        color=_shade("keys", "keys"),
    )
    header = alt.Header(labelAngle=0, labelAlign="left", labelOrient="left")
    return panel.facet(row=alt.Row("job:N", title=None, header=header), spacing=10)


def _migration(rows: Rows) -> Drawn:
    moving = [row | ({"wanted": None} if row["served_by"] == "batch" else {}) for row in rows]
    title = "nights that match, in a row; the mark is how many are wanted"
    bars = _chart(moving).encode(
        y=alt.Y("job:N", title=None),
        x=alt.X("matching:Q", title=title, axis=alt.Axis(tickMinStep=1)),
    )
    wanted = bars.mark_tick(thickness=4, color=COLOURS[5]).encode(x="wanted:Q")
    shown = bars.mark_bar().encode(color=alt.Color("state:N", title="state"))
    return alt.layer(shown, wanted)


def _load(rows: Rows) -> Drawn:
    kept = _largest(rows, "rule_family", "alerts")
    return _stacked(kept, "alerts", "rule_family", "status")


def _answers(rows: Rows) -> Drawn:
    timed = [row for row in rows if row["median_minutes"] is not None]
    if not timed:
        return None
    base = _chart(timed).encode(y=alt.Y("rule_family:N", title=None))
    line = base.mark_rule(strokeWidth=2, color=COLOURS[0]).encode(
        x=alt.X("median_minutes:Q", title="minutes to acknowledgement: median, 90th percentile"),
        x2="p90_minutes:Q",
    )
    dot = base.mark_point(filled=True, size=70, color=COLOURS[0])
    return alt.layer(line, dot.encode(x="median_minutes:Q"))


def _performance(rows: Rows) -> Drawn:
    names = {"sensitivity": "sensitivity", "ppv": "PPV"}
    told = [
        {"rule_family": row["rule_family"], "measure": label, "share": row[name]}
        | {"low": row[f"{name}_low"], "high": row[f"{name}_high"]}
        for row in rows
        for name, label in names.items()
        if row[name] is not None
    ]
    if not told:
        loads = _chart(rows).mark_bar(color=COLOURS[0])
        return loads.encode(
            x=alt.X("alerts:Q", title="alerts"), y=alt.Y("rule_family:N", title=None)
        )
    base = _chart(told, STEP // 2).encode(
        y=alt.Y("rule_family:N", title=None),
        yOffset=alt.YOffset("measure:N"),
        color=alt.Color("measure:N", title=None),
    )
    scale, axis = alt.Scale(domain=[0, 1]), alt.Axis(format="%")
    title = "share, with its 95 % interval"
    line = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", title=title, scale=scale, axis=axis), x2="high:Q"
    )
    return alt.layer(line, base.mark_point(filled=True, size=60).encode(x="share:Q"))


def _readmissions(rows: Rows) -> Drawn:
    axis = alt.Axis(format="%")
    base = _chart(rows).properties(height=200)
    return base.mark_line(point={"size": 90}).encode(
        x=alt.X("quarter:O", title="quarter of discharge", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("rate:Q", title="readmitted within 30 days", axis=axis),
        color=alt.Color("facility:N", title="facility"),
        opacity=alt.Opacity(
            "is_complete:N",
            title="complete",
            scale=alt.Scale(domain=[True, False], range=[1, 0.4]),
        ),
    )


def _census(rows: Rows) -> Drawn:
    base = _chart(_largest(rows, "unit", "patients")).properties(height=220)
    return base.mark_area(interpolate="step-after").encode(
        x=alt.X("hour_at:T", title="UTC"),
        y=alt.Y("sum(patients):Q", title="patients"),
        color=alt.Color("unit:N", title="unit"),
    )


def _feeds(rows: Rows) -> Drawn:
    return _stacked(rows, "messages", "disposition", "feed")


def _population(rows: Rows) -> Drawn:
    order = ["under 18", *(f"{age} to {age + 9}" for age in range(20, 90, 10)), "90 and over"]
    order = ["under 18", "18 to 19", *order[1:], "unknown"]
    return (
        _chart(rows)
        .mark_bar()
        .encode(
            x=alt.X("patients:Q", title="patients", axis=alt.Axis(tickMinStep=1)),
            y=alt.Y("ages:N", title="age, years", sort=order),
            color=alt.Color("sex:N", title="sex"),
        )
    )


def _stays(rows: Rows) -> Drawn:
    base = _chart(rows).encode(y=alt.Y("unit:N", title=None))
    line = base.mark_rule(strokeWidth=3, color=COLOURS[0]).encode(
        x=alt.X("q1_hours:Q", title="hours on the unit: quartiles and median"), x2="q3_hours:Q"
    )
    return alt.layer(
        line, base.mark_point(filled=True, size=70, color=COLOURS[1]).encode(x="median_hours:Q")
    )


_CHARTS: Final[Mapping[str, Callable[[Rows], Drawn | None]]] = {
    asked.LAG.name: _lag,
    asked.RECONCILIATION.name: _reconciliation,
    asked.MIGRATION.name: _migration,
    asked.LOAD.name: _load,
    asked.ANSWERS.name: _answers,
    asked.PERFORMANCE.name: _performance,
    asked.READMISSIONS.name: _readmissions,
    asked.CENSUS.name: _census,
    asked.FEEDS.name: _feeds,
    asked.POPULATION.name: _population,
    asked.STAYS.name: _stays,
}


def _stacked(rows: Rows, count: str, colour: str, by: str) -> Drawn:
    """Bars by day, one above the other; a row of them for each value of `by`."""
    panel = _chart(rows).mark_bar().properties(width=WIDTH - 120, height=110)
    panel = panel.encode(
        x=alt.X("day:O", title="day", axis=alt.Axis(labelAngle=-45, labelOverlap=True)),
        y=alt.Y(f"sum({count}):Q", title=count, axis=alt.Axis(tickMinStep=1)),
        color=alt.Color(f"{colour}:N", title=colour.replace("_", " ")),
    )
    return panel.facet(row=alt.Row(f"{by}:N", title=None), spacing=14)


def _largest(rows: Rows, name: str, count: str) -> list[Row]:
    """The rows, with all but the largest groups as one, since colours are few."""
    sums: dict[str, float] = {}
    for row in rows:
        sums[row[name]] = sums.get(row[name], 0) + row[count]
    kept = sorted(sums, key=lambda one: -sums[one])
    if len(kept) <= len(COLOURS):
        return list(rows)
    first = set(kept[: len(COLOURS) - 1])
    return [row if row[name] in first else {**row, name: OTHERS} for row in rows]


def _shade(field: str, title: str) -> Drawn:
    scale = alt.Scale(scheme=SEQUENCE, type="symlog")
    return alt.Color(f"{field}:Q", title=title, scale=scale)


def _chart(rows: Rows, step: int = STEP) -> Drawn:
    values = [{name: _plain(value) for name, value in row.items()} for row in rows]
    chart = alt.Chart(alt.InlineData(values=values))
    return chart.properties(width=WIDTH, height=alt.Step(step))


def _plain(value: object) -> object:
    # A datetime is a date, too.
    return value.isoformat() if isinstance(value, date) else value
