"""Gates that ask what came of holding the job against the stream, night by night.

Here: grain (G3), match (G6), differences without a cause (G7), coverage (G10), wrong patients
(G11), clean nights after the flip (G17), exceptions (G18). Not here: how a night is compared
(orchestration/reconciliation).

A night whose extract and stream both have no key counts as matching, and is said to. Nights may be
compared long after they were: after the flip are those later than the newest night of the flip.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from orchestration.migration.facts import Case, Night, matches, matching_run, run_of
from orchestration.migration.gate import Finding, counted, green, not_yet, red
from orchestration.migration.ledger import Entry, last_with
from orchestration.migration.states import Event, State

NONE_COMPARED = "no night has been compared"
SATURDAY = 6


def grain(case: Case) -> Finding:
    """G3: no key comes twice or is null, on either side."""
    nights = case.newest
    if not nights:
        return not_yet(NONE_COMPARED)
    bad = [one for one in nights if one.repeated]
    if bad:
        keys = counted(sum(one.repeated for one in bad), "repeated or null key")
        return red(f"{keys} in {_listed(bad)}", *_ids(bad))
    return green(f"one row per key in {_span(nights)}", *_ids(nights))


def match(case: Case) -> Finding:
    """G6: enough keys match, in enough nights one after the other."""
    nights, wanted, share = case.nights, case.settings.matching_nights, case.settings.match_share
    if not nights:
        return not_yet(NONE_COMPARED)
    if not matches(nights[-1], share):
        found = nights[-1].match_share or 0.0
        said = f"{found:.4%} of night {nights[-1].night} match, {share:.2%} are wanted"
        return red(said, nights[-1].evidence)
    run = matching_run(case)
    told = f"{len(run)} of {wanted} nights in a row match ({_span(run)}){_without_keys(run)}"
    return (green if len(run) >= wanted else not_yet)(told, *_ids(run[-wanted:]))


def unexplained(case: Case) -> Finding:
    """G7: every difference has a cause."""
    nights, wanted = case.newest, case.settings.matching_nights
    if not nights:
        return not_yet(NONE_COMPARED)
    bad = [one for one in nights if one.unexplained]
    if bad:
        count = counted(sum(one.unexplained for one in bad), "difference")
        return red(f"{count} without a cause in {_listed(bad)}", *_ids(bad))
    told = f"none in {counted(len(nights), 'night')} ({_span(nights)})"
    return (green if len(nights) >= wanted else not_yet)(told, *_ids(nights))


def wrong_patients(case: Case) -> Finding:
    """G11: no row is one patient's on one side and another's on the other."""
    bad = [one for one in case.nights if one.wrong_patients]
    if bad:
        count = counted(sum(one.wrong_patients for one in bad), "row")
        return red(f"{count} of another patient in {_listed(bad)}", *_ids(bad))
    if not case.nights:
        return not_yet(NONE_COMPARED)
    return green(f"none in {counted(len(case.nights), 'night')}", *_ids(case.newest))


def clean_nights(case: Case) -> Finding:
    """G17: enough nights after the flip have no difference without a cause."""
    wanted, flipped = case.settings.clean_nights, flip_of(case.entries)
    if flipped is None:
        return not_yet("the job was never cut over")
    later = [one for one in case.nights if one.night > flipped]
    if later and not _is_clean(later[-1]):
        return red(f"night {later[-1].night} has differences without a cause", later[-1].evidence)
    run = run_of(later, _is_clean)
    told = f"{len(run)} of {wanted} clean nights in a row after the flip at night {flipped}"
    return (green if len(run) >= wanted else not_yet)(told, *_ids(run))


def exceptions(case: Case) -> Finding:
    """G18: what is left without a cause was accepted by name after it was found."""
    bad = [one for one in case.nights if one.unexplained or one.wrong_patients]
    if not bad:
        return green("no night has an exception", *_ids(case.newest))
    accepted = last_with(case.entries, Event.ATTESTED, gate="G18")
    if accepted is None or accepted.at < max(one.compared_at for one in bad):
        return not_yet(f"exceptions in {_listed(bad)} are not accepted", *_ids(bad))
    return green(f"accepted by {accepted.by}: {_listed(bad)}", entry_id(accepted), *_ids(bad))


def covered_by_nights(case: Case) -> dict[str, str]:
    """Which parts of G10 the nights themselves cover, and by what."""
    found: dict[str, str] = {}
    for one in case.nights:
        for part, holds in _COVERS.items():
            if part not in found and holds(one, case.settings.hospital_zone):
                found[part] = f"night {one.night}"
    return found


def flip_of(entries: list[Entry]) -> date | None:
    """The last night that the nightly job serves since the newest flip; None where none was."""
    flips = [e for e in entries if e.event == Event.PROMOTED and e.to_state == State.CUTOVER]
    return date.fromisoformat(flips[-1].evidence["flip_night"]) if flips else None


def entry_id(entry: Entry) -> str:
    """An entry of the ledger as evidence names it."""
    return f"ledger:{'/'.join(entry.line)}#{entry.number}"


def _is_weekend(one: Night, _zone: str) -> bool:
    return one.night.isoweekday() >= SATURDAY


def _is_month_end(one: Night, _zone: str) -> bool:
    # The run of the first is the one that tells of the month's last day.
    return one.night.day == 1


def _is_clock_change(one: Night, zone: str) -> bool:
    def offset(day: date) -> timedelta | None:
        return datetime.combine(day, time(0), ZoneInfo(zone)).utcoffset()

    return offset(one.night) != offset(one.night + timedelta(days=1))


def _has_merge(one: Night, _zone: str) -> bool:
    return one.classes["identity"] > 0


def _has_correction(one: Night, _zone: str) -> bool:
    return one.classes["corrected"] + one.classes["retracted"] > 0


_COVERS = {
    "weekend": _is_weekend,
    "month_end": _is_month_end,
    "dst": _is_clock_change,
    "merge": _has_merge,
    "correction": _has_correction,
}


def _is_clean(one: Night) -> bool:
    return not one.unexplained and not one.wrong_patients


def _without_keys(run: list[Night]) -> str:
    empty = sum(one.match_share is None for one in run)
    return f"; {counted(empty, 'night')} without any key" if empty else ""


def _ids(nights: list[Night]) -> tuple[str, ...]:
    return tuple(one.evidence for one in nights)


def _span(nights: list[Night]) -> str:
    first, last = nights[0].night, nights[-1].night
    return f"night {first}" if first == last else f"nights {first} to {last}"


def _listed(nights: list[Night], most: int = 3) -> str:
    named = ", ".join(str(one.night) for one in nights[-most:])
    rest = f" and {len(nights) - most} before" if len(nights) > most else ""
    return f"night {named}" if len(nights) == 1 else f"nights {named}{rest}"
