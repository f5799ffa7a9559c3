"""The chart of a run: rates, waits and growth, one below the other.

Here: Vega-Altair charts of the stable form, as SVG or as a page that holds it. Not here: figures.
"""

from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

import altair as alt

from orchestration.evaluation.charts import svg
from pulsehouse.bench.growth import TIME_AT_10X
from pulsehouse.bench.machine import in_words

FORMS: Final = (".svg", ".html")
WIDTH: Final = 560
_OURS, _BASELINE, _HELD = "#2f5d8a", "#b9b9b9", "#c8641e"
_RATES: Final = ("observations/s", "resources/s", "messages/s")
_WAITS: Final = ("p50", "p99")
# Altair's methods are annotated as wider than they are: what they give is not checked.
Drawn = Any
Row = dict[str, Any]


def written(told: Mapping[str, Any], path: Path) -> Path:
    """The chart as the file's ending says; `told` is the stable form."""
    drawing = svg(chart(told))
    path.write_text(_page(told, drawing) if path.suffix == ".html" else drawing, encoding="utf-8")
    return path


def chart(told: Mapping[str, Any]) -> Drawn:
    """Every part that the figures allow."""
    parts = [_rates(told, unit) for unit in _RATES] + [_waits(told), _memory(told), _growth(told)]
    shown = [part for part in parts if part is not None]
    return alt.vconcat(*shown, spacing=28).resolve_scale(color="independent")


def _rates(told: Mapping[str, Any], unit: str) -> Drawn | None:
    rows = [
        {**_row(one, name, figure), "usual": figure["median"] / figure["against_baseline"]}
        for one, name, figure in _figures(told)
        if figure["unit"] == unit and figure.get("against_baseline")
    ]
    if not rows:
        return None
    title = f"{unit}, median and range; the line is plain Python in the same run"
    return _bars(rows, title, unit, mark="usual", colour="#555555")


def _waits(told: Mapping[str, Any]) -> Drawn | None:
    rows = [
        _row(one, name, figure)
        for one, name, figure in _figures(told)
        if figure["unit"] == "ms" and any(f"_{share}_" in name for share in _WAITS)
    ]
    return _bars(rows, "waits in ms, median of runs and range", "ms") if rows else None


def _memory(told: Mapping[str, Any]) -> Drawn | None:
    rows = [
        {
            "what": _at(one, one["name"]),
            **dict.fromkeys(("median", "low", "high"), one["peak_memory_mib"]),
        }
        for one in told["cases"]
    ]
    return _bars(rows, "peak memory of a case's process, MiB", "MiB", log=False)


def _growth(told: Mapping[str, Any]) -> Drawn | None:
    """Seconds per message against messages: a level line is growth in step with the input."""
    names = {one["name"] for one in told["growth"]}
    rows = [
        {
            "case": one["name"].replace("_", " "),
            "messages": one["size"],
            "us": one["seconds"]["median"] / one["size"] * 1e6,
        }
        for one in told["cases"]
        if one["name"] in names
    ]
    if not rows:
        return None
    title = f"microseconds per message; the law allows +{TIME_AT_10X / 10 - 1:.0%} for 10x"
    return (
        alt.Chart(alt.InlineData(values=rows), width=WIDTH, height=200, title=title)
        .mark_line(point=True)
        .encode(
            x=alt.X("messages:Q", scale=alt.Scale(type="log")),
            y=alt.Y("us:Q", title="µs", scale=alt.Scale(type="log")),
            color=alt.Color("case:N", title=None),
        )
    )


def _bars(
    rows: list[Row],
    title: str,
    unit: str,
    *,
    mark: str | None = None,
    colour: str = _BASELINE,
    log: bool = True,
) -> Drawn:
    """A bar per row, from low to high a rule, what it is held to a tick."""
    least = min(min(row["low"], row.get("usual", row["low"])) for row in rows)
    start = least / 2 if log else 0
    scale = alt.Scale(type="log" if log else "linear", domainMin=start)
    for row in rows:
        row["start"] = start
    base = alt.Chart(alt.InlineData(values=rows), width=WIDTH, title=title).encode(
        y=alt.Y("what:N", title=None, sort=None, axis=alt.Axis(labelLimit=330))
    )
    x = alt.X("median:Q", title=unit, scale=scale)
    layers = [
        base.mark_bar(color=_OURS, height=10).encode(x=x, x2="start:Q"),
        base.mark_rule(color="#111111").encode(x=alt.X("low:Q", scale=scale), x2="high:Q"),
        base.transform_filter("isValid(datum.held)")
        .mark_tick(color=_HELD, thickness=3, height=16)
        .encode(x=alt.X("held:Q", scale=scale)),
    ]
    if mark:
        layers.append(
            base.mark_tick(color=colour, thickness=2, height=12).encode(
                x=alt.X(f"{mark}:Q", scale=scale)
            )
        )
    return alt.layer(*layers)


def _figures(told: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str, Mapping[str, Any]]]:
    for one in told["cases"]:
        for name, figure in one["figures"].items():
            if figure["median"] > 0:
                yield one, name, figure


def _row(one: Mapping[str, Any], name: str, figure: Mapping[str, Any]) -> Row:
    values = {key: max(figure[key], figure["median"] / 100) for key in ("median", "low", "high")}
    return {"what": _at(one, name), **values, "held": figure.get("bound")}


def _at(one: Mapping[str, Any], name: str) -> str:
    return f"{name.replace('_', ' ')} ({one['size']:,})"


def _page(told: Mapping[str, Any], drawing: str) -> str:
    words = escape(in_words(told["machine"]))
    load = ", ".join(f"{value:g}" for value in told["load"]["before"])
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>pulsehouse bench</title>'
        "<style>body{font:15px sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "svg{max-width:100%;height:auto}</style>"
        f"<h1>pulsehouse bench</h1><p>{words}; load before: {load}. Orange marks what a figure is"
        f" held to.</p>{drawing}</html>\n"
    )
