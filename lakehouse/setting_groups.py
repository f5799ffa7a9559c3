"""What a deployment may set: names, kinds, ranges, defaults and what each means.

Here: the settings in groups, one class each, whose docstring is the group's title. Their file
`pulsehouse.toml`, the page docs/settings.md and every message about a setting are made from these.
Not here: reading them (settings.py, setting_sources.py), clinical rules and feed profiles, which
are reviewed like code.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr

# The profiles that come with Pulsehouse: beside the packages.
FEEDS = Path(__file__).parents[1] / "feeds"


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


class LakeSettings(BaseModel):
    """The lake and its feeds."""

    lake: Path = Field(Path("lake"), description="The lake's directory.")
    feeds: Path = Field(
        FEEDS,
        description="Directory of the feed profiles; the bundled ones where none is named.",
        examples=["feeds"],
    )
    epoch_seconds: float = Field(
        1.0, gt=0, le=60, description="Longest time until a message's rows are committed."
    )
    batch_messages: int = Field(
        8_000, ge=1, le=100_000, description="Most messages that flow as one batch."
    )
    batch_milliseconds: int = Field(
        50, ge=1, le=5_000, description="Longest time that a live message waits for its batch."
    )
    stream_admin: int = Field(
        9102, ge=0, le=65535, description="Loopback port of the stream's metrics and health."
    )


class InboxSettings(BaseModel):
    """Where received messages are kept until every table has them."""

    inbox: Literal["journal", "kafka"] = Field(
        "journal", description="Where received messages are kept until every table has them."
    )
    journal: Path | None = Field(
        None,
        description="The journal's directory; `journal` in the lake where none is named.",
        examples=["journal"],
    )
    journal_bytes: int = Field(
        8 * 1024**3, ge=1024**2, description="Most bytes that the journal may take on the disk."
    )
    journal_hours: float = Field(
        24, ge=0, description="How long a message stays in the journal once every table has it."
    )
    kafka_servers: str = Field(
        "",
        description="Kafka's bootstrap servers, host:port,...",
        examples=["kafka-1:9092,kafka-2:9092"],
    )
    kafka_prefix: str = Field("pulsehouse.", description="Before a feed's name: its topic.")
    kafka_generation: int = Field(
        0,
        ge=0,
        le=99,
        description="One higher each time the topics were made anew: they count as new partitions.",
    )
    kafka_options: Annotated[dict[str, str], BeforeValidator(_pairs)] = Field(
        default_factory=dict,
        description="Further options of librdkafka, such as its SASL ones.",
        examples=[{"security.protocol": "SASL_SSL"}],
        repr=False,
    )


class GatewaySettings(BaseModel):
    """The gateway: MLLP, HTTP and the drop folder."""

    host: str = Field("127.0.0.1", description="Address that the gateway listens on.")
    mllp: Annotated[dict[str, int], BeforeValidator(_pairs)] = Field(
        default_factory=dict,
        description="MLLP port of each HL7 v2 feed: feed = port.",
        examples=[{"mimic3": 2575}],
    )
    http: Annotated[dict[str, int], BeforeValidator(_pairs)] = Field(
        default_factory=dict,
        description="HTTP port of each FHIR feed: feed = port.",
        examples=[{"fhir_r4": 8080}],
    )
    drop: Path | None = Field(
        None,
        description="Drop folder of message files: one folder in it per feed.",
        examples=["incoming"],
    )
    tls_certificate: Path | None = Field(
        None, description="The gateway's certificate, PEM.", examples=["gateway.pem"]
    )
    tls_key: Path | None = Field(
        None, description="The key of that certificate, PEM.", examples=["gateway.key"]
    )
    tls_clients: Path | None = Field(
        None,
        description="Authorities that sign the certificates of MLLP senders, PEM.",
        examples=["senders.pem"],
    )
    tokens: Path | None = Field(
        None,
        description="File of the bearer tokens; `tokens.toml` in the lake where none is named.",
        examples=["tokens.toml"],
    )
    gateway_admin: int = Field(
        9101, ge=0, le=65535, description="Loopback port of the gateway's metrics and health."
    )


class NightSettings(BaseModel):
    """The nightly jobs, and what a job has to show before it moves."""

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
        examples=["postgresql+psycopg://reader:secret@host/nightly"],
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


class DeskSettings(BaseModel):
    """The alert desk: its pages, its store, and who may log in."""

    desk_host: str = Field("127.0.0.1", description="Address that the alert desk listens on.")
    desk_port: int = Field(9100, ge=0, le=65535, description="Port of the alert desk's pages.")
    desk_admin: int = Field(
        9103, ge=0, le=65535, description="Loopback port of the desk's metrics and health."
    )
    desk_url: str = Field(
        "",
        description="How people reach the desk, for links in messages; its address where empty.",
        examples=["https://desk.example.org"],
    )
    desk_database: SecretStr | None = Field(
        None,
        description="SQLAlchemy URL of the desk's store; `desk/desk.sqlite` in the lake where none "
        "is named.",
        examples=["postgresql+psycopg://desk:secret@host/desk"],
    )
    desk_routes: Path | None = Field(
        None,
        description="Who is told of which alert (YAML); a plain one where none is named.",
        examples=["my_routes.yaml"],
    )
    desk_certificate: Path | None = Field(
        None, description="The desk's certificate, PEM.", examples=["desk.pem"]
    )
    desk_key: Path | None = Field(
        None, description="The key of that certificate, PEM.", examples=["desk.key"]
    )
    desk_idle_minutes: int = Field(
        15, ge=1, le=720, description="A session without a click ends after so long."
    )
    desk_session_hours: int = Field(12, ge=1, le=24, description="Longest session.")
    desk_late_hours: float = Field(
        24,
        gt=0,
        description="An alert older than this when the desk first sees it is told to nobody.",
    )
    oidc_issuer: str = Field(
        "",
        description="OpenID provider that people log in with.",
        examples=["https://login.example.org"],
    )
    oidc_client: str = Field(
        "", description="Client id of the desk at that provider.", examples=["pulsehouse-desk"]
    )
    oidc_secret: SecretStr | None = Field(None, description="Its secret.", examples=["secret"])


# In the order in which they are shown.
GROUPS: tuple[type[BaseModel], ...] = (
    LakeSettings,
    InboxSettings,
    GatewaySettings,
    NightSettings,
    DeskSettings,
)
