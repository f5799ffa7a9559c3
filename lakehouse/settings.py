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
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)

from lakehouse.errors import SettingsError

# The profiles that come with Pulsehouse: beside the packages.
FEEDS = Path(__file__).parents[1] / "feeds"
PREFIX = "PULSEHOUSE_"
FILE = Path("pulsehouse.toml")
# Names with our prefix that others read: the tests' way to the shared data.
NOT_SETTINGS = frozenset(
    {
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


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        msg = "it is no time zone; give an IANA name such as Europe/London"
        raise ValueError(msg) from error
    return name


def _pairs(text: object) -> object:
    """`name=value,name=value`, as the environment gives a table."""
    if not isinstance(text, str):
        return text
    pairs = (part.partition("=") for part in text.split(",") if part.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}


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

    inbox: Literal["journal", "kafka"] = Field(
        "journal", description="Where received messages are kept until every table has them."
    )
    journal: Path | None = Field(
        None, description="The journal's directory; `journal` in the lake where none is named."
    )
    journal_bytes: int = Field(
        8 * 1024**3, ge=1024**2, description="Most bytes that the journal may take on the disk."
    )
    journal_hours: float = Field(
        24, ge=0, description="How long a message stays in the journal once every table has it."
    )
    kafka_servers: str = Field("", description="Kafka's bootstrap servers, host:port,...")
    kafka_prefix: str = Field("pulsehouse.", description="Before a feed's name: its topic.")
    kafka_generation: int = Field(
        0,
        ge=0,
        le=99,
        description="One higher each time the topics were made anew: they count as new partitions.",
    )
    kafka_options: Annotated[dict[str, str], BeforeValidator(_pairs)] = Field(
        default_factory=dict, description="Further options of librdkafka, such as its SASL ones."
    )
    host: str = Field("127.0.0.1", description="Address that the gateway listens on.")
    mllp: Annotated[dict[str, int], BeforeValidator(_pairs)] = Field(
        default_factory=dict, description="MLLP port of each HL7 v2 feed: feed = port."
    )
    http: Annotated[dict[str, int], BeforeValidator(_pairs)] = Field(
        default_factory=dict, description="HTTP port of each FHIR feed: feed = port."
    )
    drop: Path | None = Field(
        None, description="Drop folder of message files: one folder in it per feed."
    )
    tls_certificate: Path | None = Field(None, description="The gateway's certificate, PEM.")
    tls_key: Path | None = Field(None, description="The key of that certificate, PEM.")
    tls_clients: Path | None = Field(
        None, description="Authorities that sign the certificates of MLLP senders, PEM."
    )
    tokens: Path | None = Field(
        None,
        description="File of the bearer tokens; `tokens.toml` in the lake where none is named.",
    )
    gateway_admin: int = Field(
        9101, ge=0, le=65535, description="Loopback port of the gateway's metrics and health."
    )
    stream_admin: int = Field(
        9102, ge=0, le=65535, description="Loopback port of the stream's metrics and health."
    )
    batch_milliseconds: int = Field(
        50, ge=1, le=5_000, description="Longest time that a live message waits for its batch."
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
