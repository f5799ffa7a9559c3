"""`pulsehouse token create | list | revoke`: the bearer tokens of FHIR senders.

Here: the three commands. Not here: the tokens' file (streaming/gateway/tokens.py), or what a token
allows (tokens_verdict.py).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from lakehouse.feeds import load_profile
from lakehouse.lock import attempt
from pulsehouse import terminal
from pulsehouse.deployment import open_lake, settings
from pulsehouse.failure import FAILED, OK, USAGE, CommandError
from streaming.gateway.tokens import load, save, tokens_path
from streaming.gateway.tokens_verdict import NAME, WRITE, Token, digest_of, new_token

LOCK_SUFFIX: Final = ".lock"
# Beyond this a token is as good as one that never expires.
MOST_DAYS: Final = 3_660
ONCE: Final = "shown once: only its digest is kept; send it as `Authorization: Bearer <token>`"


def create(name: str, feed: str, days: int, place: Path | None) -> int:
    """Make a token; it goes to stdout, and nowhere else."""
    profile = load_profile(feed, settings().feeds)
    _check(name, profile.format, feed, days)
    made = new_token()
    expires = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
    token = Token(name, digest_of(made), feed, frozenset({WRITE}), expires)
    with _changing(_path(place, create=True)) as path:
        known = load(path)
        if name in {one.name for one in known}:
            msg = f"there is a token for {name!r} already; revoke it first, or use another name"
            raise CommandError(msg, USAGE)
        save(path, [*known, token])
    terminal.say(ONCE)
    terminal.write(made)
    return OK


def listed(place: Path | None, *, as_json: bool) -> int:
    """Show who has a token."""
    now = datetime.now(UTC)
    tokens = load(_path(place, create=False))
    if as_json:
        terminal.emit_json([_as_json(token, now) for token in tokens])
        return OK
    rows = [
        (token.name, token.feed, ", ".join(sorted(token.scopes)), token.expires, _state(token, now))
        for token in tokens
    ]
    terminal.show_table("Tokens", ("name", "feed", "scopes", "expires", "state"), rows)
    return OK


def revoke(name: str, place: Path | None) -> int:
    """End a token; a gateway that runs sees it at the next request."""
    with _changing(_path(place, create=False)) as path:
        known = load(path)
        kept = [token for token in known if token.name != name]
        if len(kept) == len(known):
            msg = f"there is no token for {name!r}; `pulsehouse token list` shows all"
            raise CommandError(msg, USAGE)
        save(path, kept)
    terminal.say(f"the token for {name} is revoked")
    return OK


def _check(name: str, form: str, feed: str, days: int) -> None:
    if not NAME.fullmatch(name):
        msg = f"{name!r} is no name for a token: use up to 64 letters, digits, dots, hyphens, _"
        raise CommandError(msg, USAGE)
    if form != "fhir":
        msg = f"feed {feed!r} is not FHIR, and only FHIR senders use tokens"
        raise CommandError(msg, USAGE)
    if days > MOST_DAYS:
        msg = f"a token lives for {MOST_DAYS:,} days at most"
        raise CommandError(msg, USAGE)


def _as_json(token: Token, now: datetime) -> dict[str, object]:
    return {
        "name": token.name,
        "feed": token.feed,
        "scopes": sorted(token.scopes),
        "expires": token.expires,
        "state": _state(token, now),
    }


def _state(token: Token, now: datetime) -> str:
    return "valid" if now < token.expires else "expired"


def _path(place: Path | None, *, create: bool) -> Path:
    return tokens_path(settings(), open_lake(place, create=create).root)


@contextmanager
def _changing(path: Path) -> Iterator[Path]:
    """The file, while nobody else changes it."""
    os.umask(0o077)
    if not path.parent.is_dir():
        msg = f"there is no directory {path.parent} for the tokens; make it, or change `tokens`"
        raise CommandError(msg, USAGE)
    with attempt(path.with_name(path.name + LOCK_SUFFIX)) as is_mine:
        if not is_mine:
            msg = "another command is changing the tokens; try again"
            raise CommandError(msg, FAILED)
        yield path
