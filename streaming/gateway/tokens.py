"""The bearer tokens of FHIR senders: their file, `tokens.toml`, for its user alone.

Here: reading and writing it, and noticing that it changed. Not here: what a token allows
(tokens_verdict.py).
"""

import json
import os
import stat
import tomllib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from lakehouse import durable
from lakehouse.errors import LakehouseError
from lakehouse.settings import Settings
from streaming.gateway.tokens_verdict import DIGEST, NAME, SCOPES, Token

DEFAULT: Final = "tokens.toml"
_KEYS: Final = frozenset({"name", "sha256", "feed", "scopes", "expires"})
_HEAD: Final = (
    "# Written by `pulsehouse token`. It holds digests: no token can be read out of it.\n"
)


class TokensError(LakehouseError):
    """The file of the tokens cannot be used; nobody is let in until it can."""


def tokens_path(settings: Settings, lake: Path) -> Path:
    """Where the tokens of a deployment lie."""
    return settings.tokens or lake / DEFAULT


def load(path: Path) -> tuple[Token, ...]:
    """The tokens of a file; none where there is no file.

    Raises:
        TokensError: It cannot be read, others may read it, or an entry is not whole.
    """
    try:
        with path.open("rb") as stream:
            _check_private(path, os.fstat(stream.fileno()))
            table = tomllib.load(stream)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _unreadable(path, error) from error
    except ValueError as error:
        msg = f"the tokens in {path} are not valid TOML; mend the file, or restore it"
        raise TokensError(msg) from error
    return _tokens(path, table)


def save(path: Path, tokens: Iterable[Token]) -> None:
    """Replace the file. The process's umask must keep others out: `load` refuses it otherwise.

    Raises:
        TokensError: It cannot be written.
    """
    text = _HEAD + "".join(map(_entry, tokens))
    try:
        durable.replace(path, text.encode())
    except OSError as error:
        msg = f"cannot write the tokens in {path}: {os.strerror(error.errno or 0)}"
        raise TokensError(msg) from error


def _entry(token: Token) -> str:
    # JSON's strings and lists are TOML's too.
    return (
        f"\n[[token]]\nname = {json.dumps(token.name)}\nsha256 = {json.dumps(token.digest)}\n"
        f"feed = {json.dumps(token.feed)}\nscopes = {json.dumps(sorted(token.scopes))}\n"
        f"expires = {token.expires.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}\n"
    )


def _unreadable(path: Path, error: OSError) -> TokensError:
    reason = os.strerror(error.errno or 0)
    return TokensError(f"cannot read the tokens in {path}: {reason}; check its permissions")


def _check_private(path: Path, status: os.stat_result) -> None:
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        msg = f"others may read or write the tokens in {path}; run `chmod 600` on it"
        raise TokensError(msg)


def _tokens(path: Path, table: dict[str, Any]) -> tuple[Token, ...]:
    entries = table.pop("token", [])
    if table or not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        msg = f"the tokens in {path} must be [[token]] tables and nothing else"
        raise TokensError(msg)
    tokens = tuple(_token(path, number, entry) for number, entry in enumerate(entries, 1))
    if len({token.name for token in tokens}) < len(tokens):
        msg = f"two tokens in {path} have one name; give each its own"
        raise TokensError(msg)
    return tokens


def _token(path: Path, number: int, entry: dict[str, object]) -> Token:
    match entry:
        case {
            "name": str(name),
            "sha256": str(digest),
            "feed": str(feed),
            "scopes": list(scopes),
            "expires": datetime() as expires,
        } if entry.keys() == _KEYS and _is_whole(name, digest, scopes, expires):
            return Token(name, digest, feed, frozenset(scopes), expires)
    msg = f"token {number} in {path} is not whole: it needs {', '.join(sorted(_KEYS))}, each valid"
    raise TokensError(msg)


def _is_whole(name: str, digest: str, scopes: list[object], expires: datetime) -> bool:
    return bool(
        NAME.fullmatch(name)
        and DIGEST.fullmatch(digest)
        and all(scope in SCOPES for scope in scopes)
        and expires.tzinfo is not None
    )


class Tokens:
    """The tokens of a file, read again whenever the file changes."""

    def __init__(self, path: Path) -> None:
        """Of a file, which is read when it is first asked for."""
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._known: tuple[Token, ...] = ()

    def known(self) -> tuple[Token, ...]:
        """The tokens as they are now.

        Raises:
            TokensError: As `load`: a file that cannot be used lets nobody in.
        """
        seen = self._look()
        if seen != self._seen:
            self._known, self._seen = (load(self._path) if seen else ()), seen
        return self._known

    def _look(self) -> tuple[int, int, int] | None:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(self._path, error) from error
        # Its ctime tells of new permissions, too.
        return status.st_ctime_ns, status.st_size, status.st_ino
