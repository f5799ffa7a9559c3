"""Running dbt from Dagster: which dbt, in which environment, and what of its words may be shown.

Here: the resource, the environment of one run, and messages without stored values. Not here: which
assets dbt makes (marts.py).
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib.metadata import version
from io import TextIOBase
from pathlib import Path
from typing import Any, TextIO

from dagster_dbt import DbtCliResource
from packaging.version import Version, parse

from orchestration.dbt_manifest import PROJECT, dbt_command, quiet_environment

# Errors of these kinds speak of the query's text; any other of the engine may quote a stored value.
ABOUT_THE_QUERY = ("Binder", "Catalog", "Compilation", "Parser", "Permission", "Syntax")
ENGINE_ERROR = re.compile(r"\b(\w+(?: \w+)??) Error: ", re.IGNORECASE)
LONGEST_MESSAGE = 500


class Dbt(DbtCliResource):
    """dbt, without the two detours that dagster-dbt takes before every command.

    It would ask `dbt --version` of a process of its own (5 seconds, and a call home), and open an
    adapter that only its row counts need. Both hooks are private to dagster-dbt: a test holds that
    they are still there.
    """

    @property
    def _cli_version(self) -> Version:
        return parse(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:  # noqa: ANN401 as it is there
        return None


def dbt_resource(project: Path = PROJECT) -> Dbt:
    """The resource of one project."""
    return Dbt(
        project_dir=str(project),
        profiles_dir=str(project),
        dbt_executable=dbt_command(),
        global_config_flags=["--no-use-colors"],
    )


@contextmanager
def environment(project: Path, lake: Path, cut: str) -> Iterator[None]:
    """The environment that a dbt process is started in: the lake, the run's cut, and no calls home.

    The resource hands its own process's environment on and takes no other.
    """
    told = quiet_environment(project) | {"PULSEHOUSE_LAKE": str(lake), "PULSEHOUSE_CUT": cut}
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def without_values(message: str) -> str:
    """A message of dbt, without the stored value that an engine's error may quote."""
    found = ENGINE_ERROR.findall(message)
    engine = [kind for kind in found if kind.title() not in ("Database", "Runtime", "Dbt")]
    if any(not kind.title().startswith(ABOUT_THE_QUERY) for kind in engine):
        first = message.strip().splitlines()[0]
        kinds = ", ".join(sorted({f"{kind} Error" for kind in engine}))
        head = first if not ENGINE_ERROR.search(first) else "dbt failed"
        return f"{head}: {kinds} on a stored value, which is not shown"
    # What follows is the way through dbt's own macros.
    return " ".join(message.split("> in macro", maxsplit=1)[0].split())[:LONGEST_MESSAGE]


@contextmanager
def quiet_output() -> Iterator[None]:
    """What dbt prints, without stored values: Dagster keeps what a run prints."""
    with redirect_stdout(_WithoutValues(sys.stdout)):
        yield


class _WithoutValues(TextIOBase):
    def __init__(self, beneath: TextIO) -> None:
        self.beneath = beneath

    def write(self, text: str) -> int:
        # One event at a time is written, with all of its lines.
        shown = without_values(text) + "\n" if ENGINE_ERROR.search(text) else text
        self.beneath.write(shown)
        return len(text)

    def flush(self) -> None:
        self.beneath.flush()


def failures(results: Mapping[str, Any]) -> dict[str, str]:
    """Per node of a run that failed, why, without stored values.

    Args:
        results: dbt's run_results.json.
    """
    return {
        result["unique_id"].split(".")[2]: without_values(str(result.get("message") or ""))
        for result in results["results"]
        if result["status"] == "error"
    }


def skipped(results: Mapping[str, Any]) -> list[str]:
    """The models that were not run, because of one that failed before them."""
    return sorted(
        result["unique_id"].split(".")[2]
        for result in results["results"]
        if result["status"] == "skipped" and result["unique_id"].startswith("model.")
    )
