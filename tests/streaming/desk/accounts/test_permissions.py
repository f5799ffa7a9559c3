"""The matrix of roles and permissions, and what viewers see.

The table of docs/desk_accounts.md is what was agreed: a change of rights shows there in review.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from streaming.desk.accounts.permissions import MATRIX, PERMISSIONS, ROLES, allowed
from streaming.desk.accounts.viewers import Glass, Viewer
from streaming.desk.scopes import Scope

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PAGE = Path(__file__).parents[4] / "docs" / "desk_accounts.md"
ROW = re.compile(r"^\| `([a-z.]+)`: [^|]+\|(.+)\|$", re.MULTILINE)
TABLE = {
    right: [cell.strip() for cell in cells.split("|")]
    for right, cells in ROW.findall(PAGE.read_text(encoding="utf-8"))
}


def _viewer(role="clinician", units=("MICU",), **said):
    units = None if units is None else frozenset(units)
    roles = frozenset({role})
    return Viewer("ada", "Ada", roles, allowed(roles), units, "digest", **said)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("permission", PERMISSIONS)
def test_each_cell_of_the_matrix_is_as_the_page_says(role, permission):
    assert (permission in MATRIX[role]) == (TABLE[permission][ROLES.index(role)] == "yes")


def test_the_page_has_each_right_and_no_other():
    assert list(TABLE) == list(PERMISSIONS)
    assert f"| right | {' | '.join(ROLES)} |" in PAGE.read_text(encoding="utf-8")


def test_nobody_who_keeps_accounts_or_machines_opens_a_patient():
    for role in ("engineer", "privacy", "admin"):
        viewer = _viewer(role, None)
        assert viewer.scope(NOW) == Scope(frozenset())
        assert not viewer.sees_unit("MICU", NOW)
        assert not viewer.sees_case(None, NOW)
        assert not viewer.sees_patient("BETH", "1", "MICU", NOW)


def test_a_person_without_units_sees_no_patient():
    viewer = _viewer(units=())
    assert viewer.scope(NOW) == Scope(frozenset())
    assert not viewer.sees_case(None, NOW)


def test_every_unit_is_every_unit_and_one_is_one():
    assert _viewer(units=None).scope(NOW) == Scope(None)
    assert _viewer().sees_unit("MICU", NOW)
    assert not _viewer().sees_unit("SICU", NOW)


def test_an_alert_of_no_known_unit_is_seen_by_all_who_treat_and_a_patient_is_not():
    assert _viewer().sees_case(None, NOW)
    assert not _viewer().sees_patient("BETH", "1", None, NOW)


def test_broken_glass_shows_what_it_was_broken_for_and_only_until_its_end():
    end = NOW + timedelta(minutes=60)
    broken = {Glass("unit", "SICU"): end, Glass("patient", "BETH/7"): end}
    viewer = _viewer(broken_glass=broken)
    assert viewer.scope(NOW) == Scope(frozenset({"MICU", "SICU"}))
    assert viewer.sees_patient("BETH", "7", "CCU", NOW)
    assert not viewer.sees_patient("BETH", "8", "CCU", NOW)
    assert len(viewer.broken(NOW)) == 2
    assert viewer.scope(end) == Scope(frozenset({"MICU"}))
    assert not viewer.sees_patient("BETH", "7", "CCU", end)
    assert viewer.broken(end) == ()


def test_roles_add_up():
    both = allowed({"privacy", "viewer"})
    assert both == MATRIX["privacy"] | MATRIX["viewer"]
    assert allowed(()) == frozenset()
