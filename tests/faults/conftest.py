"""The faults table, printed at the end: what was tried, and what it cost."""

import os
from collections.abc import Iterator

import pytest

from tests.faults.scenarios import disks, kills, rivals  # noqa: F401 they register themselves
from tests.faults.scenarios.registry import SCENARIOS, Scenario

LONG = os.environ.get("PULSEHOUSE_FAULTS") == "long"
TRIED: dict[str, dict[str, object]] = {}


def chosen() -> list[Scenario]:
    """The scenarios of this tier, the control first."""
    return [one for one in SCENARIOS.values() if one.tier == "quick" or LONG]


@pytest.fixture(scope="session")
def tried() -> Iterator[dict[str, dict[str, object]]]:
    """Where a scenario's figures go for the table."""
    return TRIED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the table."""
    if not TRIED:
        return
    terminalreporter.section("faults")
    line = "{:<38} {:<8} {:>8} {:>6} {:>5} {:>8}  {}"
    terminalreporter.write_line(
        line.format("scenario", "row", "messages", "faults", "lost", "doubled", "seconds")
    )
    for name, row in TRIED.items():
        terminalreporter.write_line(line.format(name, *row.values()))
