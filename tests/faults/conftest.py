"""The faults table, printed at the end: what was tried, and what it cost."""

import os
from collections.abc import Iterator

import pytest

from tests.faults.scenarios import (  # noqa: F401 they register themselves
    content,
    disks,
    frames,
    kills,
    power,
    rivals,
    syscalls,
)
from tests.faults.scenarios.registry import SCENARIOS, Scenario

LONG = os.environ.get("PULSEHOUSE_FAULTS") == "long"
TRIED: dict[str, dict[str, object]] = {}
COLUMNS = ("row", "messages", "faults", "lost", "missing", "doubled", "duplicates", "seconds")
LINE = "{:<42} {:<8}" + " {:>8}" * 2 + " {:>6}" + " {:>8}" * 2 + " {:>11}" + " {:>8}"


def chosen() -> list[Scenario]:
    """The scenarios of this tier, the control first."""
    asked = [one for one in SCENARIOS.values() if one.tier == "quick" or LONG]
    return sorted(asked, key=lambda one: one.row != "control")


@pytest.fixture(scope="session")
def tried() -> Iterator[dict[str, dict[str, object]]]:
    """Where a scenario's figures go for the table."""
    return TRIED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the table: messages lost, observations missing and doubled, messages sent twice."""
    if not TRIED:
        return
    terminalreporter.section("faults")
    terminalreporter.write_line(LINE.format("scenario", *COLUMNS))
    for name, row in TRIED.items():
        told = (str(row.get(column, "?")) for column in COLUMNS)
        terminalreporter.write_line(LINE.format(name, *told))
