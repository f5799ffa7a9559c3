"""What a repair does, or did, in words.

Here: the steps of a plan and of an outcome, one line each. Not here: doing them (lakehouse/doctor).
"""

from collections.abc import Iterator

from lakehouse.doctor.planning import Aside, Gap, Plan
from lakehouse.doctor.repairing import Giver, Outcome
from lakehouse.tables import RAW_MESSAGES, TABLES

LEDGER_ZONES = ("migration", "quality", "audit", "operations", "replays")


def plan_lines(found: Plan, giver: Giver) -> list[str]:
    """The numbered steps of a repair that nobody has begun."""
    lines = [_aside(one) for one in found.batch]
    lines += [_back(gap, giver) for gap in found.gaps if giver.source(gap.partition) == "journal"]
    lines += [_aside(one) for one in found.asides if one not in found.batch]
    return [*lines, *_after(found, giver)]


def outcome_lines(found: Outcome, giver: Giver) -> list[str]:
    """What a repair did, and what is left to do."""
    lines = [found.marker] if found.marker else []
    if found.folder is None:
        return lines
    lines += [_aside(one) for one in found.plan.asides]
    lines.append(f"{found.files} files moved aside to {found.folder}; nothing was deleted")
    if found.put_back:
        lines.append(f"{found.put_back} messages put back into the journal")
    lines += [f"lost, and recorded in `losses`: {_named(gap)}" for gap in found.lost]
    return [*lines, *_after(found.plan, giver)]


def _aside(one: Aside) -> str:
    if one.is_whole:
        return f"table `{one.log.name}`: nothing of it can be read; move the whole of it aside"
    if not one.commits:
        return f"table `{one.log.name}`: move {len(one.files)} torn files of its log aside"
    cut = " (the cut goes back with it)" if one.log.name == RAW_MESSAGES.name else ""
    return (
        f"table `{one.log.name}`: from version {one.newest} back to {one.keep},"
        f" {len(one.files)} files moved aside{cut}"
    )


def _back(gap: Gap, giver: Giver) -> str:
    lacking = sum(last - first + 1 for first, last in giver.lacks(gap))
    if not lacking:
        return f"{_named(gap)}: the journal has them, the stream reads them again"
    return f"{_named(gap)}: put {lacking} that the journal lacks back into it"


def _after(found: Plan, giver: Giver) -> Iterator[str]:
    """What is left for a person, or for the stream."""
    if found.by_time:
        yield (
            "some commits of an older release do not say what they stand on: their times decided,"
            " and more goes back than may be needed"
        )
    for gap in found.gaps:
        match giver.source(gap.partition):
            case "file":
                yield (
                    f"then run `pulsehouse replay FILE --feed {gap.feed}` again with the files of"
                    f" {_named(gap)}; what is there is not stored twice"
                )
            case "broker":
                yield f"{_named(gap)}: Kafka gives them again when the stream starts"
            case "journal":
                yield f"{_named(gap)}: the stream reads them again when it starts"
    yield from filter(None, (_rerun(one) for one in found.batch))


def _rerun(one: Aside) -> str | None:
    zone, _, name = one.log.name.rpartition(".")
    if one.log.name in TABLES or not one.commits:
        return None
    if zone == "marts":
        return f"then build the mart again: materialise `marts/{name}` in Dagster, or `dbt build`"
    if zone in LEDGER_ZONES:
        return f"then look at what `{one.log.name}` lost: its last entries lie moved aside only"
    return f"then materialise what makes `{one.log.name}` in Dagster again (zone {zone})"


def _named(gap: Gap) -> str:
    return f"{len(gap)} messages of {gap.feed}/{gap.partition} ({gap.first} to {gap.last})"
