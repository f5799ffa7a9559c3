"""Receivers become channels: what a routes file says, made ready to send.

Here: the options of each kind, checked, and secrets read from where the file says they are. Not
here: who is told (clinical/routing), or the channels themselves.

A secret stands in no routes file: the file names a variable of the environment (`secret_env`) or
another file (`secret_file`).
"""

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lakehouse.errors import SettingsError
from streaming.desk.channels.alertmanager import Alertmanager
from streaming.desk.channels.channel import Channel
from streaming.desk.channels.electronic_mail import Mail, Security
from streaming.desk.channels.fhir import FhirServer, Resource
from streaming.desk.channels.hl7 import Mllp
from streaming.desk.channels.pagerduty import EVENTS, PagerDuty
from streaming.desk.channels.services import Service
from streaming.desk.channels.webhook import Webhook

Now = Callable[[], datetime]


class Options(BaseModel):
    """What a receiver of one kind may say; `secret` has been read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    secret: str = ""

    def channel(self, now: Now) -> Channel:
        """The channel that these options make."""
        raise NotImplementedError


class _Worded(Options):
    tells: Literal["unit", "rule"] = "unit"


class _Webhook(_Worded):
    url: str
    secret: str

    def channel(self, now: Now) -> Channel:
        return Webhook(self.url, self.secret, now, self.tells)


class _Email(_Worded):
    host: str
    port: int = Field(587, ge=1, le=65535)
    sender: str
    security: Security = "starttls"
    user: str = ""

    def channel(self, now: Now) -> Channel:
        return Mail(
            self.host, self.port, self.sender, self.security, self.user, self.secret, self.tells
        )


class _Apprise(_Worded):
    secret: str

    def channel(self, now: Now) -> Channel:
        return Service(self.secret, self.tells)


class _Fhir(Options):
    url: str
    resources: tuple[Resource, ...] = Field(("Communication",), min_length=1)
    patient_system: str = ""

    def channel(self, now: Now) -> Channel:
        return FhirServer(self.url, self.resources, self.patient_system, self.secret)


class _Hl7(Options):
    host: str
    port: int = Field(ge=1, le=65535)
    application: str = "EHR"
    trust: Path | None = None

    def channel(self, now: Now) -> Channel:
        return Mllp(self.host, self.port, now, self.application, self.trust)


class _PagerDuty(_Worded):
    secret: str
    url: str = EVENTS

    def channel(self, now: Now) -> Channel:
        return PagerDuty(self.secret, self.url, self.tells)


class _Alertmanager(_Worded):
    url: str

    def channel(self, now: Now) -> Channel:
        return Alertmanager(self.url, now, self.secret, self.tells)


KINDS: Final[Mapping[str, type[Options]]] = {
    "webhook": _Webhook,
    "email": _Email,
    "apprise": _Apprise,
    "fhir": _Fhir,
    "hl7": _Hl7,
    "pagerduty": _PagerDuty,
    "alertmanager": _Alertmanager,
}


class Named(Protocol):
    """A receiver of a routes file."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def kind(self) -> str:
        """One of `KINDS`."""

    @property
    def options(self) -> Mapping[str, Any]:
        """What the file says of it, secrets by where they are."""


def opened(receiver: Named, now: Now, environ: Mapping[str, str] | None = None) -> Channel:
    """The channel of a receiver.

    Args:
        receiver: What the routes file says.
        now: Tells the time that a message is sent at.
        environ: Where `secret_env` looks; the process's own environment where None.

    Raises:
        SettingsError: An option is unknown, missing or cannot be, or the secret is not there. The
            message names receiver and option, and no value.
    """
    kind = KINDS.get(receiver.kind)
    if kind is None:
        near = get_close_matches(receiver.kind, KINDS, n=1, cutoff=0.0)[0]
        msg = f"receiver `{receiver.name}` has an unknown kind `{receiver.kind}`; near: `{near}`"
        raise SettingsError(msg)
    options = _with_secret(receiver, os.environ if environ is None else environ)
    try:
        return kind.model_validate(options).channel(now)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        option = ".".join(str(part) for part in fault["loc"])
        msg = f"receiver `{receiver.name}`, option `{option}`: {fault['msg']}"
        if option == "secret":
            msg += "; name it by secret_env or secret_file"
        raise SettingsError(msg) from None


def _with_secret(receiver: Named, environ: Mapping[str, str]) -> dict[str, Any]:
    options = dict(receiver.options)
    if "secret" in options:
        msg = f"receiver `{receiver.name}` holds a secret; name it by secret_env or secret_file"
        raise SettingsError(msg)
    variable, file = options.pop("secret_env", None), options.pop("secret_file", None)
    if variable is not None:
        options["secret"] = _from_environment(receiver, str(variable), environ)
    elif file is not None:
        options["secret"] = _from_file(receiver, Path(str(file)))
    return options


def _from_environment(receiver: Named, variable: str, environ: Mapping[str, str]) -> str:
    if not (secret := environ.get(variable, "")):
        msg = f"receiver `{receiver.name}`: its secret_env `{variable}` is not in the environment"
        raise SettingsError(msg)
    return secret


def _from_file(receiver: Named, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = type(error).__name__
        msg = f"receiver `{receiver.name}`: its secret_file cannot be read ({reason})"
        raise SettingsError(msg) from None
