"""What can be typed after `pulsehouse report`.

Here: the commands, their options and help. Not here: their work (quality_report.py).
"""

from pathlib import Path
from typing import Annotated

import typer

from pulsehouse.options import JsonOption, LakeOption, example, work

report = typer.Typer(
    help="Pages for people who would rather look than query.", no_args_is_help=True
)


@report.callback()
def _reports() -> None:
    """Keep `quality` a word of its own while it is the only one."""


@report.command(
    epilog=example(
        "pulsehouse report quality --lake demo-lake",
        "pulsehouse report quality --lake lake --days 90 --out quality.html",
    )
)
def quality(
    lake: LakeOption = None,
    *,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="The page; what is there is replaced.")
    ] = Path("quality.html"),
    days: Annotated[
        int, typer.Option("--days", min=1, help="Days of receipt, back from the newest message.")
    ] = 28,
    json: JsonOption = False,
) -> int:
    """Draw documentation lag, reconciliation, migration, alerts, census and feeds on one page.

    The page needs no network and no script: each chart names its table and cut, says what it shows
    in one sentence, and offers its numbers. With --json the numbers alone are printed.
    """
    return work("quality_report")(lake, out, days, as_json=json)
