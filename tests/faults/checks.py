"""What must hold after every fault, whatever it was.

Here: one function per check; each gives what is wrong, and nothing where it holds. Not here: the
faults (scenarios), or running them (course.py).
"""

import re
import stat
from collections.abc import Callable

from lakehouse.lake import Lake
from orchestration.quality.ledger_equation import imbalances
from tests.faults.course import Course
from tests.faults.figures import Figures, alerts, dispositions, facts, rows

# Numbers of the machine, which may be a patient's by chance.
_CHANCE = re.compile(r'"(timestamp|port|pid)": "?[^",}]*|(on|port|process|at) [0-9.:]+')
_WORD = re.compile(r"[\w-]+")
AGAIN = ("duplicate", "")
_NAMES = "select distinct patient_id from observations where patient_id is not null"


def nothing_lost(course: Course) -> list[str]:
    """Every message that the sender was promised is in the lake."""
    lost = Figures(course).lost
    return [f"{lost} promised messages are nowhere"] if lost else []


def exactly_once(course: Course) -> list[str]:
    """Every OBX of every message is in the lake, once."""
    figures = Figures(course)
    told = ((figures.missing, "missing"), (figures.doubled, "there too often"))
    return [f"{count} observations are {word}" for count, word in told if count]


def facts_are_the_controls(course: Course) -> list[str]:
    """The rows of every facts table are those of the run without a fault."""
    found = facts(course.house.lake)
    return [
        f"{name}: {found[name][0]} rows and not {wanted[0]}, or of other values"
        for name, wanted in course.control.facts.items()
        if found[name] != wanted
    ]


def dispositions_are_exact(course: Course) -> list[str]:
    """As many messages were read and quarantined as should be; only duplicates are more."""
    found = dispositions(course.house.lake)
    wanted = course.control.dispositions + course.beyond
    again, wanted_again = found.pop(AGAIN, 0), wanted.pop(AGAIN, 0)
    wrong = [] if found == wanted else [f"{found - wanted} too many, {wanted - found} too few"]
    if course.duplicates is not None and again != wanted_again + course.duplicates:
        wrong.append(f"{again} duplicates and not {wanted_again + course.duplicates}")
    return wrong


def books_balance(course: Course) -> list[str]:
    """The ledger equation holds: every offset once, every row on a parsed message."""
    return [
        f"{one.what} {one.table}: {one.count}"
        for one in imbalances(Lake.open(course.house.lake, create=False))
    ]


def alerts_are_the_controls(course: Course) -> list[str]:
    """The alerts are those of the run without a fault; none is lost, new or there twice."""
    if not course.alerts_are_controls:
        return []
    found = alerts(course.house.lake)
    missing, extra = course.control.alerts - found, found - course.control.alerts
    return [
        f"{counted.total()} alerts are {word}"
        for word, counted in (("missing", missing), ("new or doubled", extra))
        if counted
    ]


def reader_saw_sense(course: Course) -> list[str]:
    """A reader beside the fault never saw a key twice, nor a count go down."""
    return [str(wrong) for wrong in course.seen["wrong"]] if course.seen else []


def doctor_finds_nothing(course: Course) -> list[str]:
    """The doctor finds the lake and its inbox sound."""
    told = course.house.command("doctor", "--check", "--json")
    return [] if told.returncode == 0 else [told.stdout[-600:] + told.stderr[-300:]]


def logs_name_no_patient(course: Course) -> list[str]:
    """No log holds a patient's identifier."""
    said = "".join(course.house.said(name) for name in ("gateway", "stream", "up"))
    logs = set(_WORD.findall(_CHANCE.sub("", said)))
    patients = [str(patient) for (patient,) in rows(course.house.lake, _NAMES)]
    named = [patient for patient in patients if len(patient) > 4 and patient in logs]
    return [f"{len(named)} patients are named in a log"] if named else []


def files_are_private(course: Course) -> list[str]:
    """What holds patients can be read by its user alone."""
    wide = [
        path
        for path in (course.house.lake, *course.house.lake.rglob("*"))
        if stat.S_IMODE(path.lstat().st_mode) & 0o077
    ]
    if not wide:
        return []
    return [f"{len(wide)} files or directories are open to others, such as {wide[0].name}"]


CHECKS: tuple[Callable[[Course], list[str]], ...] = (
    nothing_lost,
    exactly_once,
    facts_are_the_controls,
    dispositions_are_exact,
    books_balance,
    alerts_are_the_controls,
    reader_saw_sense,
    doctor_finds_nothing,
    logs_name_no_patient,
    files_are_private,
)
