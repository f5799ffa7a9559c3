"""An implementation in any language: a command that reads cases and writes answers, line by line.

It is given each case as in cases/*.jsonl on one line of its input, and writes for each, in order,
one line: {"total": 3}, {"total": null, "state": "partial", "missing": ["spo2"]} or
{"not_supported": "why"}.
"""

import json
import shlex
import subprocess
from dataclasses import asdict
from functools import cached_property

from tests.conformance.adapter import Answer, NotSupportedError
from tests.conformance.case import Case, load


class Command:
    """Runs the command once, with every case."""

    package = None

    def __init__(self, line: str) -> None:
        """Take a command line as a shell would."""
        self.name = line

    def version(self) -> str:
        """Unknown: it is asked by name."""
        return "as found"

    def answer(self, case: Case) -> Answer:
        """What the command wrote about a case."""
        told = self._answers[case.id]
        if "not_supported" in told:
            raise NotSupportedError(told["not_supported"])
        missing = told.get("missing")
        return Answer(told.get("total"), told.get("state"), tuple(missing) if missing else None)

    @cached_property
    def _answers(self) -> dict[str, dict[str, object]]:
        cases = load()
        asked = "".join(json.dumps(asdict(case)) + "\n" for case in cases)
        done = subprocess.run(
            shlex.split(self.name), input=asked, capture_output=True, text=True, check=True
        )
        told = [json.loads(line) for line in done.stdout.splitlines()]
        return {case.id: one for case, one in zip(cases, told, strict=True)}
