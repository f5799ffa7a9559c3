"""Logging in with the hospital's own accounts: OpenID Connect, code flow with PKCE.

Here: the provider as the desk asks it, and whose account of the desk its answer names. Not here:
routes and cookies (web/openid_pages.py). The protocol itself is authlib's.

The provider says who somebody is; what they may do is said at the desk. Nobody gets an account by
having one there: an account of the desk is bound to the first log-in that carries its name.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from joserfc.errors import JoseError
from sqlalchemy import Connection, delete, insert

from lakehouse.errors import LakehouseError, SettingsError
from lakehouse.settings import Settings
from streaming.desk.accounts import people
from streaming.desk.accounts.people import Person
from streaming.desk.accounts.secret_digests import digest_of, new_secret
from streaming.desk.accounts.tables import OPENID_LOGINS
from streaming.desk.loopback import is_loopback

with warnings.catch_warnings(record=True):
    # authlib asks for the successor of httpx, and works with httpx all the same.
    from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]
    from authlib.integrations.starlette_client import OAuth  # type: ignore[import-untyped]

_NAME: Final = "hospital"
_SCOPES: Final = "openid profile email"
_WELL_KNOWN: Final = "/.well-known/openid-configuration"
# What an ID token may be signed with: keys that the provider alone has.
_SIGNED_BY: Final = frozenset({"RS256", "PS256", "ES256", "EdDSA"})
_CLOCKS_APART: Final = 60
_TIMEOUT_SECONDS: Final = 10
LASTS: Final = timedelta(minutes=10)
Claims = Mapping[str, Any]


class OpenIdError(LakehouseError):
    """The provider could not be asked, or its answer proves nothing; nobody is let in."""


@dataclass(frozen=True, slots=True)
class Login:
    """A log-in on its way: what must come back, and where it leads."""

    state: str
    nonce: str
    verifier: str
    back: str


class Provider:
    """The hospital's OpenID provider."""

    def __init__(self, settings: Settings) -> None:
        """Of the settings `oidc_issuer`, `oidc_client` and `oidc_secret`.

        Raises:
            SettingsError: The issuer is not reached by TLS, or the client id is missing.
        """
        self.issuer = settings.oidc_issuer.rstrip("/")
        self._client_id = settings.oidc_client
        _check(self.issuer, self._client_id)
        secret = settings.oidc_secret.get_secret_value() if settings.oidc_secret else None
        self._app: Any = OAuth().register(
            _NAME,
            client_id=self._client_id,
            client_secret=secret,
            server_metadata_url=self.issuer + _WELL_KNOWN,
            client_kwargs={
                "scope": _SCOPES,
                "code_challenge_method": "S256",
                "timeout": _TIMEOUT_SECONDS,
            },
        )

    async def begin(self, redirect_to: str, back: str) -> tuple[str, Login]:
        """Where to send the browser, and what must come back with it.

        Raises:
            OpenIdError: The provider does not answer, or is another.
        """
        try:
            await self._load()
            made = await self._app.create_authorization_url(redirect_to)
        except (httpx.HTTPError, RuntimeError, ValueError) as error:
            raise _unreachable(error) from None
        return made["url"], Login(made["state"], made["nonce"], made["code_verifier"], back)

    async def finish(self, login: Login, code: str, redirect_to: str) -> Claims:
        """What the provider says of who logged in.

        Raises:
            OpenIdError: The code is not taken, or the token is not for this log-in.
        """
        # Each claim is asked for by name: a token without it, or of another issuer, proves nothing.
        claims = {
            "iss": {"essential": True, "values": [self.issuer]},
            "aud": {"essential": True, "values": [self._client_id]},
            "sub": {"essential": True},
            "nonce": {"essential": True, "value": login.nonce},
        }
        try:
            await self._load()
            token = await self._app.fetch_access_token(
                redirect_uri=redirect_to, code=code, code_verifier=login.verifier
            )
            found: Claims | None = await self._app.parse_id_token(
                token, login.nonce, claims_options=claims, leeway=_CLOCKS_APART
            )
        except (httpx.HTTPError, RuntimeError) as error:
            raise _unreachable(error) from None
        except (OAuthError, JoseError, ValueError, KeyError, TypeError) as error:
            msg = f"the log-in of the hospital proves nothing here ({type(error).__name__})"
            raise OpenIdError(msg) from None
        if found is None:
            msg = "the log-in of the hospital came without an ID token"
            raise OpenIdError(msg)
        return found

    async def _load(self) -> None:
        metadata = await self._app.load_server_metadata()
        if metadata.get("issuer", "").rstrip("/") != self.issuer:
            self._app.server_metadata.clear()
            msg = "the provider calls itself otherwise than the setting `oidc_issuer`"
            raise OpenIdError(msg)
        offered = set(metadata.get("id_token_signing_alg_values_supported") or ("RS256",))
        metadata["id_token_signing_alg_values_supported"] = sorted(offered & _SIGNED_BY)


def keep(connection: Connection, login: Login, now: datetime) -> str:
    """Keep a log-in until it comes back; the secret by which its browser is known again."""
    connection.execute(delete(OPENID_LOGINS).where(OPENID_LOGINS.c.expires_at <= now))
    secret = new_secret()
    values = {
        "digest": digest_of(secret),
        "state": login.state,
        "nonce": login.nonce,
        "verifier": login.verifier,
        "back": login.back,
        "expires_at": now + LASTS,
    }
    connection.execute(insert(OPENID_LOGINS).values(values))
    return secret


def take(connection: Connection, secret: str, now: datetime) -> Login | None:
    """The log-in of a browser, once; None where there is none, or it took too long."""
    table = OPENID_LOGINS.c
    taken = delete(OPENID_LOGINS).where(table.digest == digest_of(secret), table.expires_at > now)
    row = connection.execute(taken.returning(OPENID_LOGINS)).one_or_none()
    return Login(row.state, row.nonce, row.verifier, row.back) if row is not None else None


def person_of(connection: Connection, issuer: str, claims: Claims) -> Person | None:
    """Whose account this is; None where nobody's, or of somebody who was disabled.

    An account without a password that nobody has used yet is bound to who comes with its name.
    """
    subject = f"{issuer}|{claims['sub']}"
    person = people.find_subject(connection, subject)
    if person is None and (person := _unbound(connection, claims)) is not None:
        people.bind_subject(connection, person.name, subject)
    return None if person is None or person.disabled_at is not None else person


def _unbound(connection: Connection, claims: Claims) -> Person | None:
    names = [str(claims.get("preferred_username") or "")]
    if claims.get("email_verified") is True:
        names.append(str(claims.get("email") or ""))
    for name in names:
        person = people.find(connection, name.casefold())
        if person is not None and person.subject is None and person.password is None:
            return person
    return None


def _check(issuer: str, client: str) -> None:
    parts = urlsplit(issuer)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        msg = "`oidc_issuer` must begin with https://"
        raise SettingsError(msg)
    if not client:
        msg = "`oidc_issuer` needs `oidc_client`, the desk's client id at that provider"
        raise SettingsError(msg)


def _unreachable(error: Exception) -> OpenIdError:
    return OpenIdError(f"the hospital's log-in does not answer ({type(error).__name__})")
