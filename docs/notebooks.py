"""The analyst's notebooks, executed: `python -m docs.notebooks LAKE` writes docs/notebooks/*.ipynb.

Here: cells as they stand in docs/notebooks/*.py are run in order over a lake, and kept with what
they showed. Not here: what they ask (those files).
"""

import ast
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "notebooks"
# How the cells name the lake.
LAKE = '"demo-lake"'
MARK, TEXT = "# %%", "[markdown]"


def cells(source: str) -> Iterator[tuple[bool, str]]:
    """Each cell: whether it is prose, and its text."""
    for part in source.split(MARK)[1:]:
        head, _, body = part.partition("\n")
        lines = body.strip("\n").splitlines()
        if TEXT in head:
            yield True, "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines)
        else:
            yield False, "\n".join(lines)


def executed(source: str, lake: Path) -> dict[str, Any]:
    """The notebook, with what each cell showed over a lake."""
    names: dict[str, Any] = {}
    made = []
    for number, (is_prose, text) in enumerate(cells(source)):
        cell: dict[str, Any] = {"id": f"cell-{number}", "metadata": {}, "source": _lines(text)}
        if is_prose:
            made.append({"cell_type": "markdown", **cell})
            continue
        shown = run(text.replace(LAKE, repr(str(lake))), names)
        count = 1 + sum(one["cell_type"] == "code" for one in made)
        made.append({"cell_type": "code", "execution_count": count, **cell} | _output(shown, count))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def run(text: str, names: dict[str, Any]) -> object:
    """Run a cell; the value of its last line where that is an expression."""
    tree = ast.parse(text)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), names)  # noqa: S102 our own notebooks
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)  # noqa: S307


def _output(shown: object, count: int) -> dict[str, Any]:
    if shown is None:
        return {"outputs": []}
    told = {"output_type": "execute_result", "execution_count": count, "metadata": {}}
    return {"outputs": [{**told, "data": _forms(shown)}]}


def _forms(shown: Any) -> dict[str, Any]:  # noqa: ANN401 whatever a cell shows
    """What was shown, in the forms that a notebook knows."""
    if hasattr(shown, "to_dict") and hasattr(shown, "mark_bar"):
        out = io.StringIO()
        shown.save(out, format="svg")
        return {"image/svg+xml": _lines(out.getvalue()), "text/plain": ["(chart)"]}
    forms = {"text/plain": _lines(repr(shown))}
    if hasattr(shown, "to_html"):
        forms["text/html"] = _lines(shown.to_html(border=0))
    return forms


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def main(lake: Path) -> None:
    """Write every notebook anew."""
    for file in sorted(FOLDER.glob("*.py")):
        told = executed(file.read_text(encoding="utf-8"), lake)
        text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
        file.with_suffix(".ipynb").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
