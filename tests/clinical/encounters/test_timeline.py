"""Cases that real interfaces send, each in every order of arrival or in many, repeated or not."""

from collections.abc import Sequence
from itertools import islice, permutations

import pytest

from clinical.encounters.timeline import Visit, visit
from clinical.encounters.told import Place, Told

ED, A, B, WRONG = Place("ED", "R", "0"), Place("ED", "R", "1"), Place("W", "R", "2"), Place("X")
Stays = list[tuple[str, float, float | None]]


def told(event: str, at: float, place: Place | None = None, **more: object) -> Told:
    """An event at an hour, written down a quarter of an hour later unless `written` says when."""
    written = more.pop("written", at + 0.25)
    return Told(event, round(at * 100), round(float(str(written)) * 100), place, **more)  # type: ignore[arg-type]


def lain(found: Visit) -> Stays:
    return [
        ((stay.place.unit or "") + (stay.place.bed or "") if stay.place else "", *_hours(stay))
        for stay in found.stays
    ]


def _hours(stay: object) -> tuple[float, float | None]:
    begins, ends = stay.begins, stay.ends  # type: ignore[attr-defined]
    return begins / 100, None if ends is None else ends / 100


# What happened, and where the visit was in the end.
CASES: dict[str, tuple[list[Told], Stays]] = {
    "admitted, moved to and fro, discharged": (
        [
            told("admit", 11, ED),
            told("transfer", 12, A),
            told("transfer", 13, ED),
            told("transfer", 14, A),
            told("class_change", 15, B, patient_class="I"),
            told("discharge", 16, B),
        ],
        [("ED0", 11, 12), ("ED1", 12, 13), ("ED0", 13, 14), ("ED1", 14, 15), ("W2", 15, 16)],
    ),
    "a discharge written last, and dated before the last move": (
        [
            told("admit", 11, ED),
            told("transfer", 14, A),
            told("discharge", 13, ED, written=15),
        ],
        [("ED0", 11, 14), ("ED1", 14, 15)],
    ),
    "a discharge written last, before a move that was planned": (
        [
            told("admit", 11, ED),
            told("transfer", 18, A, written=12),
            told("discharge", 13, ED, written=15),
        ],
        [("ED0", 11, 15)],
    ),
    "a discharge that is corrected after the patient came again": (
        [
            told("admit", 11, ED),
            told("discharge", 12, ED),
            told("admit", 14, A),
            told("discharge", 11.5, ED, written=15),
        ],
        [("ED0", 11, 11.5), ("ED1", 14, None)],
    ),
    "a move that did not know of the discharge before it": (
        [
            told("admit", 11, ED),
            told("discharge", 13, ED, written=13),
            told("transfer", 14, A, written=15),
        ],
        [("ED0", 11, 13), ("ED1", 14, None)],
    ),
    "an admission taken back, and another": (
        [
            told("admit", 11, WRONG),
            told("cancel_admit", 11, WRONG, written=12),
            told("admit", 13, ED),
            told("transfer", 14, A),
            told("discharge", 15, A),
        ],
        [("ED0", 13, 14), ("ED1", 14, 15)],
    ),
    "the same admission again after it was taken back, without times of their own": (
        [
            told("admit", 11, ED, written=11),
            told("cancel_admit", 11, ED, written=12),
            told("admit", 11, ED, written=13),
        ],
        [("ED0", 11, None)],
    ),
    "a transfer taken back that names the wrong place alone, and was written down late": (
        [
            told("admit", 11, ED),
            told("transfer", 12, A),
            told("transfer", 12.5, WRONG, prior=A, written=13.5),
            told("cancel_transfer", 12.5, Place("T"), prior=WRONG, written=12.75),
            told("transfer", 13, B),
            told("discharge", 14, B),
        ],
        [("ED0", 11, 12), ("ED1", 12, 13), ("W2", 13, 14)],
    ),
    "a transfer taken back by a message without the time of the transfer": (
        [told("admit", 1, ED), told("transfer", 2, A), told("cancel_transfer", 5, ED)],
        [("ED0", 1, None)],
    ),
    "two transfers taken back one after the other": (
        [
            told("admit", 1, ED),
            told("transfer", 2, A),
            told("transfer", 3, B),
            told("cancel_transfer", 4, A),
            told("cancel_transfer", 5, ED),
        ],
        [("ED0", 1, None)],
    ),
    "a transfer taken back that never came": (
        [
            told("admit", 1, ED),
            told("transfer", 2, A),
            told("cancel_transfer", 3, Place("T"), prior=WRONG),
        ],
        [("ED0", 1, 2), ("ED1", 2, None)],
    ),
    "a discharge taken back, and another": (
        [
            told("admit", 11, ED),
            told("transfer", 12, A),
            told("discharge", 12.5, A),
            told("cancel_discharge", 12.5, A, written=13.75),
            told("discharge", 13, A),
        ],
        [("ED0", 11, 12), ("ED1", 12, 13)],
    ),
    "a discharge taken back from another bed than the one that was left": (
        [told("admit", 1, ED), told("discharge", 2, ED), told("cancel_discharge", 2, A)],
        [("ED0", 1, None)],
    ),
    "nothing heard but that a discharge was taken back": (
        [told("cancel_discharge", 2, ED)],
        [("ED0", 2, None)],
    ),
    "nothing heard but that it was not moved, and then not left": (
        [told("cancel_transfer", 2, ED, prior=A), told("cancel_leave", 3, B)],
        [("ED0", 2, 3), ("W2", 3, None)],
    ),
    "nothing heard but that an admission was taken back": ([told("cancel_admit", 2, ED)], []),
    "a discharge whose time was corrected": (
        [
            told("admit", 1, ED),
            told("discharge", 5, ED, written=5),
            told("discharge", 4, ED, written=6),
        ],
        [("ED0", 1, 4)],
    ),
    "the same bed again is nothing": (
        [told("register", 1, ED), told("admit", 2, ED), told("transfer", 3, ED, prior=ED)],
        [("ED0", 1, None)],
    ),
    "a move of which only the update told": (
        [told("admit", 1, ED), told("update", 3, A)],
        [("ED0", 1, 3), ("ED1", 3, None)],
    ),
    "an update that did not know of the move before it": (
        [told("admit", 1, ED), told("transfer", 2, A, written=4), told("update", 3, ED, written=3)],
        [("ED0", 1, 2), ("ED1", 2, None)],
    ),
    "an update with the unit alone": (
        [told("admit", 1, ED), told("update", 2, Place("ED")), told("update", 3, ED)],
        [("ED0", 1, None)],
    ),
    "updates after a discharge open nothing, also where it is taken back": (
        [
            told("admit", 1, ED),
            told("discharge", 2, ED),
            told("update", 3, ED),
            told("cancel_discharge", 2, ED, written=4),
            told("discharge", 5, ED),
            told("update", 6, A),
        ],
        [("ED0", 1, 5)],
    ),
    "a transfer of a visit never admitted opens it": (
        [told("transfer", 2, A, prior=ED)],
        [("ED1", 2, None)],
    ),
    "and tells where it was since its admission": (
        [told("transfer", 2, A, prior=ED, admitted_at=100)],
        [("ED0", 1, 2), ("ED1", 2, None)],
    ),
    "a discharge of a visit never heard of": (
        [told("discharge", 2, A, admitted_at=100)],
        [("ED1", 1, 2)],
    ),
    "leave and return": (
        [told("admit", 1, A), told("leave", 2), told("return", 4), told("discharge", 5)],
        [("ED1", 1, 2), ("ED1", 2, 4), ("ED1", 4, 5)],
    ),
    "leave that was not taken": (
        [told("admit", 1, A), told("leave", 2), told("cancel_leave", 2)],
        [("ED1", 1, None)],
    ),
    "plans and pending moves move nobody": (
        [
            told("preadmit", 0, B),
            told("update", 1, B),
            told("admit", 2, ED),
            told("pending_transfer", 3, B),
        ],
        [("ED0", 2, None)],
    ),
    "beds that were swapped": (
        [told("admit", 1, A), told("swap", 2, B)],
        [("ED1", 1, 2), ("W2", 2, None)],
    ),
    "a visit whose admission was taken back did not happen": (
        [
            told("admit", 1, ED),
            told("update", 2, A),
            told("transfer", 3, B),
            told("cancel_admit", 1, ED, written=4),
        ],
        [],
    ),
    "a visit that was deleted": (
        [told("admit", 1, ED), told("transfer", 2, A), told("delete_visit", 3)],
        [],
    ),
    "of two beds at one moment the one written down last": (
        [told("admit", 1, A, written=1), told("admit", 1, B, written=2)],
        [("W2", 1, None)],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_where_a_visit_was_in_the_end(case: str) -> None:
    events, expected = CASES[case]
    for order in islice(permutations(events), 0, None, 1 if len(events) < 6 else 7):
        assert lain(visit(order)) == expected


@pytest.mark.parametrize("case", CASES)
def test_a_message_that_comes_again_changes_nothing(case: str) -> None:
    events, expected = CASES[case]
    for again in events:
        assert lain(visit([*events, again])) == expected
        assert lain(visit([again, *events])) == expected


@pytest.mark.parametrize(
    ("events", "status", "admitted", "discharged"),
    [
        ([told("preadmit", 1, B)], "planned", None, None),
        ([told("preadmit", 1, B), told("cancel_preadmit", 1, B)], "cancelled", None, None),
        ([told("admit", 1, ED)], "current", 100, None),
        ([told("admit", 1, ED), told("leave", 2)], "leave", 100, None),
        ([told("admit", 1, ED), told("discharge", 2)], "discharged", 100, 200),
        ([told("admit", 1, ED), told("discharge", 2, discharged_at=150)], "discharged", 100, 150),
        (
            [told("admit", 1, ED), told("transfer", 3, A), told("discharge", 2, written=4)],
            "discharged",
            100,
            200,
        ),
        ([told("admit", 1, ED), told("cancel_admit", 1, ED)], "cancelled", None, None),
        ([told("register", 1, ED), told("admit", 2, ED)], "current", 100, None),
        ([told("transfer", 2, A, admitted_at=50)], "current", 50, None),
        ([told("A60", 1)], "unknown", None, None),
    ],
)
def test_what_is_known_of_a_visit(
    events: Sequence[Told], status: str, admitted: int | None, discharged: int | None
) -> None:
    found = visit(events)
    assert (found.status, found.admitted_at, found.discharged_at) == (status, admitted, discharged)


def test_a_stay_says_the_class_at_its_end_and_whether_anybody_told_of_it() -> None:
    first = told("transfer", 2, A, prior=ED, admitted_at=100, patient_class="E")
    found = visit([first, told("class_change", 3, None, patient_class="I"), told("leave", 4)])
    assert [(stay.status, stay.patient_class, stay.ended_by) for stay in found.stays] == [
        ("inferred", "E", "transfer"),
        ("occupied", "I", "leave"),
        ("leave", "I", None),
    ]
    assert found.patient_class == "I"
