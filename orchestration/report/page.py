"""The report as one page of HTML that needs no network and no script.

Here: the page: a finding, a chart, its numbers to look at and to take away, and where they come
from. Not here: figures (reading.py) or charts (charts.py).
"""

import base64
import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from html import escape
from pathlib import Path

from orchestration.report.charts import drawn, svg
from orchestration.report.reading import LONG_AGO, Report
from orchestration.report.section import Answer

NOTICE = "Not a medical device; not for clinical use without local assessment."
STYLE = """
:root { color-scheme: light dark; --ink: #1d2733; --soft: #55636f; --line: #dde3e9;
  --paper: #ffffff; --link: #1f5f99; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaee; --soft: #a7b2bc; --line: #3a444e;
  --paper: #14191e; --link: #8abfea; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 "Liberation Sans", Arial, sans-serif; color: var(--ink);
  background: var(--paper); margin: 0; }
main { max-width: 900px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { font-size: 26px; margin: 0; } h2 { font-size: 19px; margin: 0 0 4px; }
p { margin: 4px 0 12px; } .soft, footer, figcaption { color: var(--soft); font-size: 14px; }
a { color: var(--link); }
nav ul { padding-left: 20px; margin: 8px 0; columns: 2 300px; }
section { border-top: 1px solid var(--line); margin-top: 28px; padding-top: 20px; }
figure { margin: 0; } .wide { overflow-x: auto; }
figure .wide svg { display: block; min-width: 560px; max-width: 100%; height: auto; }
code { overflow-wrap: anywhere; }
table { border-collapse: collapse; font-size: 14px; }
th, td { text-align: left; padding: 3px 10px 3px 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
td.number, th.number { text-align: right; }
summary { cursor: pointer; padding: 6px 0; }
@media print { :root { --ink: #000000; --soft: #444444; --line: #bbbbbb; --paper: #ffffff; }
  section { break-inside: avoid; } nav, details { display: none; } .wide { overflow: visible; }
  figure .wide svg { min-width: 0; } }
"""
UNKNOWN = "–"  # noqa: RUF001 a dash, for what is not known


def write(found: Report, path: Path) -> None:
    """Write the page; a page that is there is whole."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(page(found), encoding="utf-8")
    partial.replace(path)


def page(found: Report) -> str:
    """The page of one report."""
    menu = "".join(
        f'<li><a href="#{one.question.name}">{escape(one.question.title)}</a></li>'
        for one in found.answers
    )
    body = "".join(_section(one) for one in found.answers)
    return (
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Quality report</title><style>{STYLE}</style></head><body><main>"
        f'<h1>Quality report</h1><p class="soft">{_lead(found)}</p>'
        f"<nav><ul>{menu}</ul></nav>{body}<footer>{_cut(found)}<p>{NOTICE}</p></footer>"
        "</main></body></html>\n"
    )


def _lead(found: Report) -> str:
    if found.until is None:
        return f"Made {_moment(found.made_at)}. The lake holds no message yet."
    since = "the beginning" if found.since == LONG_AGO else _moment(found.since)
    return (
        f"Made {_moment(found.made_at)}, of what was received from {since} to"
        f" {_moment(found.until)}. Counts, shares and quartiles only; small counts are not hidden,"
        " so keep the page within the hospital."
    )


def _section(answer: Answer) -> str:
    asked = answer.question
    return (
        f'<section id="{asked.name}"><h2>{escape(asked.title)}</h2>'
        f"<p>{escape(answer.finding)}</p>{''.join(_figure(answer))}</section>"
    )


def _figure(answer: Answer) -> Iterator[str]:
    asked = answer.question
    chart = drawn(answer)
    if chart is not None:
        label = escape(f"{asked.title}: {answer.finding}", quote=True)
        yield (
            f'<figure><div class="wide" role="img" aria-label="{label}">{svg(chart)}</div>'
            f"<figcaption>From <code>{escape(asked.table)}</code>, at the cut below.</figcaption>"
            "</figure>"
        )
    else:
        yield f'<p class="soft">Read from <code>{escape(asked.table)}</code>.</p>'
    if answer.rows:
        yield f"<details><summary>The numbers ({len(answer.rows):,} rows)</summary>"
        yield f'<p><a download="{asked.name}.csv" href="{_csv(answer)}">Take them as CSV</a></p>'
        yield f'<div class="wide">{_table(answer)}</div></details>'


def _table(answer: Answer) -> str:
    columns = answer.question.columns
    counted = {name for name in columns if _is_number(answer, name)}
    marks = {name: ' class="number"' if name in counted else "" for name in columns}
    head = "".join(
        f'<th scope="col"{marks[name]}>{escape(words)}</th>' for name, words in columns.items()
    )
    lines = (
        "<tr>" + "".join(f"<td{marks[name]}>{_cell(row[name])}</td>" for name in columns) + "</tr>"
        for row in answer.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _is_number(answer: Answer, name: str) -> bool:
    values = [row[name] for row in answer.rows if row[name] is not None]
    return all(isinstance(one, int | float) and not isinstance(one, bool) for one in values)


def _cell(value: object) -> str:
    match value:
        case None:
            return UNKNOWN
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:,.3g}" if abs(value) < 100 else f"{value:,.0f}"  # noqa: PLR2004 digits
        case int():
            return f"{value:,}"
        case datetime():
            return _moment(value)
        case _:
            return escape(str(value))


def _csv(answer: Answer) -> str:
    out = io.StringIO()
    columns = list(answer.question.columns)
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([_written(row[name]) for name in columns] for row in answer.rows)
    return "data:text/csv;base64," + base64.b64encode(out.getvalue().encode()).decode()


def _written(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    # A spreadsheet takes a text that begins so for a formula; codes and names come from senders.
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" else value


def _cut(found: Report) -> str:
    parts = (f"{one['feed']} {one['partition']}: {one['offset']}" for one in found.cut.to_json())
    return (
        f"<p>Cut (feed, partition: newest offset read): {escape('; '.join(parts) or 'none')}.</p>"
    )


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"
