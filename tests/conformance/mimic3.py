"""`python -m tests.conformance.mimic3 DATA_DIR SCORES_DIR`: our numbers beside mimic-code's.

Here: the tables of MIMIC-III in DATA_DIR rendered as messages, replayed into a scratch lake, and
compared row by row with mimic-code's tables in SCORES_DIR: what SOFA rests on at every hour of
intensive care, the components of 24 h, the stages of KDIGO and the suspicion of infection. Every
difference is put under the named choice that explains it. `--json` prints the counts as one object,
`--lake PLACE` keeps the lake for the next time. Exits with 3 where a difference is unexplained.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

import duckdb

from tests.conformance import mimic3_suspicion
from tests.conformance.mimic3_choices import CHOICES
from tests.conformance.mimic3_facts import compared, lake_of, signals_of
from tests.conformance.mimic3_inputs import INPUTS, add_inputs
from tests.conformance.mimic3_kdigo import STAGES, add_stages
from tests.conformance.mimic3_laws import LAWS, STAGING
from tests.conformance.mimic3_scores import COMPONENTS, add_components, explain_components
from tests.conformance.mimic3_search import explain_inputs

FOUND_PROBLEMS = 3
UNEXPLAINED = "unexplained"
EQUAL = "equal"
# Causes that no choice on facts stands for.
ALSO = {
    "not_scored_below_18": "SOFA and KDIGO of ours are for adults; the reference scores everybody",
    "hour_twice_in_the_reference": "pivoted_sofa has an hour twice, so that its windows of rows"
    " reach an hour less far; taken over hours, its own numbers give our points",
}
# What is compared, how many rows of it stand in which class.
Agreement = dict[str, Counter[str]]


def agreement(data: Path, scores: Path, scratch: Path) -> Agreement:
    """Every number compared: per name, how many are equal and how many of each class differ."""
    lake = lake_of(data, scratch)
    learnt = signals_of(lake)
    connection = compared(data, scores, lake, learnt)
    add_inputs(connection)
    explain_inputs(connection)
    add_components(connection, learnt)
    explain_components(connection)
    add_stages(connection, learnt)
    found = {name: _counted(connection, "inputs", name) for name in INPUTS}
    found |= {
        f"{name}_24hours": _counted(connection, "components", name)
        for name in (*COMPONENTS, "sofa")
    }
    found |= {name: _counted(connection, "stages", name) for name in STAGES}
    sides = mimic3_suspicion.read_sides(data, scores, lake)
    found["suspicion_of_infection"] = mimic3_suspicion.by_row(sides)
    return found


def _counted(connection: duckdb.DuckDBPyConnection, table: str, name: str) -> Counter[str]:
    rows = connection.table(table).filter(f"name = '{name}'")
    counted: Counter[str] = Counter()
    for same, cause, count in rows.aggregate("same, cause, count(*)").fetchall():
        counted[EQUAL if same else cause or UNEXPLAINED] += count
    return counted


def main() -> int:
    """Compare, print, and say by the exit code whether all is explained."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.mimic3")
    parser.add_argument("data", type=Path, help="the tables of MIMIC-III, .csv or .csv.gz")
    parser.add_argument("scores", type=Path, help="mimic-code's tables of the same patients")
    parser.add_argument("--json", action="store_true", help="the counts as one object")
    parser.add_argument("--lake", type=Path, help="a folder that keeps the lake")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pulsehouse-mimic3-") as folder:
        found = agreement(chosen.data, chosen.scores, chosen.lake or Path(folder))
    sys.stdout.write(json.dumps(found) + "\n" if chosen.json else _told(found))
    return FOUND_PROBLEMS if any(one[UNEXPLAINED] for one in found.values()) else 0


def _told(found: Agreement) -> str:
    lines = [f"{'compared':24} {'rows':>7} {'equal':>7} {'explained':>9} {'unexplained':>11}"]
    for name, counted in found.items():
        rows, equal, left = counted.total(), counted[EQUAL], counted[UNEXPLAINED]
        lines.append(f"{name:24} {rows:7} {equal:7} {rows - equal - left:9} {left:11}")
    meanings = {choice.name: choice.meaning for choice in (*CHOICES, *LAWS, *STAGING)}
    meanings |= mimic3_suspicion.CLASSES | ALSO
    lines += ["", "Classes of difference:"]
    for name, counted in found.items():
        for cause, count in sorted(counted.items()):
            if cause not in (EQUAL, UNEXPLAINED):
                lines.append(f"  {name:24} {count:6}  {cause}")
    used = {part for one in found.values() for cause in one for part in cause.split("+")}
    used.discard(EQUAL)
    told = [f"  {name}: {meaning}" for name, meaning in meanings.items() if name in used]
    return "\n".join([*lines, "", *told]) + "\n"


if __name__ == "__main__":
    sys.exit(main())
