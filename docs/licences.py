"""The page docs/licences.md: under which licence each package of the lock is.

Here: `page()`, and `python -m docs.licences > docs/licences.md`. A test holds the page to what is
installed. Not here: reading the packages (docs/packages.py).
"""

import sys
from collections import Counter
from collections.abc import Iterable

from docs.packages import Package, installed, of_the_product

OPENING = """# Licences

Made from `requirements.lock` and the packages' own metadata by `python -m docs.licences`: change
the lock, not this page. Pulsehouse itself is under [Apache-2.0](../LICENSE). The names are SPDX's;
where a package only says "BSD", it stands as BSD-3-Clause, and where it names several, as a choice.
A package under `LicenseRef-none-named` names no licence: the tests may run it, the product never
rests on it.

`make sbom` writes the same as a bill of materials, CycloneDX JSON, with versions and what rests on
what."""


def page() -> str:
    """The whole page."""
    packages = installed()
    product = of_the_product(packages)
    used = [package for name, package in packages.items() if name in product]
    rest = [package for name, package in packages.items() if name not in product]
    return (
        "\n\n".join(
            [
                OPENING,
                f"## What the product rests on\n\n{_counts(used)}\n\n{_table(used)}",
                f"## For development and tests alone\n\n{_counts(rest)}\n\n{_table(rest)}",
            ]
        )
        + "\n"
    )


def row(package: Package) -> str:
    """A package as a line of the page; without its version, which the lock has."""
    return f"| `{package.name}` | {package.licence} |"


def _counts(packages: Iterable[Package]) -> str:
    counts = Counter(package.licence for package in packages)
    told = (f"{licence} {count}" for licence, count in counts.most_common())
    return f"{counts.total()} packages: {', '.join(told)}."


def _table(packages: Iterable[Package]) -> str:
    return "\n".join(["| Package | Licence |", "|---|---|", *map(row, packages)])


if __name__ == "__main__":
    sys.stdout.write(page())
