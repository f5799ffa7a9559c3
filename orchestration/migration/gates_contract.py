"""Gates that ask what was agreed, and whether the nightly side is still there to fall back on.

Here: the contract (G1), the verifier (G15), the archive (G19), the lasting reconciliation (G21).
Not here: what the nights say (gates_nights.py).
"""

from importlib.util import find_spec

from lakehouse.batch.reconciliation import DIFFERENCES
from orchestration.migration.facts import Case, Facts
from orchestration.migration.gate import Finding, counted, green, not_yet, red

ASKED_OF_A_CONTRACT = (
    *("title", "reason", "grain", "landed", "key", "compared"),
    *("owner", "consumers", "freshness_minutes", "acceptance"),
)
RECONCILIATION = "orchestration.reconciliation.assets"


def contract(case: Case) -> Finding:
    """G1: everything that has to be written down before data is looked at."""
    lacking = [name for name in ASKED_OF_A_CONTRACT if not getattr(case.job, name)]
    named = f"contract:{case.job.name}"
    if lacking:
        return red(f"the contract leaves out {', '.join(lacking)}", named)
    readers = counted(len(case.job.consumers), "reader")
    return green(f"owner {case.job.owner}, {readers}, key, tolerances and acceptance", named)


def verifier(case: Case) -> Finding:
    """G15: the nightly job still lands its rows, up to the newest night that was compared."""
    landed, nights = _landed_nights(case), case.nights
    if not nights:
        return not_yet("no night has been compared")
    newest = nights[-1].night
    if newest.isoformat() not in landed:
        latest = max(landed, default="none")
        return red(f"night {newest} was compared, but the newest landed night is {latest}")
    return green(f"the extract landed up to night {max(landed)}", nights[-1].evidence)


def archive(case: Case) -> Finding:
    """G19: what the nightly job ever gave stays readable, at a version that is written down."""
    versions = case.facts.versions
    lacking = [table.name for table in case.job.landed if table.name not in versions]
    if lacking:
        return red(f"nothing is landed in {', '.join(lacking)}")
    kept = [f"{table.name}@{versions[table.name]}" for table in case.job.landed]
    nights = counted(len(_landed_nights(case)), "night")
    return green(f"{nights} in {', '.join(kept)}", *kept)


def lasting(case: Case) -> Finding:
    """G21: the reconciliation of the same tables goes on after the nightly job has ended."""
    name = case.job.name
    if name not in DIFFERENCES:
        return red(f"no reconciliation is declared for {name}")
    if not case.facts.once("reconciliation", lambda: _assets(case.facts)) & {name}:
        return red(f"the asset reconciliation/{name} is not defined")
    return green(f"the asset reconciliation/{name} is defined", f"asset:reconciliation/{name}")


def _assets(facts: Facts) -> frozenset[str]:
    # Only here: Dagster takes a second to import, and the other gates do without it.
    if find_spec(RECONCILIATION) is None:
        return frozenset()
    from orchestration.reconciliation.assets import definitions  # noqa: PLC0415

    keys = definitions(facts.settings).resolve_asset_graph().get_all_asset_keys()
    return frozenset(key.path[-1] for key in keys if key.path[0] == "reconciliation")


def _landed_nights(case: Case) -> frozenset[str]:
    """Nights of the job's own extract, each YYYY-MM-DD."""
    source = case.facts.source(case.job.landed[0])
    if source is None:
        return frozenset()
    sql = f"select distinct night::varchar as night from {source}"  # noqa: S608 a path and a number, quoted
    found = case.facts.once(f"landed {case.job.name}", lambda: case.facts.ask(sql))
    return frozenset(row["night"] for row in found)
