"""The `pulsehouse` command: what can be typed, and what each word leads to.

Here: commands, options, help, exit codes. Not here: the work of a command (the other modules of
this room). They are imported when their command runs, so that `--help` is quick.
"""

import os
import sys
import traceback
from contextlib import nullcontext, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import typer

from pulsehouse import backtest_command, config_commands, failure, live_commands
from pulsehouse.audit_commands import audit
from pulsehouse.desk_commands import desk
from pulsehouse.feed_commands import feed
from pulsehouse.migrate_commands import migrate
from pulsehouse.options import JsonOption, LakeOption, example, work
from pulsehouse.report_commands import report
from pulsehouse.routes_commands import routes
from pulsehouse.terminal import NOTICE, err, only_ours, out, say, write

DEBUG = "--debug"

app = typer.Typer(
    name="pulsehouse",
    help="A clinical lakehouse with a pulse: hospital feeds become tables, scores and alerts.\n\n"
    "Begin with: pulsehouse demo",
    epilog=NOTICE,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(migrate, name="migrate")
app.add_typer(feed, name="feed")
app.add_typer(audit, name="audit")
app.add_typer(routes, name="routes")
app.add_typer(report, name="report")
app.add_typer(desk, name="desk")
app.add_typer(config_commands.config, name="config")
live_commands.add_to(app)
backtest_command.add_to(app)

SpeedOption = Annotated[
    str,
    typer.Option(
        "--speed", metavar="max|Nx", help="As fast as possible, or N times the feed's clock."
    ),
]
IdentifiedOption = Annotated[
    bool, typer.Option("--identified", help="Include names, identifiers and raw messages.")
]


def _release() -> str:
    try:
        return version("pulsehouse")
    except PackageNotFoundError:
        return "(not installed)"


def _show_version(wanted: bool) -> None:
    if wanted:
        write(f"pulsehouse {_release()}")
        raise typer.Exit


@app.callback()
def _global_options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
    _debug: Annotated[
        bool,
        typer.Option(DEBUG, help="Show the traceback of an error. Works after a command, too."),
    ] = False,
    _config: Annotated[
        Path | None,
        typer.Option(
            config_commands.OPTION,
            metavar="FILE",
            help="The settings' file. Default: PULSEHOUSE_CONFIG, or ./pulsehouse.toml.",
        ),
    ] = None,
) -> None:
    """Options of every command; both are taken out before parsing, and are here for their help."""


@app.command(epilog=example("pulsehouse demo"))
def demo(
    lake: Annotated[
        Path, typer.Option("--lake", metavar="DIR", help="Where the demo's lake goes.")
    ] = Path("demo-lake"),
    speed: SpeedOption = "max",
    story: Annotated[
        bool,
        typer.Option(
            "--story",
            help="Go on: an evening on the ward, fourteen nights compared, one job moved and back.",
        ),
    ] = False,
    json: JsonOption = False,
) -> int:
    """Replay a bundled sample of real patients, and show what came of it."""
    return work("demo")(lake, speed, story=story, as_json=json)


@app.command(
    epilog=example("pulsehouse render mimic3 CSV_DIR feed.hl7.gz --align 2026-01-05 --days 7")
)
def render(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="mimic3, physionet2019, synthea.")
    ],
    tables: Annotated[Path, typer.Argument(metavar="DIR", help="The source's files.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The batch file; .gz is gzipped.")],
    *,
    align: Annotated[
        str | None,
        typer.Option("--align", metavar="DATE", help="Day on which the first stays begin."),
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", min=1, help="Days over which stays begin.")
    ] = None,
    extracts: Annotated[
        Path | None,
        typer.Option("--extracts", metavar="DIR", help="Nightly 2am extracts, too (mimic3)."),
    ] = None,
    json: JsonOption = False,
) -> int:
    """Tell real tables again as the HL7 v2 messages a hospital would have sent."""
    return work("rendering")(
        source, tables, out, align=align, days=days, as_json=json, extracts=extracts
    )


@app.command(epilog=example("pulsehouse replay feed.hl7.gz --feed mimic3 --lake lake"))
def replay(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Files, or directories of files.")
    ],
    feed: Annotated[str, typer.Option("--feed", metavar="NAME", help="The feed's profile.")],
    lake: LakeOption = None,
    speed: SpeedOption = "max",
    json: JsonOption = False,
) -> int:
    """Put files of a feed into a lake: tables, scores and alerts. Again adds nothing."""
    return work("replaying")(paths, feed, lake, speed, as_json=json)


@app.command(epilog=example('pulsehouse sql "select rule, count(*) from alerts group by rule"'))
def sql(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="One select, in DuckDB's SQL.")],
    lake: LakeOption = None,
    json: JsonOption = False,
    identified: IdentifiedOption = False,
) -> int:
    """Query tables, marts and served views; nothing else can be read, and nothing written.

    What there is: select * from meta.tables, and meta.columns.
    """
    return work("querying")(query, lake, as_json=json, identified=identified)


