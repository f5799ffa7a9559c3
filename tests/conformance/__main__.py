"""`python -m tests.conformance`: ask implementations the published cases, and print what came.

`--adapter NAME` asks one of them, `--command LINE` another program (adapters/command.py), `--json`
prints every verdict, one a line, `--write` writes docs/conformance.md and known/*.json anew. Exits
with 1 when an engine of this project differs from a case, or the program that was named.
"""

import argparse
import json
import sys
from dataclasses import asdict

from tests.conformance.adapter import Adapter
from tests.conformance.adapters.command import Command
from tests.conformance.case import HERE, Case, load
from tests.conformance.implementations import (
    OURS,
    PUBLIC,
    Known,
    known,
    reasons,
    standing,
)
from tests.conformance.page import PAGE, page
from tests.conformance.verdict import Verdict, judge_all


def main() -> int:
    """Ask, print, and say by the exit code whether all is well."""
    chosen = _arguments()
    cases = load()
    if chosen.write:
        _write(cases)
        return 0
    failed = False
    for adapter in _asked(chosen):
        if adapter.version() is None:
            print(f"{adapter.name}: not installed")  # noqa: T201
            continue
        verdicts = judge_all(adapter, cases)
        print(_lines(verdicts) if chosen.json else _table(adapter, verdicts))  # noqa: T201
        mine = adapter not in PUBLIC
        failed |= mine and any(one.outcome == "differs" for one in verdicts)
    return int(failed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance")
    names = [adapter.name for adapter in (*OURS, *PUBLIC)]
    parser.add_argument("--adapter", choices=names, help="ask this implementation alone")
    parser.add_argument("--command", metavar="LINE", help="ask this program, line by line")
    parser.add_argument("--json", action="store_true", help="print every verdict as a line of JSON")
    parser.add_argument("--write", action="store_true", help="write the page and what is known")
    return parser.parse_args()


def _asked(chosen: argparse.Namespace) -> list[Adapter]:
    if chosen.command:
        return [Command(chosen.command)]
    return [one for one in (*OURS, *PUBLIC) if chosen.adapter in (None, one.name)]


def _lines(verdicts: list[Verdict]) -> str:
    return "\n".join(
        json.dumps({"case": one.case.id, "outcome": one.outcome, "reason": one.reason})
        for one in verdicts
    )


def _table(adapter: Adapter, verdicts: list[Verdict]) -> str:
    lines = [f"{adapter.name} ({adapter.version()})"]
    for score in dict.fromkeys(one.case.score for one in verdicts):
        mine = [one for one in verdicts if one.case.score == score]
        counts = [
            sum(one.outcome == outcome for one in mine)
            for outcome in ("agrees", "differs", "not supported")
        ]
        lines.append(
            f"  {score:<12} agrees {counts[0]:>3}   differs {counts[1]:>3}   "
            f"not supported {counts[2]:>3}"
        )
        lines += [f"      {one.case.id}: {one.reason}" for one in mine if one.outcome == "differs"]
    return "\n".join(lines)


def _write(cases: list[Case]) -> None:
    before = {one.name: one for one in known()}
    for adapter in PUBLIC:
        version = adapter.version()
        if version is None:
            continue
        named = reasons(before[adapter.name]) if adapter.name in before else {}
        found = Known(adapter.name, version, standing(adapter, cases, named))
        text = json.dumps(asdict(found), indent=1, ensure_ascii=False) + "\n"
        (HERE / "known" / f"{adapter.name}.json").write_text(text, encoding="utf-8")
    PAGE.write_text(page(cases, known()), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
