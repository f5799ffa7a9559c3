"""After every fault every check holds: nothing lost, nothing doubled, no hand needed."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.checks import CHECKS
from tests.faults.conftest import chosen
from tests.faults.course import Control, Course, place
from tests.faults.figures import Figures, control
from tests.faults.house import House
from tests.faults.scenarios.disks import mounted
from tests.faults.scenarios.registry import Scenario
from tests.streaming.feeds import replayed, write


@pytest.fixture(scope="session")
def controls(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Scenario], Control]:
    """A scenario's messages where nothing goes wrong: a replay of them as a file."""
    known: dict[tuple[object, ...], Control] = {}

    def of(one: Scenario) -> Control:
        key = (one.source, one.messages, one.copies)
        if key not in known:
            root = tmp_path_factory.mktemp("control")
            messages = one.source(one.messages, one.copies)
            replayed(root / "lake", write(root / "all.hl7", [each.raw for each in messages]))
            known[key] = control(root / "lake")
        return known[key]

    return of


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
    controls: Callable[[Scenario], Control],
    tried: dict[str, dict[str, object]],
) -> Course:
    """The course of one scenario, run once for all checks."""
    one: Scenario = request.param
    if one.needs_root and not may_mount(tmp_path_factory.mktemp("probe")):
        unable("disks cannot be mounted or system calls injected here: run as root, with strace")
    run = Course(
        House(place(tmp_path_factory.mktemp("fault"), one.name)),
        one.source(one.messages, one.copies),
    )
    run.control = controls(one)
    row = tried[one.name] = {"row": one.row, "messages": len(run.messages)}
    began = time.monotonic()
    try:
        one.trouble(run)
        row["seconds"] = f"{time.monotonic() - began:.0f}"
    finally:
        row["faults"] = run.faults
        run.close()
    row.update(_cost(Figures(run)))
    return run


def _cost(figures: Figures) -> dict[str, object]:
    names = ("lost", "missing", "doubled", "duplicates")
    return {name: getattr(figures, name) for name in names}


def _each() -> list[object]:
    """The scenarios; one of the long tier may take its time."""
    slow = pytest.mark.timeout(7_200)
    return [
        pytest.param(one, id=one.name, marks=[slow] if one.tier == "long" else [])
        for one in chosen()
    ]


@pytest.mark.parametrize("course", _each(), indirect=True)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_after_the_fault(course: Course, check: Callable[[Course], list[str]]) -> None:
    assert check(course) == []