@app.command(epilog=example("pulsehouse explain mimic3-0-8124-sepsis --lake demo-lake"))
def explain(
    alert_id: Annotated[str, typer.Argument(metavar="ALERT_ID", help="An alert's identity.")],
    lake: LakeOption = None,
    json: JsonOption = False,
    identified: IdentifiedOption = False,
) -> int:
    """Show the whole chain of an alert: rule, inputs, stored rows, messages, what was missing."""
    return work("explain_report")(alert_id, lake, as_json=json, identified=identified)


@app.command(
    epilog=example(
        "pulsehouse score news2 respiratory_rate=22 spo2=93 oxygen=yes systolic_bp=105"
        " heart_rate=112 consciousness=A temperature=38.4"
    )
)
def score(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="A score of docs/scores.md: news2, sofa, kdigo ..."),
    ],
    values: Annotated[
        list[str] | None,
        typer.Argument(metavar="CONCEPT=VALUE...", help="Values in the concepts' own units."),
    ] = None,
    variant: Annotated[str | None, typer.Option("--variant", help="One variant only.")] = None,
    json: JsonOption = False,
) -> int:
    """Score one set of values by the law of the stream, points per parameter."""
    return work("score_report")(name, values or [], variant, as_json=json)


@app.command(epilog=example("pulsehouse unmapped --feed north_ward --top 20 --lake lake"))
def unmapped(
    lake: LakeOption = None,
    feed: Annotated[
        str | None, typer.Option("--feed", metavar="NAME", help="Of this feed alone.")
    ] = None,
    top: Annotated[int, typer.Option("--top", min=1, help="How many lines of each list.")] = 30,
    json: JsonOption = False,
) -> int:
    """Rank what to map next, by the scores it would complete, and propose what it may be."""
    return work("unmapped")(lake, feed, top, as_json=json)


@app.command(epilog=example("pulsehouse status --lake demo-lake"))
def status(lake: LakeOption = None, json: JsonOption = False) -> int:
    """Show what the lake holds, and whether its counts balance."""
    return work("status_report")(lake, as_json=json)


@app.command(epilog=example("pulsehouse bench --quick", "pulsehouse bench --sizes 100k,1M"))
def bench(
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small: under a minute where nothing else runs.")
    ] = False,
    case: Annotated[
        list[str] | None,
        typer.Option("--case", metavar="NAME", help="This case alone; may be given again."),
    ] = None,
    sizes: Annotated[
        str | None,
        typer.Option(
            "--sizes", metavar="10k,100k,1M", help="Messages; shows how time and memory grow."
        ),
    ] = None,
    runs: Annotated[
        int | None, typer.Option("--runs", min=1, help="Measured runs of each case.")
    ] = None,
    chart: Annotated[
        Path | None, typer.Option("--chart", metavar="FILE", help="Draw it: .svg or .html.")
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option("--compare", metavar="FILE", help="Beside what `--json` printed before."),
    ] = None,
    fail_if_slower: Annotated[
        bool,
        typer.Option("--fail-if-slower", help="With --compare: exit 3 where one clearly is."),
    ] = False,
    json: JsonOption = False,
) -> int:
    """Measure speed, latency, memory and growth on this machine, beside what they are held to."""
    return work("bench.command")(
        quick=quick,
        names=case,
        sizes=sizes,
        runs=runs,
        chart=chart,
        compare=compare,
        fail_if_slower=fail_if_slower,
        as_json=json,
    )


def main(arguments: list[str] | None = None) -> None:
    """Run what was typed and leave with its exit code.

    Native threads of the lake's engines may abort a process that leaves the usual way, after its
    work is done and told: so this one leaves at once, with everything flushed.
    """
    typed = sys.argv[1:] if arguments is None else arguments
    code = _run(typed)
    if (spill := sys.modules.get("lakehouse.spill")) is not None:
        spill.remove()
    os._exit(_flushed(code))


def _run(typed: list[str]) -> int:
    debug = DEBUG in typed
    words = config_commands.taken_out([word for word in typed if word != DEBUG])
    try:
        with nullcontext() if debug else only_ours():
            result: Any = app(words, prog_name="pulsehouse", standalone_mode=False)
    except typer.TyperException as error:
        return _usage(error)
    except BrokenPipeError:
        return failure.OK
    except SystemExit as error:
        return int(error.code or 0)
    except BaseException as error:  # the last place to tell of it
        return _failed(error, debug=debug)
    return int(result or 0)


def _usage(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        write(error.format_message())
        return failure.USAGE
    say(f"error: {' '.join(error.format_message().split())}")
    if context is not None:
        say(f"help: {context.command_path} --help")
    return int(getattr(error, "exit_code", failure.USAGE))


def _failed(error: BaseException, *, debug: bool) -> int:
    line, code = failure.explained(error)
    if debug:
        say("".join(traceback.format_exception(error)).rstrip())
    say(f"error: {line}")
    return code


def _flushed(code: int) -> int:
    for stream in (sys.stdout, sys.stderr, out().file, err().file):
        # Where the reader of a pipe has left, there is nobody to tell.
        with suppress(OSError, ValueError):
            stream.flush()
    return code
