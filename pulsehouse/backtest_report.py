"""A backtest as one page of HTML that needs no network.

Here: the page: tables, charts as SVG, definitions. Not here: figures or charts
(orchestration/evaluation).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from clinical.evaluation.comparing import KINDS
from clinical.evaluation.families import ALL
from orchestration.evaluation.charts import charts, svg
from pulsehouse import terminal

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 "Liberation Sans", Arial, sans-serif; color: #1d2733; margin: 0; }
main { max-width: 1240px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 40px 0 8px; }
p.lead { color: #51606f; margin: 0 0 20px; }
dl.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr)); gap: 12px;
  margin: 0; }
dl.facts div { background: #f3f6f9; border-radius: 6px; padding: 10px 14px; }
dl.facts dt { font-size: 12px; color: #51606f; }
dl.facts dd { margin: 0; font-size: 16px; overflow-wrap: anywhere; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(520px, 1fr)); gap: 24px;
  align-items: start; }
figure { margin: 0; border: 1px solid #e1e6eb; border-radius: 6px; padding: 14px; }
figure svg { max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; width: 100%; }
th, td { text-align: right; padding: 4px 8px; border-bottom: 1px solid #e1e6eb;
  }
td { white-space: nowrap; } th { vertical-align: bottom; }
th { font-weight: 600; color: #51606f; } th:first-child, td:first-child, td.word, th.word {
  text-align: left; }
tr.first td { border-top: 2px solid #c9d3dc; }
dl.terms dt { font-weight: 600; } dl.terms dd { margin: 0 0 8px; color: #51606f; }
footer { margin-top: 48px; color: #51606f; font-size: 13px; }
"""
_FAMILY = (
    *("family", "unit", "alerts", "suppressed", "per 100 patient-days", "per shift", "p95"),
    *("outcomes", "sensitivity", "PPV", "PPV of patients", "lead h", "to antibiotic h"),
    "before 2am h",
)
_UNKNOWN = "–"  # noqa: RUF001 a dash, for what is not known


