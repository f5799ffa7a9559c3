"""A patient's page and the medication list: who may see them, as of when, and what changed."""

from datetime import date, timedelta

import pytest

from streaming.desk.pages.patients import drug, person, score
from streaming.desk.picture.views import Drug, Identity, Location, MedicationList, Scored
from tests.streaming.desk.desks import START
from tests.streaming.desk.web.logins import audit_of, browser, logged_in, with_token

PATH = "/patients/BETH/MRN-1"


def order(**told):
    return Drug(
        **{
            "order_id": "O1",
            "drug": "Furosemide",
            "code": "4603",
            "route": "IV",
            "dose": 40.0,
            "dose_unit": "mg",
            "rate": None,
            "rate_unit": None,
            "started_at": START,
            "state": "active",
            "state_since": START,
            "ends_at": None,
            "told_at": START,
            "feed": "ward",
            "partition": 0,
            "offset": 1,
            "row": 0,
        }
        | told
    )


class Told:
    """A picture that tells of one patient what it is given."""

    def __init__(self, unit="MICU", facilities=("BETH",)):
        self.where = facilities
        self.place = Location(unit, "4", "12", "occupied", START, "VISIT-1", "I")
        self.drugs = (order(), order(drug="Old one", change="ended", state="discontinued"))

    def as_of(self, at=None):
        return START - timedelta(seconds=5)

    def facilities(self, patient_id):
        return self.where

    def identity(self, facility, patient_id, at=None):
        ids = (patient_id, "MRN-0")
        return Identity(facility, patient_id, ids, "LEE, Ann", date(1990, 11, 30), "F")

    def identities(self, keys, at=None):
        return {key: self.identity(*key) for key in keys}

    def location(self, facility, patient_id, at):
        return self.place

    def locations(self, keys, at):
        return dict.fromkeys(keys, self.place)

    def sparkline(self, keys, at, hours=24):
        return {key: [(START - timedelta(hours=1), 7.0)] for key in keys}

    def medications(self, facility, patient_id, at):
        return MedicationList(at, self.as_of(), START - timedelta(hours=7), self.drugs)

    def nothing(self, facility, patient_id, at):
        return ()

    vitals = labs = scores = contexts = nothing

    def close(self):
        pass


@pytest.fixture
def told(desk, app):
    from dataclasses import replace  # noqa: PLC0415

    def tell(picture):
        app.state.shell = replace(app.state.shell, desk=replace(desk, picture=picture))
        return app

    return tell


def test_page_names_the_patient_the_place_and_as_of_when(told, desk):
    nurse = logged_in(told(Told()), desk)
    page = nurse.get(PATH).text
    for part in ("LEE, Ann", "30 Nov 1990", "No. MRN-1", "was MRN-0", "Room 4, Bed 12"):
        assert part in page
    assert "As of 08:59:55" in page


def test_page_says_what_ended_since_the_nightly_list(told, desk):
    page = logged_in(told(Told()), desk).get(PATH).text
    assert "Ended since" in page
    assert "The 2am list is that of 2 Mar 2026, 02:00" in page


def test_board_shows_name_bed_and_course(told, desk):
    page = logged_in(told(Told()), desk).get("/").text
    assert "LEE, Ann" in page
    assert "MICU · Room 4, Bed 12" in page
    assert "NEWS2 7, measured once in 24 hours" in page


def test_wall_shows_the_bed_and_no_name(told, desk):
    page = logged_in(told(Told()), desk).get("/wall/MICU").text
    assert "Bed 12" in page
    assert "LEE" not in page


def test_list_as_json_says_as_of_when(told, desk):
    found = logged_in(told(Told()), desk).get(f"{PATH}/medications").json()
    assert found["as_of"] == "2026-03-02T08:59:55Z"
    assert [one["state"] for one in found["drugs"]] == ["active", "discontinued"]
    assert found == logged_in(told(Told()), desk, ["lead"]).get(f"/api/v1{PATH}/medications").json()


@pytest.mark.parametrize("path", [PATH, f"{PATH}/medications"])
def test_patient_on_another_unit_is_refused_and_the_refusal_written_down(told, desk, path):
    nurse = logged_in(told(Told("SICU")), desk)
    assert nurse.get(path).status_code == 403
    assert [one.outcome for one in audit_of(desk)][-1] == "refused"


def test_machine_reads_the_list_with_a_token_and_without_one_nobody_does(told, desk):
    app = told(Told())
    machine = with_token(app, desk, "patients.read")
    assert machine.get(f"{PATH}/medications").status_code == 200
    stranger = browser(app).get(f"{PATH}/medications", headers={"accept": "application/json"})
    assert stranger.status_code == 401


def test_list_is_found_by_the_number_alone_where_one_facility_has_it(told, desk):
    nurse = logged_in(told(Told()), desk)
    found = nurse.get("/patients/MRN-1/medications")
    assert found.json() == nurse.get(f"{PATH}/medications").json()
    assert nurse.get("/api/v1/patients/MRN-1/medications").json() == found.json()


class Two(Told):
    """Two facilities that gave one number, to patients on two units."""

    def __init__(self):
        super().__init__(facilities=("BETH", "OTHER"))

    def locations(self, keys, at):
        units = {"BETH": "MICU", "OTHER": "SICU"}
        return {key: Told(units[key[0]]).place for key in keys}


def test_number_that_two_facilities_gave_is_answered_with_those_one_may_see(told, desk):
    app = told(Two())
    found = logged_in(app, desk).get("/patients/MRN-1/medications")
    choice = {"facility": "BETH", "href": "/patients/BETH/MRN-1/medications"}
    assert (found.status_code, found.json()["choices"]) == (409, [choice])
    assert audit_of(desk)[-1].patients == ("BETH/MRN-1",)
    everywhere = logged_in(app, desk, ["clinician"], None).get("/patients/MRN-1/medications")
    assert [one["facility"] for one in everywhere.json()["choices"]] == ["BETH", "OTHER"]
    stranger = logged_in(app, desk, ["clinician"], ["ER"]).get("/patients/MRN-1/medications")
    assert (stranger.status_code, "choices" in stranger.text) == (403, False)


def test_number_that_nobody_has_is_not_found(told, desk):
    assert (
        logged_in(told(Told(facilities=())), desk).get("/patients/9/medications").status_code == 404
    )


class Broken(Told):
    def identities(self, keys, at=None):
        raise ZeroDivisionError


def test_board_outlives_a_picture_that_fails(told, desk):
    page = logged_in(told(Broken()), desk).get("/").text
    assert "Title of critical" in page
    assert "cannot be shown just now" in page


def test_changed_dose_says_what_the_list_had():
    found = drug(order(change="changed", dose=80.0, was={"dose": 40.0}))
    assert (found.dose, found.change) == ("80 mg, IV", "Changed; was 40.0")


def test_partial_score_says_at_least_and_what_it_lacks():
    told = Scored("news2", "rcp2017", "partial", None, 5.0, 5.0, 9.0, ("spo2",), START, START, ())
    found = score(told)
    assert (found.value, found.note) == ("at least 5", "rcp2017 · not measured: SpO2")


def test_unknown_name_and_birth_date_stay_unknown():
    found = person(Identity("BETH", "MRN-1", ("MRN-1",)), START)
    assert (found.name, found.born, found.age) == (None, None, None)
