"""Settings of a deployment.

Here: what the environment (`PULSEHOUSE_...`) and `pulsehouse.toml` may set, with defaults that work
on one machine; the environment wins. Not here: clinical rules and feed profiles (reviewed like
code).
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from lakehouse.errors import SettingsError

# The profiles that come with Pulsehouse: beside the packages.
FEEDS = Path(__file__).parents[1] / "feeds"
PREFIX = "PULSEHOUSE_"
FILE = Path("pulsehouse.toml")
# Names with our prefix that others read: the tests' way to the shared data.
NOT_SETTINGS = frozenset(
    {
        "cut",
        "require_chromium",
        "require_postgresql",
        "require_shared_data",
        "seed",
        "shared_data",
    }
)


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        msg = "it is no time zone; give an IANA name such as Europe/London"
        raise ValueError(msg) from error
    return name


class Settings(BaseModel):
    """One deployment's settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    lake: Path = Field(Path("lake"), description="The lake's directory.")
    feeds: Path = Field(FEEDS, description="Directory of the feed profiles.")
    epoch_seconds: float = Field(
        1.0, gt=0, le=60, description="Longest time until a message's rows are committed."
    )
    batch_messages: int = Field(
        8_000, ge=1, le=100_000, description="Most messages that flow as one batch."
    )
    hospital_zone: Annotated[str, AfterValidator(_known_zone)] = Field(
        "UTC", description="Time zone of the hospital's nightly jobs."
    )
    batch_hour: int = Field(2, ge=0, le=23, description="Hour of the nightly jobs, local time.")
    first_night: date = Field(
        date(2026, 1, 1), description="The first night that the nightly jobs are looked at for."
    )
    extracts: Path = Field(
        Path("extracts"), description="Drop folder of the nightly extracts, one folder per night."
    )
    extracts_url: SecretStr | None = Field(
        None,
        description="SQLAlchemy URL of the database that the nightly jobs read instead of files.",
    )
    matching_nights: int = Field(
        14, ge=1, description="Nights in a row that must match before a job is cut over."
    )
    match_share: float = Field(
        0.999, gt=0, le=1, description="Least share of keys that match in such a night."
    )
    clean_nights: int = Field(
        30, ge=1, description="Nights without an unexplained difference before a job is retired."
    )

    @classmethod
    def load(cls, file: Path = FILE, environ: Mapping[str, str] | None = None) -> Self:
        """The settings of this process.

        Args:
            file: A TOML file; none is fine.
            environ: The environment; the process's own where None.

        Raises:
            SettingsError: An unknown key, or a value that cannot be; the message names the key.
        """
        env = _from_environment(os.environ if environ is None else environ)
        try:
            return cls(**(_from_file(file) | env))
        except ValidationError as error:
            raise SettingsError(_first_fault(error)) from None


def _from_file(file: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        msg = f"cannot read the settings in {file}: {error}"
        raise SettingsError(msg) from error
    _refuse_unknown(table, str(file))
    return table


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    found = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX)
    }
    ours = {key: value for key, value in found.items() if key not in NOT_SETTINGS}
    _refuse_unknown(ours, f"the environment (as {PREFIX}...)")
    return ours


def _refuse_unknown(keys: Iterable[str], place: str) -> None:
    known = list(Settings.model_fields)
    for key in keys:
        if key not in known:
            near = get_close_matches(key, known, n=1, cutoff=0.0)[0]
            msg = f"unknown setting `{key}` in {place}; the nearest is `{near}`"
            raise SettingsError(msg)


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in fault["loc"])
    return f"setting `{key}` cannot be {fault['input']!r}: {fault['msg']}"
