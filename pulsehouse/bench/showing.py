"""What was measured, on the terminal.

Here: tables of figures, of growth, and of a comparison. Not here: figures (running.py), or the
chart (charting.py).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulsehouse import terminal
from pulsehouse.bench.growth import MEMORY_AT_10X, TIME_AT_10X
from pulsehouse.bench.machine import in_words

# Below it, a decimal is worth showing; below one, two.
_CLOSE = 1_000
_MET = {True: "yes", False: "NO", None: ""}


def show(told: Mapping[str, Any]) -> None:
    """Figures, growth, and the machine."""
    _figures(told)
    _cost(told)
    if told["growth"]:
        _growth(told)
    load = told["load"]
    terminal.note(in_words(told["machine"]))
    terminal.note(f"load before {_loads(load['before'])}, after {_loads(load['after'])}")


def show_comparison(found: list[dict[str, Any]], before: Path) -> None:
    """Each figure beside the earlier one."""
    rows = [
        (
            _words(one["figure"]),
            one["size"],
            _rounded(one["before"]),
            _rounded(one["now"]),
            _times(one["ratio"]),
            _times(one["baseline_ratio"]),
            one["verdict"],
        )
        for one in found
    ]
    columns = ("what", "size", "before", "now", "now/before", "machine now/before", "verdict")
    terminal.show_table(f"Compared with {before.name}", columns, rows)


def _figures(told: Mapping[str, Any]) -> None:
    rows = [
        (
            _words(name),
            one["size"],
            _rounded(figure["median"]),
            f"{_text(figure['low'])} to {_text(figure['high'])}" if one["runs"] > 1 else "",
            figure["unit"],
            _times(figure["against_baseline"]) if "against_baseline" in figure else "",
            figure.get("held_to"),
            _MET[figure.get("is_met")],
        )
        for one in told["cases"]
        for name, figure in one["figures"].items()
    ]
    columns = ("what", "size", "median", "runs", "unit", "x baseline", "held to", "met")
    terminal.show_table("Measured", columns, rows)


def _cost(told: Mapping[str, Any]) -> None:
    rows = [
        (
            _words(one["name"]),
            one["size"],
            one["runs"],
            _rounded(one["seconds"]["median"]),
            _rounded(one["cpu_seconds"]["median"]),
            _rounded(one["peak_memory_mib"]),
        )
        for one in told["cases"]
    ]
    columns = ("case", "size", "runs", "seconds", "CPU seconds", "peak MiB")
    terminal.show_table("What each took", columns, rows)


def _growth(told: Mapping[str, Any]) -> None:
    rows = [
        (
            _words(one["name"]),
            one["from"],
            one["to"],
            _times(one["seconds_at_10x"]),
            _MET[one["is_time_within"]],
            _times(one.get("cpu_seconds_at_10x")),
            _times(one["memory_at_10x"]),
            _MET[one["is_memory_within"]],
        )
        for one in told["growth"]
    ]
    columns = ("case", "from", "to", "time", "within", "CPU", "memory", "within")
    title = f"At 10x the input (time at most {TIME_AT_10X:g}x, memory {MEMORY_AT_10X:g}x)"
    terminal.show_table(title, columns, rows)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _rounded(value: float) -> float:
    if abs(value) >= _CLOSE:
        return round(value)
    return round(value, 1 if abs(value) >= 1 else 3)


def _text(value: float) -> str:
    rounded = _rounded(value)
    return f"{rounded:,}"


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _loads(values: list[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)
