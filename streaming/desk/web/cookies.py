"""The desk's cookies: the session's, and that of forms before there is a session.

Here: their names and marks. Not here: what the secrets in them open (accounts/sessions.py).
"""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from lakehouse.settings import Settings

_SESSION: Final = "pulsehouse"
_FORM: Final = "pulsehouse_form"
_OPENID: Final = "pulsehouse_openid"
# A browser takes such a cookie from this very host alone, over TLS, and no other host can set it.
_HOST: Final = "__Host-"
# Log-in at the provider has so long.
OPENID_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Cookies:
    """The cookies of a desk that people reach by TLS, or by loopback alone."""

    is_secure: bool

    @classmethod
    def of(cls, settings: Settings) -> "Cookies":
        """As the deployment is reached."""
        is_behind_tls = settings.desk_url.startswith("https://")
        return cls(settings.desk_certificate is not None or is_behind_tls)

    def session(self, request: Request) -> str | None:
        """The session's secret, where the browser sent one."""
        return request.cookies.get(self._name(_SESSION))

    def form(self, request: Request) -> str | None:
        """The secret of forms before the session."""
        return request.cookies.get(self._name(_FORM))

    def openid(self, request: Request) -> str | None:
        """The secret of a log-in that is on its way through the provider."""
        return request.cookies.get(self._name(_OPENID))

    def give_session(self, response: Response, secret: str) -> None:
        """Let the browser have a session."""
        self._give(response, _SESSION, secret)

    def give_form(self, response: Response, secret: str) -> None:
        """Let the browser have a secret for a form."""
        self._give(response, _FORM, secret)

    def give_openid(self, response: Response, secret: str) -> None:
        """Let the browser carry a log-in; it must come along when the provider leads back."""
        self._give(response, _OPENID, secret, same_site="lax", seconds=OPENID_SECONDS)

    def take_back(self, response: Response) -> None:
        """Let the browser forget everything."""
        for name in (_SESSION, _FORM, _OPENID):
            response.delete_cookie(self._name(name), secure=self.is_secure, httponly=True)

    def _give(
        self,
        response: Response,
        name: str,
        secret: str,
        *,
        same_site: str = "strict",
        seconds: int | None = None,
    ) -> None:
        response.set_cookie(
            self._name(name),
            secret,
            max_age=seconds,
            secure=self.is_secure,
            httponly=True,
            samesite="lax" if same_site == "lax" else "strict",
        )

    def _name(self, name: str) -> str:
        return _HOST + name if self.is_secure else name
