"""`pulsehouse bench`, from what was typed to what is shown, drawn and compared.

Here: the order of it. Not here: any of its parts (the modules beside this one).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulsehouse import terminal
from pulsehouse.bench.charting import FORMS, written
from pulsehouse.bench.comparing import WORSE, compared
from pulsehouse.bench.running import Wish, cases, measured
from pulsehouse.bench.showing import show, show_comparison
from pulsehouse.failure import FOUND_PROBLEMS, OK, USAGE, CommandError


def run(
    *,
    quick: bool = False,
    names: list[str] | None = None,
    sizes: str | None = None,
    runs: int | None = None,
    chart: Path | None = None,
    compare: Path | None = None,
    fail_if_slower: bool = False,
    as_json: bool = False,
) -> int:
    """Measure, then show; what cannot be shown is refused before anything is measured."""
    wish = Wish(quick, names or (), _sizes(sizes), runs)
    before = None if compare is None else _earlier(compare)
    if chart is not None and chart.suffix not in FORMS:
        msg = f"a chart is {' or '.join(FORMS)}, not {chart.suffix or 'without an ending'}"
        raise CommandError(msg, USAGE)
    told = measured(wish)
    if before is not None:
        told["compared"] = compared(before, told, _directions())
    if chart is not None:
        written(told, chart)
    if as_json:
        terminal.emit_json(told)
    else:
        show(told)
        if compare is not None:
            show_comparison(told["compared"], compare)
    return _code(told) if fail_if_slower else OK


def _code(told: Mapping[str, Any]) -> int:
    slower = [one for one in told.get("compared", ()) if one["verdict"] in WORSE]
    return FOUND_PROBLEMS if slower else OK


def _sizes(typed: str | None) -> tuple[int, ...]:
    """Numbers such as `10k,100k,1M`."""
    try:
        return tuple(_size(word.strip()) for word in typed.split(",")) if typed else ()
    except ValueError:
        msg = f"sizes are numbers of messages such as 10k,100k,1M, not {typed!r}"
        raise CommandError(msg, USAGE) from None


def _size(word: str) -> int:
    times = {"k": 1_000, "m": 1_000_000}.get(word[-1:].lower(), 1)
    size = int(word if times == 1 else word[:-1]) * times
    if size < 1:
        raise ValueError(word)
    return size


def _earlier(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        found = {"cases": told["cases"]}
    except OSError as error:
        msg = f"cannot read {path.name}: {error.strerror}"
        raise CommandError(msg, USAGE) from error
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{path.name} is no result of `pulsehouse bench --json` with cases; measure it anew"
        raise CommandError(msg, USAGE) from error
    return found


def _directions() -> dict[str, bool]:
    return {
        figure.name: figure.more_is_better
        for case in cases().values()
        for figure in case.figures
        if not figure.is_count
    }