def write(told: Mapping[str, Any], path: Path) -> None:
    """Write the page; a page that is there is whole."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(page(told), encoding="utf-8")
    partial.replace(path)


def page(told: Mapping[str, Any]) -> str:
    """The page of one backtest, in its stable form."""
    name = escape(str(told["title"]))
    body = "".join(_sections(told))
    return (
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Backtest of {name}</title><style>{_STYLE}</style></head>"
        f'<body><main><h1>Backtest of {name}</h1><p class="lead">{_lead(told)}</p>{body}'
        f"<footer>{escape(terminal.NOTICE)}</footer></main></body></html>\n"
    )


def _lead(told: Mapping[str, Any]) -> str:
    since, until = (terminal.stamp(told[name]) for name in ("from", "to"))
    return escape(
        f"Received from {since} to {until}. What facts do not tell is shown as {_UNKNOWN}."
    )


def _sections(told: Mapping[str, Any]) -> Iterator[str]:
    yield _facts(told)
    drawn = "".join(f"<figure>{svg(chart)}</figure>" for chart in charts(told).values())
    yield f'<h2>At a glance</h2><div class="charts">{drawn}</div>'
    if "differences" in told:
        yield "<h2>Two versions, alert by alert</h2>" + _differences(told)
    yield "<h2>Rule families</h2>" + _families(told)
    yield from _labelled(told)
    yield "<h2>NEWS2 bands</h2>" + _news2(told)
    yield "<h2>What is measured</h2>" + _terms(told["definitions"])


def _facts(told: Mapping[str, Any]) -> str:
    rules = [told["rules"], *([told["against"]["rules"]] if "against" in told else [])]
    pairs = [
        *(
            (label, f"{one['name']} ({one['rules_version']})")
            for label, one in zip(("rules", "against"), rules, strict=False)
        ),
        ("patients", f"{told['patients']:,}"),
        ("stays", f"{told['stays']:,}"),
        ("patient-days", f"{told['patient_days']:,.0f}"),
        ("observations", f"{told['observations']:,}"),
        ("onsets of sepsis", told["onset"] or "not known"),
    ]
    items = "".join(
        f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>" for label, value in pairs
    )
    return f'<dl class="facts">{items}</dl>'


def _families(told: Mapping[str, Any]) -> str:
    rows = [
        (name, unit, *_figures(one))
        for name, family in told["families"].items()
        for unit, one in family["units"].items()
        if unit == ALL or one["alerts"]
    ]
    return _table(_FAMILY, rows, words=2)


def _figures(one: Mapping[str, Any]) -> tuple[object, ...]:
    return (
        *(one[name] for name in ("alerts", "suppressed", "alerts_per_100_patient_days")),
        *(one["per_shift"][name] for name in ("mean", "p95")),
        *(one[name] for name in ("events", "sensitivity", "ppv", "ppv_stays")),
        (one["lead_to_outcome_hours"] or {}).get("median"),
        one["lead_to_antibiotic_hours"]["median"],
        one["hours_before_batch"]["median"],
    )


def _labelled(told: Mapping[str, Any]) -> Iterator[str]:
    rows = [
        (name, one["normalised"], *(one[key] for key in _HOURLY), *_areas(one["curves"]))
        for name, family in told["families"].items()
        if (one := family["utility"])
    ]
    if rows:
        columns = ("family", "utility", "warned hours", "sensitivity", "PPV", "AUROC", "AUPRC")
        yield "<h2>PhysioNet/CinC 2019 utility, by hours</h2>" + _table(columns, rows, words=1)
    scores = [(name, *_areas(one)) for name, one in told["scores"].items()]
    if scores:
        yield "<h2>Scores by labelled hours</h2>"
        yield _table(("score", "AUROC", "AUPRC"), scores, words=1)


_HOURLY = ("warned_hours", "hourly_sensitivity", "hourly_ppv")


def _areas(one: Mapping[str, Any]) -> tuple[object, ...]:
    return one["auroc"], one["auprc"]


def _news2(told: Mapping[str, Any]) -> str:
    bands = told["news2_calibration"]
    outcomes = sorted({name for one in bands for name in one["outcomes"]})
    rows = [
        (one["band"], one["hours"], *(one["outcomes"][name]["share"] for name in outcomes))
        for one in bands
    ]
    columns = ("NEWS2", "patient-hours", *(f"{one.replace('_', ' ')} in 24 h" for one in outcomes))
    return _table(columns, rows, words=1)


def _differences(told: Mapping[str, Any]) -> str:
    rows = [
        (family, *(one[kind] for kind in KINDS), one["changed_band"], one["median_minutes"])
        for family, one in told["differences"].items()
    ]
    columns = (*(kind.replace("_", " ") for kind in KINDS), "other band", "median minutes")
    return _table(("family", *columns), rows, words=1)


def _terms(definitions: Mapping[str, str]) -> str:
    items = (
        f"<dt>{escape(name.replace('_', ' '))}</dt><dd>{escape(text)}</dd>"
        for name, text in definitions.items()
    )
    return f'<dl class="terms">{"".join(items)}</dl>'


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, words: int) -> str:
    """A table whose first columns are words; a new first word begins a group."""
    head = "".join(
        f"<th{' class=word' if place < words else ''}>{escape(name)}</th>"
        for place, name in enumerate(columns)
    )
    lines, before = [], None
    for row in rows:
        opens = words > 1 and row[0] != before
        shown = ("" if words > 1 and not opens else row[0], *row[1:])
        cells = "".join(
            f"<td{' class=word' if place < words else ''}>{_cell(value)}</td>"
            for place, value in enumerate(shown)
        )
        lines.append(f"<tr{' class=first' if opens else ''}>{cells}</tr>")
        before = row[0]
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead>{"".join(lines)}</table></div>'


def _cell(value: object) -> str:
    if value is None:
        return _UNKNOWN
    if isinstance(value, float) and 0 < abs(value) < 1:
        return f"{value:.3f}"
    return escape(terminal.shown(value))
