"""OperationOutcome: what a FHIR sender is told, in codes and fixed sentences.

Here: every answer that the FHIR road gives, as a value, and its HTTP form. Not here: when each is
given (fhir.py, fhir_body.py, fhir_guard.py).

Nothing of a request is ever in an answer: no value, no identifier, no path, no parser's own words.

Source: HL7 FHIR R4 4.0.1, OperationOutcome, and value set issue-type.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson
from starlette.responses import Response

FHIR_JSON: Final = "application/fhir+json; charset=utf-8"
# Seconds after which a sender may try again what could not be stored.
RETRY_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answer: HTTP status, FHIR issue type, our reason code, and a sentence for people."""

    status: int
    issue: str
    reason: str
    sentence: str
    headers: Mapping[str, str] = field(default_factory=dict)
    severity: str = "error"


class RefusalError(Exception):
    """A request that is not taken; nothing of it is stored."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


_AGAIN: Final = {"Retry-After": str(RETRY_SECONDS)}
_CHALLENGE: Final = 'Bearer realm="pulsehouse"'
_INVALID: Final = {"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'}
_TOO_LITTLE: Final = {
    "WWW-Authenticate": f'{_CHALLENGE}, error="insufficient_scope", scope="write"'
}

NOTIFIED: Final = Outcome(
    200, "informational", "notified", "There was no resource to store.", severity="information"
)
NO_TOKEN: Final = Outcome(
    401, "login", "no_token", "Send a bearer token.", {"WWW-Authenticate": _CHALLENGE}
)
UNKNOWN_TOKEN: Final = Outcome(401, "login", "unknown_token", "The token is not known.", _INVALID)
EXPIRED_TOKEN: Final = Outcome(401, "expired", "expired_token", "The token has expired.", _INVALID)
OTHER_FEED: Final = Outcome(
    403, "forbidden", "other_feed", "The token is for another feed.", _TOO_LITTLE
)
OTHER_SCOPE: Final = Outcome(
    403, "forbidden", "other_scope", "The token's scopes do not allow this.", _TOO_LITTLE
)
TOKENS_UNREADABLE: Final = Outcome(
    503, "transient", "tokens_unreadable", "Nothing was stored; send again later.", _AGAIN
)
NOT_STORED: Final = Outcome(
    503, "transient", "not_stored", "Nothing was stored; send again later.", _AGAIN
)
TOO_MUCH_AT_ONCE: Final = Outcome(
    503, "throttled", "too_much_at_once", "Nothing was stored; send again later.", _AGAIN
)
EMPTY_BODY: Final = Outcome(400, "required", "empty_body", "The body is empty.")
BROKEN_GZIP: Final = Outcome(400, "structure", "broken_gzip", "The gzip stream is broken.")
TOO_LARGE: Final = Outcome(
    413, "too-long", "message_too_large", "The body is larger than this feed may send."
)
TOO_SLOW: Final = Outcome(408, "timeout", "too_slow", "The body did not come in time.")
NOT_JSON: Final = Outcome(
    415, "not-supported", "content_type", "Send application/fhir+json in UTF-8."
)
OTHER_ENCODING: Final = Outcome(
    415,
    "not-supported",
    "content_encoding",
    "Send it as it is, or with gzip.",
    {"Accept-Encoding": "gzip"},
)
NOT_FOUND: Final = Outcome(404, "not-found", "not_found", "There is no such address or type.")
NOT_ALLOWED: Final = Outcome(405, "not-supported", "method", "The method is not allowed here.")
BAD_REQUEST: Final = Outcome(400, "invalid", "bad_request", "The request cannot be read.")
FAILED: Final = Outcome(500, "exception", "failed", "It failed here; the log says where.")


def accepted(status: int) -> Outcome:
    """Stored and understood."""
    return Outcome(
        status, "informational", "stored", "Stored and understood.", severity="information"
    )


def quarantined(reason: str) -> Outcome:
    """Stored, and not understood; sending the same again changes nothing."""
    return Outcome(422, "processing", reason, "Stored in quarantine: it was not understood.")


def respond(outcome: Outcome, headers: Mapping[str, str] | None = None) -> Response:
    """An outcome over HTTP."""
    issue = {
        "severity": outcome.severity,
        "code": outcome.issue,
        "details": {"text": outcome.reason},
        "diagnostics": outcome.sentence,
    }
    body = {"resourceType": "OperationOutcome", "issue": [issue]}
    return fhir_json(body, outcome.status, {**outcome.headers, **(headers or {})})


def fhir_json(
    resource: Mapping[str, object], status: int, headers: Mapping[str, str] | None = None
) -> Response:
    """A resource of ours over HTTP."""
    return Response(orjson.dumps(resource), status, headers, FHIR_JSON)
