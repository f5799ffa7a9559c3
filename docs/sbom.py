"""A bill of materials: what is installed with Pulsehouse, as CycloneDX 1.6 JSON.

Here: `bill()`, and `python -m docs.sbom` (`make sbom`). The same lock gives the same bytes. Not
here: reading the packages (docs/packages.py).
"""

import json
import sys
import tomllib
import uuid
from collections.abc import Mapping
from typing import Any

from docs.packages import ROOT, Package, installed, of_the_product

SPECIFICATION = "1.6"
# Any name space will do, as long as it stays: the number then follows from the lock alone.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "pulsehouse")


def bill() -> dict[str, Any]:
    """The whole bill; the product is its subject, and each locked package a component."""
    packages = installed()
    product = of_the_product(packages)
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, lock)}",
        "version": 1,
        "metadata": {"component": _subject()},
        "components": [
            _component(one, is_of_the_product=name in product) for name, one in packages.items()
        ],
        "dependencies": _dependencies(packages, product),
    }


def _subject() -> dict[str, Any]:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name, version = told["name"], told["version"]
    return {
        "type": "application",
        "bom-ref": _purl(name, version),
        "name": name,
        "version": version,
        "purl": _purl(name, version),
        "licenses": [{"expression": told["license"]}],
    }


def _component(package: Package, *, is_of_the_product: bool) -> dict[str, Any]:
    purl = _purl(package.name, package.version)
    return {
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": package.version,
        "purl": purl,
        # `excluded` is CycloneDX's word for what is there while building and testing alone.
        "scope": "required" if is_of_the_product else "excluded",
        "licenses": [{"expression": package.licence}],
    }


def _dependencies(packages: Mapping[str, Package], product: set[str]) -> list[dict[str, Any]]:
    """Who rests on whom; the product on all that is in it, since its own list is not the lock's."""
    purls = {name: _purl(name, package.version) for name, package in packages.items()}
    own = {"ref": _subject()["bom-ref"], "dependsOn": sorted(purls[name] for name in product)}
    rest = [
        {"ref": purls[name], "dependsOn": [purls[need] for need in package.needs if need in purls]}
        for name, package in packages.items()
    ]
    return [own, *rest]


def _purl(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version}"


if __name__ == "__main__":
    json.dump(bill(), sys.stdout, indent=2)
    sys.stdout.write("\n")
