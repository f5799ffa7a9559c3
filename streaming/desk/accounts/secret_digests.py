"""Secrets that the desk gives out: sessions, service tokens, one-time links.

Here: making one, and what is kept of it. Not here: where that lies (people, sessions, tokens).

Each is 256 random bits. What is kept is its SHA-256, which needs no salt and no slow hash: nobody
guesses 256 bits, and who reads the store can use none.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final

_BYTES: Final = 32
# Longer is none of ours; it is not even hashed.
_LONGEST: Final = 200
# In front of a token, so that one that got into a file or a chat can be searched for.
TOKEN_PREFIX: Final = "pulsehouse_desk_"  # noqa: S105 what stands before a secret


def new_secret(prefix: str = "") -> str:
    """A secret that nobody has."""
    return prefix + secrets.token_urlsafe(_BYTES)


def digest_of(secret: str) -> str:
    """What is kept of a secret; what is too long to be one has the digest of nothing."""
    return sha256(secret.encode() if len(secret) <= _LONGEST else b"").hexdigest()


def csrf_of(session: str) -> str:
    """The token that a page of a session sends along with what it changes.

    Made out of the session's own secret: whoever can make it has the session already.
    """
    mac = hmac.new(session.encode(), b"csrf of a desk session", sha256)
    return urlsafe_b64encode(mac.digest()).decode().rstrip("=")


def equal(left: str, right: str) -> bool:
    """Whether two secrets are the same, in a time that tells nothing."""
    return hmac.compare_digest(left.encode("utf-8", "replace"), right.encode("utf-8", "replace"))
