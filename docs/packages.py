"""The packages of requirements.lock as they are installed: version, licence, what each rests on.

Here: reading the lock and the packages' own metadata, for docs/licences.md and the bill of
materials. Not here: choosing packages (pyproject.toml), resolving them (`make lock`).
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCKED = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;]+)", re.MULTILINE)
# No licence is named anywhere: such a package may be run in our tests, and is never handed on.
NONE_NAMED = "LicenseRef-none-named"
# Packages whose metadata says nothing; the first two say it in the file LICENSE beside it.
TOLD_ELSEWHERE: Mapping[str, str] = {
    "axe-playwright-python": "MIT",
    "bytewax": "Apache-2.0",
    "nightingaleews": NONE_NAMED,
}
# The names of classifiers and of free text, as SPDX has them.
SPDX: Mapping[str, str] = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "Artistic License": "Artistic-1.0-Perl",
    "BSD": "BSD-3-Clause",
    "BSD 3-Clause OR Apache-2.0": "BSD-3-Clause OR Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
# Families that other classifiers of the same package say more exactly.
VAGUE = {"OSI Approved", "DFSG approved", "GNU General Public License (GPL)"}


@dataclass(frozen=True, slots=True)
class Package:
    """One installed package; `licence` is empty where nobody says it."""

    name: str
    version: str
    licence: str
    needs: tuple[str, ...]


def installed() -> dict[str, Package]:
    """The locked packages that are installed here, by name; other platforms' are not."""
    locked = LOCKED.findall((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    names = [canonicalize_name(name) for name, _ in locked]
    found = {name: _package(name, names) for name in names}
    return {name: package for name, package in found.items() if package is not None}


def of_the_product(packages: Mapping[str, Package]) -> set[str]:
    """The names of what the product itself rests on; the others are for development."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *extras["kafka"], *extras["postgresql"]]
    reached: set[tuple[str, str]] = set()
    waiting = list(_asked(asked, {""}))
    while waiting:
        name, extra = one = waiting.pop()
        if name in packages and one not in reached:
            reached.add(one)
            waiting += _asked(metadata.requires(name) or [], {"", extra})
    return {name for name, _ in reached}


def _package(name: str, locked: Iterable[str]) -> Package | None:
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None
    needs = {need for need, _ in _asked(found.requires or [], {""}) if need in locked}
    return Package(name, found.version, _licence(name, found.metadata), tuple(sorted(needs)))


def _asked(requirements: Iterable[str], extras: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What is asked for on this machine with these extras: a name, and an extra of it or none."""
    for requirement in map(Requirement, requirements):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
            name = canonicalize_name(requirement.name)
            yield from ((name, extra) for extra in ("", *requirement.extras))


def _licence(name: str, told: Message) -> str:
    if expression := told.get("License-Expression"):
        return str(expression)
    classifiers = [str(one) for one in told.get_all("Classifier", [])]
    ends = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License :: ")]
    exact = sorted({SPDX.get(end, end) for end in ends if end not in VAGUE})
    if exact:
        return " OR ".join(exact)
    text = str(told.get("License", "")).strip().partition("\n")[0]
    return SPDX.get(text, text) or TOLD_ELSEWHERE.get(name, "")
