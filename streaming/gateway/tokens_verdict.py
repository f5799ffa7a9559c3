"""What a bearer token of a FHIR sender allows: in which feed, and until when.

Here: tokens as values, and the verdict on an Authorization header. Not here: their file
(tokens.py), HTTP (fhir_guard.py), or the commands (pulsehouse/token_book.py).

A token is 256 random bits and shown once; what is kept is its SHA-256, which needs no salt and no
slow hash: nobody guesses 256 bits.
"""

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

# The one scope there is: to put messages into the token's feed.
WRITE: Final = "write"
SCOPES: Final = frozenset({WRITE})
# In front of each token, so that one that got into a file or a chat can be searched for.
PREFIX: Final = "pulsehouse_"
TOKEN_BYTES: Final = 32
# A name is shown, logged and written to a file: nothing in it needs quoting anywhere.
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
# Longer is no token of ours; it is not even hashed.
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Token:
    """Who may do what; `digest` is the SHA-256 of the token in hexadecimal."""

    name: str
    digest: str
    feed: str
    scopes: frozenset[str]
    expires: datetime


class Verdict(StrEnum):
    """What an Authorization header allows."""

    ALLOWED = "allowed"
    MISSING = "no_token"
    UNKNOWN = "unknown_token"
    EXPIRED = "expired_token"
    OTHER_FEED = "other_feed"
    OTHER_SCOPE = "other_scope"


def new_token() -> str:
    """A token that nobody has."""
    return PREFIX + secrets.token_urlsafe(TOKEN_BYTES)


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def judge(
    tokens: Iterable[Token], authorization: str | None, feed: str, scope: str, now: datetime
) -> Verdict:
    """What a header allows in a feed.

    Every digest is compared, each in constant time, so that the time tells nothing of a token.
    """
    if (sent := _bearer(authorization)) is None:
        return Verdict.MISSING
    digest = digest_of(sent) if len(sent) <= _LONGEST else ""
    found = [token for token in tokens if hmac.compare_digest(token.digest, digest)]
    if not found:
        return Verdict.UNKNOWN
    return _of(found[0], feed, scope, now)


def _of(token: Token, feed: str, scope: str, now: datetime) -> Verdict:
    if now >= token.expires:
        return Verdict.EXPIRED
    if token.feed != feed:
        return Verdict.OTHER_FEED
    return Verdict.ALLOWED if scope in token.scopes else Verdict.OTHER_SCOPE


def _bearer(authorization: str | None) -> str | None:
    scheme, _, token = (authorization or "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
