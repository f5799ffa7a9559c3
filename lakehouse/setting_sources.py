"""Where settings come from: the file and the environment, which wins, and what is wrong in either.

Here: finding the file, reading both, and every fault with its place. Not here: which settings there
are (setting_groups.py), or what is done about a fault (settings.py, `pulsehouse config check`).
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from lakehouse import setting_words
from lakehouse.errors import SettingsError

PREFIX: Final = "PULSEHOUSE_"
FILE: Final = Path("pulsehouse.toml")
# Names the file instead; a file that is named has to be there.
VARIABLE: Final = "PULSEHOUSE_CONFIG"
# Names with our prefix that others read: failpoints, dbt, the tests.
NOT_SETTINGS: Final = frozenset(
    {
        "all_synthea",
        "config",
        "cut",
        "failpoint",
        "faults",
        "parent",
        "require_broker",
        "require_mounts",
        "require_chromium",
        "require_postgresql",
        "require_shared_data",
        "seed",
        "shared_data",
    }
)
Source = Literal["default", "file", "environment"]
# Beyond this a value in a message is cut off.
QUOTED: Final = 60


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a setting; a warning where the product can go on without it."""

    level: Literal["error", "warning"]
    place: str
    setting: str
    told: str

    def __str__(self) -> str:
        return f"{self.place}: {self.told}"


@dataclass(frozen=True, slots=True)
class Given:
    """What one source gives for a setting, and where it stands there."""

    value: object
    source: Source
    place: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What the file and the environment give together, and the names that nothing has."""

    file: Path | None
    given: Mapping[str, Given]
    unknown: tuple[Fault, ...]

    def values(self) -> dict[str, Any]:
        """The values that were given, by setting."""
        return {name: given.value for name, given in self.given.items()}


def read(file: Path | None, environ: Mapping[str, str]) -> Reading:
    """What the file and the environment give; the environment wins.

    Raises:
        SettingsError: A file that was named is not there, or it cannot be read.
    """
    place, text = _text(file, environ)
    table = _table(place, text)
    lines = _lines(text) if table else {}
    in_file = {name: Given(table[name], "file", f"{place}, line {lines[name]}") for name in table}
    in_environment = dict(_from_environment(environ))
    given = in_file | in_environment
    return Reading(
        place if text is not None else None,
        {name: given[name] for name in given if name in setting_words.fields()},
        (*_unknown(in_file), *_unknown(in_environment)),
    )


def faults(error: ValidationError, reading: Reading) -> Iterator[Fault]:
    """What pydantic found, each fault with its place and what the setting takes instead."""
    fields = setting_words.fields()
    for found in error.errors(include_url=False):
        name, *inner = (str(part) for part in found["loc"])
        field = fields[name]
        value = "what it is" if setting_words.is_secret(field) else _quoted(found["input"])
        key = ".".join([name, *inner])
        told = f"setting `{key}` cannot be {value}: {_why(found, setting_words.takes(field))}"
        yield Fault("error", reading.given[name].place, key, told)


def _why(found: ErrorDetails, takes: str) -> str:
    """Our own validators say what is wanted; where pydantic's did, its kind and range say it."""
    if found["type"] == "value_error":
        return found["msg"].removeprefix("Value error, ")
    return f"it takes {takes}"


def _quoted(value: object) -> str:
    text = setting_words.toml(value)
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}..."


def _text(file: Path | None, environ: Mapping[str, str]) -> tuple[Path, str | None]:
    """The file that is read and what is in it; None where there is none and none was named."""
    named = environ.get(VARIABLE)
    place = file or Path(named or FILE)
    try:
        return place, place.read_text(encoding="utf-8")
    except FileNotFoundError:
        if file is None and named:
            msg = f"no settings file {named!r}, which --config or {VARIABLE} names: check the path"
            raise SettingsError(msg) from None
        return place, None
    except (OSError, ValueError) as error:
        msg = f"cannot read the settings in {place}: {error}"
        raise SettingsError(msg) from error


def _table(place: Path, text: str | None) -> dict[str, Any]:
    try:
        return tomllib.loads(text or "")
    except tomllib.TOMLDecodeError as error:
        msg = f"{place}: it is no TOML: {error}; a text stands in quotes, one setting in a line"
        raise SettingsError(msg) from None


def _lines(text: str | None) -> dict[str, int]:
    """The line on which each top-level key begins: the parser says it, line by line."""
    begins: dict[str, int] = {}
    lines, whole = (text or "").splitlines(), 0
    for count in range(1, len(lines) + 1):
        try:
            table = tomllib.loads("\n".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue
        begins |= {name: whole + 1 for name in table if name not in begins}
        whole = count
    return begins


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, Given]]:
    """The names of ours; one that is empty counts as not set, as compose files leave them."""
    for variable, value in environ.items():
        name = variable.removeprefix(PREFIX).lower()
        if variable.startswith(PREFIX) and name not in NOT_SETTINGS and value:
            yield name, Given(value, "environment", f"the environment, {variable}")


def _unknown(given: Mapping[str, Given]) -> Iterator[Fault]:
    """Names that no setting has.

    In the environment a warning: others may use our prefix, as Kubernetes does for a service.
    """
    known = list(setting_words.fields())
    for name, one in given.items():
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.0)[0]
            in_file = one.source == "file"
            nearest = near if in_file else PREFIX + near.upper()
            told = f"unknown setting `{name}`; the nearest is `{nearest}`"
            yield Fault("error" if in_file else "warning", one.place, name, told)
