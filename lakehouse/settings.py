"""Settings of a deployment.

Here: all settings as one value, read from the environment (`PULSEHOUSE_...`) and `pulsehouse.toml`;
the environment wins. Not here: which there are (setting_groups.py), and where each was found
(setting_sources.py).
"""

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import ConfigDict, ValidationError, field_validator

from lakehouse import setting_sources
from lakehouse.errors import SettingsError
from lakehouse.setting_groups import (
    DeskSettings,
    GatewaySettings,
    InboxSettings,
    LakeSettings,
    NightSettings,
)
from lakehouse.setting_sources import Fault, Reading


class SettingsWarning(UserWarning):
    """A name of the environment that looks like a setting and is none."""


class Settings(LakeSettings, InboxSettings, GatewaySettings, NightSettings, DeskSettings):
    """One deployment's settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_truth_value(cls, value: object) -> object:
        """No setting is a yes or no, and pydantic would take `true` for 1."""
        if isinstance(value, bool) or (isinstance(value, dict) and _has_truth(value)):
            msg = "true and false are values of no setting"
            raise ValueError(msg)
        return value

    @classmethod
    def load(cls, file: Path | None = None, environ: Mapping[str, str] | None = None) -> Self:
        """The settings of this process.

        Args:
            file: A TOML file; none is fine. Where None, the one that PULSEHOUSE_CONFIG names, which
                has to be there, else `pulsehouse.toml` here.
            environ: The environment; the process's own where None.

        Raises:
            SettingsError: An unknown key of the file, or a value that cannot be; the message says
                where, why, and what the setting takes.
        """
        settings, _, found = cls.checked(file, environ)
        for fault in found:
            if fault.level == "warning":
                warnings.warn(str(fault), SettingsWarning, stacklevel=2)
        if settings is None:
            errors = [fault for fault in found if fault.level == "error"]
            more = f" (and {len(errors) - 1} more: pulsehouse config check)" if errors[1:] else ""
            msg = f"{errors[0]}{more}"
            raise SettingsError(msg)
        return settings

    @classmethod
    def checked(
        cls, file: Path | None = None, environ: Mapping[str, str] | None = None
    ) -> tuple[Self | None, Reading, list[Fault]]:
        """The settings, where they came from, and all faults; no settings where one is an error.

        Raises:
            SettingsError: The file cannot be read at all.
        """
        reading = setting_sources.read(file, os.environ if environ is None else environ)
        found = list(reading.unknown)
        settings: Self | None = None
        try:
            settings = cls(**reading.values())
        except ValidationError as error:
            found += setting_sources.faults(error, reading)
        is_usable = all(fault.level == "warning" for fault in found)
        return settings if is_usable else None, reading, found


def _has_truth(table: dict[str, Any]) -> bool:
    return any(isinstance(value, bool) for value in table.values())
