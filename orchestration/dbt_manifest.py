"""What dbt makes of its project: the manifest that assets are named from.

Here: the manifest of the models as they are now, parsed where it is missing or of other models. Not
here: running models (marts.py).

A manifest is kept under a name made of the contents of the project's files, so none is ever stale,
a fresh clone needs no step before the first load, and two processes that load at once cannot hand
each other half a file. Parsing takes 6 to 14 seconds, once per change of a model.
"""

import hashlib
import logging
import os
import subprocess
import sysconfig
import tempfile
from importlib.metadata import version
from pathlib import Path

from lakehouse.errors import LakehouseError

PROJECT = Path(__file__).parents[1] / "dbt_project"
# What of the project's folder is read when it is parsed.
PARTS = ("dbt_project.yml", "profiles.yml", "models", "macros", "tests", "seeds", "snapshots")
LONGEST_REASON = 600
LOG = logging.getLogger(__name__)


class ManifestError(LakehouseError):
    """dbt cannot make sense of its own project."""


def dbt_command() -> str:
    """The dbt installed beside this Python, whether or not that is on the path."""
    beside = Path(sysconfig.get_path("scripts")) / "dbt"
    return str(beside) if beside.exists() else "dbt"


def manifest(project: Path = PROJECT) -> Path:
    """The manifest of the project as it is now.

    A model that dbt cannot parse must not take every other asset off the page: the newest manifest
    that there is stands in, and running the marts then says what is wrong.

    Raises:
        ManifestError: dbt cannot parse the project, and never could; the message says what it says.
    """
    place = project / "target" / "manifests" / f"{_digest(project)}.json"
    if place.exists():
        return place
    try:
        _parse(project, place)
    except ManifestError as error:
        earlier = sorted(place.parent.glob("*.json"), key=lambda path: path.stat().st_mtime)
        if not earlier:
            raise
        LOG.warning("%s. Until then the marts are shown as they were", error)
        return earlier[-1]
    return place


def _digest(project: Path) -> str:
    found = hashlib.sha256(f"{version('dbt-core')} {version('dbt-duckdb')}".encode())
    for part in PARTS:
        root = project / part
        for file in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if file.is_file():
                content = file.read_bytes()
                found.update(f"\n{file.relative_to(project)} {len(content)}\n".encode() + content)
    return found.hexdigest()[:16]


def _parse(project: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as target:
        done = subprocess.run(  # noqa: S603 dbt itself, with arguments of our own
            [dbt_command(), "--quiet", "--no-use-colors", "parse", "--no-partial-parse"],
            env=os.environ
            | quiet_environment(project)
            | {"DBT_TARGET_PATH": target, "DBT_LOG_PATH": target},
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = " ".join((done.stdout + done.stderr).split())[-LONGEST_REASON:]
            msg = f"dbt cannot parse {project}: {said}; mend that file, then load again"
            raise ManifestError(msg)
        (Path(target) / "manifest.json").replace(place)


def quiet_environment(project: Path) -> dict[str, str]:
    """What every run of dbt is told: where its project is, and to phone nobody."""
    return {
        "DBT_PROJECT_DIR": str(project),
        "DBT_PROFILES_DIR": str(project),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }
