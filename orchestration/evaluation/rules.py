"""Which rules are evaluated, and where their code lies.

Here: how a rule version is named, and its code made ready. Not here: running it (running.py).

A rule version is one of:

* `current`: the installed one;
* a directory that holds a package `clinical`, such as another checkout, or that package itself;
* a revision of the git repository that the installed code stands in: a branch, tag or commit.
"""

import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import clinical
from orchestration.evaluation.errors import EvaluationError

CURRENT = "current"
# What git takes for a revision, and nothing that it could take for an option.
_REVISION = re.compile(r"[\w][\w./~^@{}+-]*")
_PACKAGE = "clinical"


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A named rule version; `root` holds its package `clinical`, None for the installed one."""

    name: str
    root: Path | None


@contextmanager
def rule_set(name: str) -> Iterator[RuleSet]:
    """A rule version by its name, for as long as it is needed.

    Raises:
        EvaluationError: Neither a directory with the package nor a revision of our repository.
    """
    if name == CURRENT:
        yield RuleSet(name, None)
    elif name and Path(name).is_dir():
        yield RuleSet(name, _holding(Path(name)))
    else:
        with tempfile.TemporaryDirectory(prefix="pulsehouse-rules-") as folder:
            _take_out(name, Path(folder))
            yield RuleSet(name, Path(folder))


def _holding(folder: Path) -> Path:
    for root in (folder, folder.parent):
        if (root / _PACKAGE / "detection" / "shard.py").is_file() and folder.name in {
            root.name,
            _PACKAGE,
        }:
            return root.resolve()
    msg = f"{folder} holds no rules: name a checkout, or its directory `clinical`"
    raise EvaluationError(msg)


def _take_out(revision: str, folder: Path) -> None:
    root = Path(clinical.__file__).resolve().parent.parent
    git = shutil.which("git")
    if git is None or not (root / ".git").exists() or not _REVISION.fullmatch(revision):
        raise EvaluationError(_unknown(revision, "the installed code stands in no git repository"))
    done = subprocess.run(  # noqa: S603 our own words, and a revision by its pattern
        [git, "-C", str(root), "archive", "--format=tar", revision, _PACKAGE],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise EvaluationError(_unknown(revision, "git knows no such revision with these rules"))
    with tarfile.open(fileobj=BytesIO(done.stdout)) as packed:
        packed.extractall(folder, filter="data")


def _unknown(name: str, why: str) -> str:
    return (
        f"no rules are called {name!r}: not `{CURRENT}`, not a directory, and {why};"
        " name one of these"
    )
