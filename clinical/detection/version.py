"""Which rules decided: a hash of everything that does.

Here: one short name over concepts, classes, bands, engine and rules. It changes when any of their
files does, so a stored score or alert names the law it was made under.
"""

from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from importlib.resources.abc import Traversable

_DECIDES = ("concepts", "normalise", "scores", "scoring", "detection")


@cache
def rules_version() -> str:
    """Twelve hexadecimal digits."""
    digest = blake2b(digest_size=6)
    root = files("clinical")
    for entry in sorted(_files(root), key=lambda item: item[0]):
        digest.update(entry[0].encode())
        digest.update(entry[1].read_bytes())
    return digest.hexdigest()


def _files(root: Traversable) -> Iterator[tuple[str, Traversable]]:
    yield from ((item.name, item) for item in root.iterdir() if item.name.endswith(".csv"))
    for room in _DECIDES:
        for item in root.joinpath(room).iterdir():
            if item.name.endswith(".py"):
                yield f"{room}/{item.name}", item
