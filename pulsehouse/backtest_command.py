"""What can be typed after `pulsehouse backtest`.

Here: the command's options and help. Not here: its work (backtest.py).
"""

from pathlib import Path
from typing import Annotated

import typer

from pulsehouse.options import JsonOption, LakeOption, example, work

RULES = "`current` (the installed one), a directory with another `clinical`, or a git revision."
EXAMPLES = example(
    "pulsehouse backtest --lake demo-lake",
    "pulsehouse backtest --rules current --against HEAD~1 --report report.html",
    "pulsehouse backtest --physionet2019 DIR --out predictions",
)


def backtest(
    lake: LakeOption = None,
    *,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First day of receipt (UTC).")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Last day of receipt (UTC).")
    ] = None,
    rules: Annotated[str, typer.Option("--rules", metavar="VERSION", help=RULES)] = "current",
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="VERSION", help="Compare with it, patient by patient."),
    ] = None,
    onset: Annotated[
        str | None,
        typer.Option("--onset", metavar="VARIANT", help="Adjudicated onsets to hold against."),
    ] = None,
    physionet2019: Annotated[
        Path | None,
        typer.Option("--physionet2019", metavar="DIR", help="Challenge .psv files, not a lake."),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option("--labels", metavar="DIR", help="Challenge .psv files of the lake's stays."),
    ] = None,
    predict: Annotated[
        str, typer.Option("--predict", metavar="FAMILY", help="Whose predictions --out has.")
    ] = "sepsis_risk",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Predictions per stay; differing alerts."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="A page of HTML with charts.")
    ] = None,
    json: JsonOption = False,
) -> int:
    """Run rules again over stored facts, and measure what their alerts were worth.

    Sensitivity, PPV and lead times by rule family and unit, load per 100 patient-days and shift,
    NEWS2 calibration, and the PhysioNet/CinC 2019 utility where labels are known. It only reads.

    Exit codes: 0 done; 1 no facts, or rules that cannot be run; 2 usage; 4 a damaged lake.
    """
    asked = {"since": since, "until": until, "rules": rules, "against": against, "onset": onset}
    places = {"physionet2019": physionet2019, "labels": labels, "out": out, "report": report}
    return work("backtest")(lake, **asked, **places, predict=predict, as_json=json)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLES)(backtest)
