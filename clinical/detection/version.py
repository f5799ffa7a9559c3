"""Which rules decided: a hash of everything that does.

Here: one short name over concepts, classes, bands, engine, contexts and rules, and over what
contexts do to alerts. It changes when any of their files does, so a stored score or alert names the
law it was made under. Not here: what manifests merely tell, which decides nothing.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from importlib.resources.abc import Traversable

from clinical.detection.manifest import MANIFESTS, Manifest

_DECIDES = (
    *("concepts", "normalise", "encounters", "scores", "scoring"),
    *("context", "detection"),
)


@cache
def rules_version() -> str:
    """Twelve hexadecimal digits."""
    digest = blake2b(digest_size=6)
    root = files("clinical")
    for entry in sorted(_files(root), key=lambda item: item[0]):
        digest.update(entry[0].encode())
        digest.update(entry[1].read_bytes())
    digest.update(effects(MANIFESTS).encode())
    lengths = [(family, one.episode.hours) for family, one in sorted(MANIFESTS.items())]
    digest.update(repr(lengths).encode())
    return digest.hexdigest()


def effects(manifests: Mapping[str, Manifest]) -> str:
    """What contexts do to the alerts of each family, without the reasons.

    Families are sorted; within one the order counts, since it says which context wins.
    """
    told = (
        (family, name, one.effect, one.rules, one.route, one.steps)
        for family, manifest in sorted(manifests.items())
        for name, one in manifest.context.items()
    )
    return repr(list(told))


def _files(root: Traversable) -> Iterator[tuple[str, Traversable]]:
    yield from ((item.name, item) for item in root.iterdir() if item.name.endswith(".csv"))
    for room in _DECIDES:
        there = root.joinpath(room)
        for item in there.iterdir() if there.is_dir() else ():
            if item.name.endswith(".py"):
                yield f"{room}/{item.name}", item
