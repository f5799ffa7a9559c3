"""Which versions of the marts were made at one cut.

Here: the history that builds leave in the marts' own logs, and the versions to read together. Not
here: building (dbt_project/, dbt_delta.py), or the views (batch_reading.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lakehouse import delta_log
from lakehouse.batch_reading import stored_marts
from lakehouse.lake import Lake

# So many builds back a common cut is looked for.
BUILDS = 50


@dataclass(frozen=True, slots=True)
class MartVersion:
    """A version of a mart, and the cut it was made at, as JSON; None where its log does not say."""

    version: int
    cut: str | None


def at_one_cut(lake: Lake) -> dict[str, MartVersion]:
    """For each mart the version to read, so that none is of another cut than the rest.

    A build replaces mart after mart: in its midst, and after one that failed half-way, the newest
    versions are of different cuts. The newest cut that every mart has been built at is taken; where
    there is none, as after a mart was added, each mart's newest version.
    """
    histories = {path.name: _history(path) for path in stored_marts(lake)}
    shared = _newest_shared(histories)
    return {mart: _chosen(history, shared) for mart, history in histories.items() if history}


def _newest_shared(histories: Mapping[str, list[MartVersion]]) -> str | None:
    cuts = [{found.cut for found in history} for history in histories.values()]
    everywhere = set.intersection(*cuts) - {None} if cuts else set()
    # Which of them is newest, every log says alike: a build's commits come one after the other.
    longest = max(histories.values(), key=len, default=[])
    return next((found.cut for found in longest if found.cut in everywhere), None)


def _chosen(history: list[MartVersion], shared: str | None) -> MartVersion:
    if shared is None:
        return history[0]
    return next(found for found in history if found.cut == shared)


def _history(path: Path) -> list[MartVersion]:
    """The newest versions of one mart, newest first."""
    newest = reversed(delta_log.versions(path)[-BUILDS:])
    return [MartVersion(version, cut_of(path, version)) for version in newest]


def cut_of(path: Path, version: int) -> str | None:
    """The cut that a version of a mart was made at, as JSON; None where its log does not say."""
    told = next(delta_log.actions(path, version, "commitInfo"), {})
    found = told.get("cut")
    return found if isinstance(found, str) else None
