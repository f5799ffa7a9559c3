"""After every fault every check holds: nothing lost, nothing doubled, no hand needed."""

import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse.catalogue import connect
from lakehouse.lake import Lake
from tests.faults.checks import _ALERTS, CHECKS
from tests.faults.conftest import chosen
from tests.faults.corpus import corpus
from tests.faults.course import Course, place
from tests.faults.house import House
from tests.faults.scenarios.disks import mounted
from tests.faults.scenarios.registry import Scenario
from tests.streaming.feeds import replayed, write


@pytest.fixture(scope="session")
def control_alerts(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Scenario], Counter]:
    """The alerts of a scenario's messages where nothing goes wrong: a replay of them as a file."""
    known: dict[tuple[int, int], Counter] = {}

    def alerts(one: Scenario) -> Counter:
        size = (one.messages, one.copies)
        if size not in known:
            root = tmp_path_factory.mktemp("control")
            file = write(root / "all.hl7", [m.raw for m in corpus(*size)])
            replayed(root / "lake", file)
            with connect(Lake.open(root / "lake", create=False)) as connection:
                rows = connection.execute(_ALERTS).fetchall()
            known[size] = Counter(dict.fromkeys(map(tuple, rows), 1))
        return known[size]

    return alerts


def may_mount(place: Path) -> bool:
    """Whether this user may mount disks; the system calls of a child can be injected then, too."""
    if os.geteuid() != 0 or shutil.which("strace") is None or shutil.which("mkfs.ext4") is None:
        return False
    try:
        with mounted(place, "-t", "tmpfs", "-o", "size=1m", "tmpfs"):
            return True
    except subprocess.CalledProcessError:
        return False


def unable(reason: str) -> None:
    """Skip, unless this must not skip."""
    if os.environ.get("PULSEHOUSE_REQUIRE_MOUNTS"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def course(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    control_alerts: Callable[[Scenario], Counter],
    tried: dict[str, dict[str, object]],
) -> Course:
    """The course of one scenario, run once for all checks."""
    one: Scenario = request.param
    if one.needs_root and not may_mount(tmp_path_factory.mktemp("probe")):
        unable("disks cannot be mounted or system calls injected here: run as root, with strace")
    root = place(tmp_path_factory.mktemp("fault"), one.name)
    run = Course(House(root), corpus(one.messages, one.copies))
    run.control_alerts = control_alerts(one)
    began = time.monotonic()
    try:
        one.trouble(run)
    finally:
        run.house.close()
    tried[one.name] = {
        "row": one.row,
        "messages": len(run.messages),
        "faults": run.faults,
        "lost": "?",
        "doubled": "?",
        "seconds": f"{time.monotonic() - began:.0f}",
    }
    return run


@pytest.mark.parametrize("course", chosen(), indirect=True, ids=lambda one: one.name)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_after_the_fault(
    course: Course,
    check: Callable[[Course], list[str]],
    tried: dict[str, dict[str, object]],
    request: pytest.FixtureRequest,
) -> None:
    wrong = check(course)
    row = tried[request.node.callspec.params["course"].name]
    if check.__name__ in (told := {"nothing_lost": "lost", "exactly_once": "doubled"}):
        row[told[check.__name__]] = "0" if not wrong else "; ".join(wrong)
    assert not wrong
