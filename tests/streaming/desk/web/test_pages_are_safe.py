"""The real pages, given values that are markup: shown as text; and each look written down.

Here: what a hostile feed could bring into a page, and the count of reads. Not here: what pages are
for (../pages), or a real browser (../e2e).
"""

import pytest

from streaming.desk.web.app import desk_app
from tests.streaming.desk.desks import START, SetClock, alert, desk_at, evidence, take_alerts
from tests.streaming.desk.web.logins import audit_of, logged_in

MARKUP = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}"
HOSTILE = alert(
    0,
    title=MARKUP,
    unit=MARKUP,
    rule=MARKUP,
    patient_id=MARKUP,
    missing=[MARKUP],
    evidence=[evidence(MARKUP, 1.0, MARKUP, START, 0)],
)
ID = HOSTILE["alert_id"]


@pytest.fixture
def desk(tmp_path):
    with desk_at(tmp_path, SetClock()) as made:
        yield made


@pytest.mark.parametrize(
    "path", ["/", f"/alerts/{ID}", f"/alerts/{ID}/ask/decline", "/wall", "/silences", "/fatigue"]
)
def test_markup_out_of_a_message_stays_text(desk, path):
    take_alerts(desk, HOSTILE)
    client = logged_in(desk_app(desk), desk, ["lead"], None)
    page = client.get(path)
    assert page.status_code == 200
    assert "<img" not in page.text
    assert "<script>alert" not in page.text
    assert "onerror=alert(1)>" not in page.text
    assert "49" not in page.text.partition("&lt;script&gt;alert(2)&lt;/script&gt;")[2][:10]


def test_markup_typed_by_a_person_stays_text(desk):
    take_alerts(desk, alert(1))
    client = logged_in(desk_app(desk), desk, ["lead"], None)
    place = f"/alerts/{alert(1)['alert_id']}"
    said = {"reason": "other", "words": MARKUP}
    assert client.post(f"{place}/decline", data=said).status_code == 303
    page = client.get(place).text
    assert "<img" not in page
    assert "&lt;img" in page


def test_each_look_at_patients_is_one_entry_that_names_them(desk):
    take_alerts(desk, alert(0), alert(1))
    client = logged_in(desk_app(desk), desk)
    first = alert(0)["alert_id"]
    looks = ["/", f"/alerts/{first}", "/api/v1/alerts", f"/api/v1/alerts/{first}", "/"]
    for path in looks:
        assert client.get(path).status_code == 200
    client.post(f"/alerts/{first}/acknowledge")
    told = [(entry.who, set(entry.patients)) for entry in audit_of(desk)]
    both, one = {"BETH/MRN-0", "BETH/MRN-1"}, {"BETH/MRN-0"}
    assert told == [("clinician.micu", seen) for seen in (both, one, both, one, both, one)]
