"""The front door: the `pulsehouse` command, and `pulsehouse.connect()` for notebooks.

Here: what a person types, and what they are shown. Not here: the work itself (streaming,
orchestration, lakehouse, clinical), which every command calls and none repeats.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulsehouse.connection import connect

__all__ = ["connect"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 what a module may hold
    # The engines take half a second to import: only whoever connects waits for them.
    if name == "connect":
        from pulsehouse.connection import connect  # noqa: PLC0415

        return connect
    msg = f"module `pulsehouse` has no attribute {name!r}"
    raise AttributeError(msg)
