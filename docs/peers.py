"""The page docs/peers.md and its chart: other tools at the same job, from what was measured.

Here: `page()` and `chart()`, and `python -m docs.peers`, which writes both from
docs/evaluation/peers.json. A test holds the files equal to them. Not here: measuring
(benchmarks/peers writes the JSON).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MEASURED = HERE / "evaluation" / "peers.json"
Line = Mapping[str, Any]

OPENING = """# Other tools at the same job

Made from `docs/evaluation/peers.json` by `python -m docs.peers`: measure anew, do not edit this
page. The same input, on one machine, in one run; each tool in an environment and a process of its
own, its rows held against those of a plain loop before its time counts. A rate is the median of the
runs after one that is not counted; starting an engine is not in it. Rates per processor second
hardly depend on what else the machine does, rows/s do."""

STREAM = """## Stream: events to rolling NEWS2 to a table

A file has one JSON object a line: `patient`, `time`, `code`, `value`; times rise from line to line.
After every event of a patient, NEWS2 is the sum of the points of the newest value of each of seven
codes, on SpO2 scale 1, and null until all seven are known. Each event gives one row: its fields and
`news2`. The bands are those of [NEWS2](scores.md) in the product; no value is ever older than its
look-back, none is corrected.

Pulsehouse has no feed of flat JSON. Its line is PyArrow's JSON reader, one batch ahead in a thread,
then the product's own fold over batches (with look-back, corrections, withdrawals and population),
NEWS2 alone, and its exactly-once append to Delta, forced onto the disk, in the writer's thread; all
in a Bytewax dataflow. Of the others none forces its rows onto the disk, and none takes a
correction. Every event here is a message of its own, which is the worst case for the product: its
fold costs by the message, and a message of a monitor or a laboratory has several values."""

DECODE = """## Decode: HL7 v2 to rows

ORU^R01 messages of 900 bytes with 7 OBX each, in memory, to a table of patient, code, value, unit
and time. The two parsers are given fewer messages, since they are slow; the rate is per row."""

RUN = """## How to run it

```bash
make bench-peers                              # all of it, some minutes
make bench-peers QUICK=1                      # a tenth of the input, one run
make bench-peers PEERS=ours,polars_file       # only these
make bench-peers JSON=docs/evaluation/peers.json && python -m docs.peers   # this page anew
```

Environments are made at the first run, from `benchmarks/peers/requirements`; Spark and Flink need
Java 17. A tool that cannot be installed, fails, or gives other rows stands in the table with the
reason and without a figure."""


def page(found: Line) -> str:
    """The whole page."""
    sections = [
        OPENING,
        _circumstances(found),
        STREAM,
        "![Rows per second of each tool](peers.svg)",
        _table(found["stream"]),
        _verdict(found["stream"]),
        DECODE,
        _table(found["decode"]),
        _limits(found["limits"]),
        RUN,
    ]
    return "\n\n".join(sections) + "\n"


def _circumstances(found: Line) -> str:
    machine = found["machine"]
    return (
        f"Measured on {machine['cores']} cores and {machine['memory_gib']} GiB with"
        f" {found['events']:,} events and {found['messages']:,} messages, {found['runs']} counted"
        f" run{'s' if found['runs'] > 1 else ''} each. Other work ran meanwhile: the load average"
        f" was {found['load_at_start']:.0f} at the start and {found['load_at_end']:.0f} at the end."
    )


def _table(lines: Sequence[Line]) -> str:
    head = "| Tool | Rows/s (slowest to fastest run) | Rows per processor second | Peak MiB | What"
    rows = [f"{head} else must be known |", "|---|---:|---:|---:|---|", *map(_row, lines)]
    return "\n".join(rows)


def _row(line: Line) -> str:
    if not line["equal"]:
        return f"| {line['label']} | not timed: {line['reason']} | | | {line['lacks']} |"
    named = ", ".join(f"{name} {number}" for name, number in line["versions"].items())
    spread = f"({line['lowest_rate']:,.0f} to {line['highest_rate']:,.0f})"
    return (
        f"| {line['label']} | {line['rate']:,.0f} {spread} |"
        f" {line['rate_per_processor_second']:,.0f}"
        f" | {line['peak_mib']:,.0f} | {line['lacks']}. {named} |"
    )


def _verdict(lines: Sequence[Line]) -> str:
    """Ours against what it is held to."""
    told = [line for line in lines if line["equal"]]
    [ours] = [line for line in told if line["kind"] == "ours"]
    parts = [_against(ours, line) for line in told if line is not ours]
    return "Pulsehouse against each, rows/s and rows per processor second:\n\n" + "\n".join(parts)


def _against(ours: Line, line: Line) -> str:
    ratios = (f"{ours[name] / line[name]:.2f}x" for name in ("rate", "rate_per_processor_second"))
    return f"- {line['label']}: {', '.join(ratios)}"


def _limits(limits: Mapping[str, float]) -> str:
    told = [f"| {name} | {_number(name, rate)} |" for name, rate in limits.items()]
    rows = ["| Bare limit | Events/s |", "|---|---:|", *told]
    return "## Bare limits\n\nEach alone, on the events of the stream.\n\n" + "\n".join(rows)


def _number(name: str, rate: float) -> str:
    return f"{rate:.1f} ms of 1 MB" if name.startswith("fsync") else f"{rate:,.0f}"


_LINE, _LEFT, _WIDE = 26, 250, 330
_STYLE = """<style>
text { font: 13px sans-serif; fill: #24292f }
.ours { fill: #0a7f6f } .stream { fill: #4c78a8 } .file { fill: #b5761f }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .ours { fill: #35c4ae } .stream { fill: #79a8d8 } .file { fill: #e0a458 }
}
</style>"""
_NAMED = {"ours": "Pulsehouse", "stream": "other streams", "file": "over the whole file"}


def chart(found: Line) -> str:
    """The bars of the stream, fastest first, as SVG; its colours follow the reader's."""
    told = [line for line in found["stream"] if line["equal"]]
    told.sort(key=lambda line: -line["rate_per_processor_second"])
    height = _LINE * (len(told) + 2)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 {height}" role="img">',
        "<title>Events per processor second of each tool</title>",
        _STYLE,
        *_legend(),
        *_bars(told),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _legend() -> Iterator[str]:
    for place, (kind, name) in enumerate(_NAMED.items()):
        left = 10 + 170 * place
        yield f'<rect class="{kind}" x="{left}" y="8" width="12" height="12"/>'
        yield f'<text x="{left + 18}" y="19">{name}</text>'
    yield '<text x="690" y="19" text-anchor="end">events per processor second</text>'


def _bars(told: Sequence[Line]) -> Iterator[str]:
    most = told[0]["rate_per_processor_second"]
    for place, line in enumerate(told, 1):
        top, rate = _LINE * place + 10, line["rate_per_processor_second"]
        width = max(_WIDE * rate / most, 1)
        yield f'<text x="{_LEFT - 8}" y="{top + 14}" text-anchor="end">{line["label"]}</text>'
        yield (
            f'<rect class="{line["kind"]}" x="{_LEFT}" y="{top}" width="{width:.0f}"'
            f' height="{_LINE - 8}" rx="2"/>'
        )
        yield f'<text x="{_LEFT + width + 6:.0f}" y="{top + 14}">{rate:,.0f}</text>'


def measured() -> Line:
    """What was measured."""
    found: Line = json.loads(MEASURED.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    (HERE / "peers.md").write_text(page(measured()), encoding="utf-8")
    (HERE / "peers.svg").write_text(chart(measured()), encoding="utf-8")
