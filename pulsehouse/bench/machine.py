"""The machine that is measured: what it is, what runs on it, and how busy it is.

Here: facts to put beside figures. Not here: any figure.
"""

import os
import platform
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

# What does the work, or carries it.
PACKAGES: Final = ("pulsehouse", "bytewax", "deltalake", "duckdb", "numpy", "pyarrow")
_CPU = Path("/proc/cpuinfo")


def machine() -> dict[str, Any]:
    """What was measured on."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "cores_allowed": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "packages": dict(_packages()),
    }


def load() -> list[float]:
    """How many processes wanted a core, over 1, 5 and 15 minutes."""
    return [round(value, 2) for value in os.getloadavg()]


def in_words(told: dict[str, Any]) -> str:
    """The machine in one line."""
    return (
        f"{told['cpu']}, {told['cores']} cores, {told['memory_gib']} GiB, {told['system']},"
        f" Python {told['python']}"
    )


def _cpu() -> str:
    named = re.search(r"^model name\s*:\s*(.+)$", _CPU.read_text(), re.M) if _CPU.exists() else None
    return named[1] if named else platform.processor() or platform.machine()


def _packages() -> Iterator[tuple[str, str]]:
    for name in PACKAGES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue
