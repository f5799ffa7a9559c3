"""Passwords: which are good enough, and what is kept of them.

Here: the rules of NIST SP 800-63B-4 (2025), 3.1.1.2, and Argon2id. Not here: how often one may try
(throttling.py), or where the hash lies (people.py).

Fifteen characters where the password is the only factor; any character counts, nothing is asked of
their kinds, none expires. What is refused is what is guessed first: one's own name, the product's,
a row of keys, or a few characters again and again.
"""

import unicodedata
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from lakehouse.errors import LakehouseError

SHORTEST: Final = 15
# Longer ones are refused, not cut: hashing must not become a way to keep the desk busy.
LONGEST: Final = 256
_FEWEST_DIFFERENT: Final = 6
_ROWS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "0123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
)
_COMMON: Final = (
    "password",
    "passwort",
    "pulsehouse",
    "hospital",
    "letmein",
    "welcome",
    "changeme",
)
# What must be left once names and common words are taken out of a password.
_FEWEST_LEFT: Final = 8

_HASH: Final = PasswordHash((Argon2Hasher(),))


class WeakPasswordError(LakehouseError):
    """A password that would be guessed; the message says what to change, never the password."""

    exit_code = 2


def hashed(password: str, *names: str) -> str:
    """The Argon2id hash of a good password.

    Args:
        password: As typed.
        names: Names of its person, which a guesser tries first.

    Raises:
        WeakPasswordError: It breaks a rule.
    """
    if (fault := weakness(password, *names)) is not None:
        raise WeakPasswordError(fault)
    return _HASH.hash(_normal(password))


def is_right(password: str, kept: str | None) -> bool:
    """Whether a password is the one that was hashed.

    Takes as long for a person who does not exist (None) as for one who does.
    """
    if len(password) > LONGEST:
        return False
    right = _HASH.verify(_normal(password), kept or _nobody())
    return right and kept is not None


def weakness(password: str, *names: str) -> str | None:
    """What is wrong with a password, and how to mend it; None where nothing is."""
    normal = _normal(password)
    if len(normal) < SHORTEST:
        return f"use at least {SHORTEST} characters; a few words with spaces are fine"
    if len(password) > LONGEST:
        return f"use at most {LONGEST} characters"
    if len(set(normal)) < _FEWEST_DIFFERENT or _is_row(normal.casefold()):
        return "that is a row of keys or a few characters again and again: use a few words"
    if len(_left(normal.casefold(), names)) < _FEWEST_LEFT:
        return "that is little more than a name or a common word: add words that nobody expects"
    return None


def _normal(password: str) -> str:
    # The same characters from two keyboards may come as other code points.
    return unicodedata.normalize("NFKC", password)


def _is_row(text: str) -> bool:
    doubled = [row * (len(text) // len(row) + 2) for row in _ROWS]
    return any(text in row or text in row[::-1] for row in doubled)


def _left(text: str, names: tuple[str, ...]) -> str:
    parts = [part for name in names for part in name.casefold().split()]
    for word in (*_COMMON, *parts):
        text = text.replace(word, "") if word else text
    return text


def _nobody(kept: list[str] = []) -> str:  # noqa: B006 one hash for the life of the process
    if not kept:
        kept.append(_HASH.hash("a password that nobody has"))
    return kept[0]
