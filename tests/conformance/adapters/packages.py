"""Which version of a package is installed, without importing it."""

from importlib.metadata import PackageNotFoundError, version


def installed(package: str) -> str | None:
    """Its version, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
