"""The commands about feeds: new, check, drift.

Here: what can be typed. Not here: the work (the modules that each command names).
"""

from pathlib import Path
from typing import Annotated

import typer

from pulsehouse.options import JsonOption, LakeOption, example, work

feed = typer.Typer(
    no_args_is_help=True, help="Profiles of feeds: write one, check it, see what a feed changed."
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The feed's name.")]
DirOption = Annotated[
    Path | None,
    typer.Option(
        "--dir", metavar="DIR", help="Directory of the profiles. Default: setting `feeds`."
    ),
]


@feed.command(name="new", epilog=example("pulsehouse feed new north_ward --from sample.hl7.gz"))
def feed_new(
    name: NameArgument,
    sample: Annotated[
        Path,
        typer.Option("--from", metavar="SAMPLE", help="Messages as sent: a file, or a directory."),
    ],
    *,
    place: DirOption = None,
    zone: Annotated[
        str | None,
        typer.Option("--zone", metavar="ZONE", help="IANA zone of times without an offset."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the profile, and write nothing.")
    ] = False,
    json: JsonOption = False,
) -> int:
    """Look at a sample of messages, and write a commented profile and code map to complete."""
    return work("feed_new")(name, sample, place, zone, dry_run=dry_run, as_json=json)


@feed.command(name="check", epilog=example("pulsehouse feed check north_ward sample.hl7.gz"))
def feed_check(
    name: NameArgument,
    sample: Annotated[
        Path, typer.Argument(metavar="SAMPLE", help="Messages as sent: a file, or a directory.")
    ],
    place: DirOption = None,
    validate: Annotated[
        bool, typer.Option("--validate", help="FHIR: hold resources against the full models, too.")
    ] = False,
    json: JsonOption = False,
) -> int:
    """Show what of a sample a profile understands, and what not and why. Stores nothing."""
    return work("feed_check")(name, sample, place, with_models=validate, as_json=json)


@feed.command(name="drift", epilog=example("pulsehouse feed drift north_ward --lake lake"))
def feed_drift(
    name: NameArgument,
    lake: LakeOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every element that was seen, not only the new ones.")
    ] = False,
    json: JsonOption = False,
) -> int:
    """Show segments, fields, codes, units and types that a feed did not send before."""
    return work("feed_drift")(name, lake, everything=everything, as_json=json)
