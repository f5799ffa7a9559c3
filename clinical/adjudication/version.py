"""Which definitions adjudicated: a hash of everything that decides.

Here: one short name over the live rules and the files of this room. Not here: the live rules' own
(clinical/detection/version.py), which stream rows carry.
"""

from functools import cache
from hashlib import blake2b
from importlib.resources import files

from clinical.detection.version import rules_version


@cache
def adjudication_version() -> str:
    """Twelve hexadecimal digits."""
    digest = blake2b(rules_version().encode(), digest_size=6)
    room = files("clinical.adjudication")
    for entry in sorted(room.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".py"):
            digest.update(entry.name.encode())
            digest.update(entry.read_bytes())
    return digest.hexdigest()
