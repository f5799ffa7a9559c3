"""docs/conformance.md out of the cases and of what is known of public packages."""

import csv

from tests.conformance.case import HERE, Case
from tests.conformance.implementations import Known

PAGE = HERE.parents[1] / "docs" / "conformance.md"
HEAD = """# Conformance of published scores

Written by `python -m tests.conformance --write` from `tests/conformance/`; a test holds it equal.

Implementations of the same score disagree with each other and with the papers: at printed gaps, at
band edges, and where a value is missing. The cases below say what the sources say, as open data
(`tests/conformance/cases/*.jsonl`, one case a line), for any implementation: `python -m
tests.conformance` asks this project's two engines and the public Python packages that are
installed, `python -m tests.conformance --command LINE` asks any program that reads cases and writes
answers line by line (`tests/conformance/adapters/command.py`). This project's engines must agree
with every case; where public packages differ is named here, with the reason.

A case has a total, or only the state that a careful implementation is in (partial, indeterminate,
not applicable): an implementation that has no states differs when it gives a number all the same.
"""


def page(cases: list[Case], packages: list[Known]) -> str:
    """The whole page."""
    parts = [HEAD, _cases(cases), _gaps(cases), *map(_package, packages), _read()]
    return "\n".join(parts)


def _cases(cases: list[Case]) -> str:
    lines = [
        "## The cases", "",
        "| Score | Variant | Cases | With a total | Printed gaps | Source |",
        "| --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for score, variant in dict.fromkeys((one.score, one.variant) for one in cases):
        mine = [one for one in cases if (one.score, one.variant) == (score, variant)]
        whole = sum(one.expected.total is not None for one in mine)
        gaps = sum(one.is_gap for one in mine)
        source = max({one.source for one in mine}, key=[one.source for one in mine].count)
        lines.append(f"| `{score}` | `{variant}` | {len(mine)} | {whole} | {gaps} | {source} |")
    return "\n".join([*lines, ""])


def _gaps(cases: list[Case]) -> str:
    lines = ["## Printed gaps, and how they are closed", ""]
    notes = dict.fromkeys((one.score, one.note) for one in cases if one.is_gap)
    for score, note in notes:
        mine = [one for one in cases if (one.score, one.note) == (score, note)]
        values = ", ".join(one.id.split("/", 1)[1].removeprefix("gap ") for one in mine)
        lines.append(f"- `{score}`: {note} ({values}).")
    return "\n".join([*lines, ""])


def _package(one: Known) -> str:
    lines = [
        f"## {one.name} {one.version}", "",
        "| Score | Agrees | Differs | Not supported |", "| --- | --- | --- | --- |",
    ]  # fmt: skip
    for name, standing in one.scores.items():
        differs = sum(len(ids) for ids in standing.differs.values())
        refused = "; ".join(f"{count}: {why}" for why, count in standing.not_supported.items())
        lines.append(f"| `{name}` | {standing.agrees} | {differs} | {refused or 0} |")
    lines.append("")
    for name, standing in one.scores.items():
        for reason, ids in standing.differs.items():
            shown = ", ".join(case.split("/", 1)[1] for case in ids)
            many = "1 case" if len(ids) == 1 else f"{len(ids)} cases"
            lines.append(f"- `{name}`, {many}: {reason} ({shown}).")
    if any(standing.differs for standing in one.scores.values()):
        lines.append("")
    return "\n".join(lines)


def _read() -> str:
    lines = [
        "## Read, not run", "",
        "Implementations whose rules were read, or whose published results were compared:", "",
        "| Implementation | Score | What it does | What this project does |",
        "| --- | --- | --- | --- |",
    ]  # fmt: skip
    with (HERE / "read.csv").open(encoding="utf-8") as stream:
        lines += [
            f"| {row['implementation']} | `{row['score']}` | {row['reads']} | {row['here']} |"
            for row in csv.DictReader(stream)
        ]
    return "\n".join([*lines, ""])
