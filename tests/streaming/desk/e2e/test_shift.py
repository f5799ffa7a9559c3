"""A nurse's shift in a real browser: alerts come, are taken, answered and handed over."""

import re

from playwright.sync_api import expect

from tests.streaming.desk.e2e.conftest import LOOK

CRITICAL = "mimic3-1000-2-news2"


def row(page, alert_id):
    return page.locator(f'.row[data-alert="{alert_id}"]')


def live(page):
    """The stream has spoken, so that what happens from here on is told."""
    expect(page.locator('body[data-live="true"]')).to_have_count(1, timeout=LOOK)


def test_worst_stands_first_and_new_ones_come_by_themselves(open_as, served):
    page = open_as("nurse")
    expect(page.locator(".row .title").first).to_contain_text("A critical alert")
    live(page)
    worse = served.raise_alert(3, severity="critical", title="Came by itself", unit="Ward 7")
    expect(row(page, worse)).to_be_visible(timeout=LOOK)
    titles = page.locator(".row .title").all_inner_texts()
    assert titles == ["A critical alert", "Came by itself", "A medium alert"]
    expect(page.locator("#tally li").first).to_contain_text("2")
    assert page.title().startswith("(2) ")
    assert page.wrong == []


def test_alert_is_taken_by_one_key_and_the_other_board_sees_who_has_it(open_as):
    nurse, doctor = open_as("nurse"), open_as("doctor")
    live(doctor)
    nurse.keyboard.press("j")
    nurse.keyboard.press("a")
    expect(row(nurse, CRITICAL).locator(".has")).to_have_text("Nurse has it")
    expect(row(nurse, CRITICAL).get_by_role("button", name="Confirm")).to_be_visible()
    expect(row(doctor, CRITICAL).locator(".has")).to_have_text("Nurse has it")
    expect(row(doctor, CRITICAL).get_by_role("button", name="Confirm")).to_be_hidden()
    assert nurse.wrong == doctor.wrong == []


def test_second_who_takes_it_is_told_who_has_it(open_as):
    doctor, nurse = open_as("doctor"), open_as("nurse")
    # The doctor's board hears of nothing: it still offers what the nurse has taken.
    doctor.route("**/events**", lambda route: route.abort())
    doctor.reload()
    row(nurse, CRITICAL).get_by_role("button", name="Acknowledge").click()
    expect(row(nurse, CRITICAL).get_by_role("button", name="Confirm")).to_be_visible()
    row(doctor, CRITICAL).get_by_role("button", name="Acknowledge").click()
    expect(row(doctor, CRITICAL).locator(".said")).to_contain_text("nurse has had this since")
    expect(row(doctor, CRITICAL).locator(".has")).to_have_text("Nurse has it")


def test_answer_that_was_not_stored_is_taken_back_in_sight(open_as, served):
    page = open_as("nurse")
    page.route("**/acknowledge", lambda route: route.abort())
    row(page, CRITICAL).get_by_role("button", name="Acknowledge").click()
    expect(row(page, CRITICAL).locator(".said")).to_contain_text("Not saved")
    expect(row(page, CRITICAL).locator(".has")).to_have_text("Nobody has it")
    assert served.desk.cases.one(CRITICAL).owner is None
    page.unroute("**/acknowledge")
    row(page, CRITICAL).get_by_role("button", name="Acknowledge").click()
    expect(row(page, CRITICAL).locator(".has")).to_have_text("Nurse has it")


def test_decline_asks_for_a_reason_and_the_alert_leaves_the_board(open_as, served):
    page = open_as("nurse")
    live(page)
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(row(page, CRITICAL).get_by_role("link", name="Decline")).to_be_visible()
    page.keyboard.press("d")
    dialog = page.locator("#ask")
    expect(dialog).to_contain_text("Decline")
    dialog.get_by_label("Wrong reading, or loose sensor").check()
    dialog.get_by_role("button", name="Decline").click()
    expect(row(page, CRITICAL)).to_have_count(0)
    assert served.desk.cases.one(CRITICAL).state == "declined"
    page.goto(f"{served.address}/alerts/{CRITICAL}")
    expect(page.get_by_text("Declined by Nurse").first).to_be_visible()
    expect(page.get_by_text("Wrong reading, or loose sensor")).to_be_visible()


def test_alert_is_handed_over_and_taken_on_its_own_page(open_as, served):
    nurse, doctor = (
        open_as("nurse", f"/alerts/{CRITICAL}"),
        open_as("doctor", f"/alerts/{CRITICAL}"),
    )
    nurse.get_by_role("button", name="Acknowledge").click()
    nurse.get_by_role("link", name="Hand over").click()
    nurse.locator("#ask").get_by_label("Doctor").check()
    nurse.locator("#ask").get_by_role("button", name="Hand over").click()
    expect(doctor.locator(".case-head .state")).to_contain_text("offered to Doctor")
    doctor.get_by_role("button", name="Acknowledge").click()
    expect(nurse.locator(".case-head .has")).to_have_text("Doctor has it")
    expect(nurse.get_by_text(re.compile("Handed over by Nurse to Doctor"))).to_be_visible()


def test_snooze_is_no_longer_than_allowed_and_refusals_are_read_in_place(open_as, served):
    page = open_as("nurse", f"/alerts/{CRITICAL}")
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_role("link", name="Snooze").click()
    choices = page.locator("#ask .choice")
    expect(choices).to_have_text(["5 minutes", "10 minutes", "15 minutes"])
    page.locator("#ask").get_by_label("15 minutes").check()
    page.locator("#ask").get_by_role("button", name="Snooze").click()
    expect(page.locator(".case-head .state")).to_contain_text("snoozed until")


def test_board_says_that_it_is_stale_within_ten_seconds_and_misses_nothing(open_as, served):
    page = open_as("nurse")
    live(page)
    served.end()
    expect(page.locator("body.stale")).to_have_count(1, timeout=10_000)
    expect(page.locator("#lost")).to_contain_text("NOT LIVE")
    missed = served.raise_alert(4, severity="critical", title="While it was away")
    served.begin()
    expect(page.locator("body.stale")).to_have_count(0, timeout=LOOK)
    expect(row(page, missed)).to_be_visible()
    assert row(page, missed).count() == 1


def test_without_the_desk_a_page_says_so_and_shows_nothing_old(open_as, served):
    page = open_as("nurse")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    served.end()
    page.reload()
    expect(page.get_by_text("The alert desk cannot be reached from this device.")).to_be_visible()
    assert "critical alert" not in page.content()
    served.begin()


def test_device_without_a_network_says_so_at_once(open_as):
    page = open_as("nurse")
    live(page)
    page.context.set_offline(True)
    expect(page.locator("body.stale")).to_have_count(1, timeout=5_000)


def test_drill_is_marked_everywhere_and_counted_nowhere(open_as, served):
    page = open_as("nurse", "/drills")
    page.get_by_label("Critical").check()
    page.get_by_role("button", name="Start the drill").click()
    expect(page.locator(".case-head .tag.drill")).to_be_visible()
    page.goto(f"{served.address}/")
    expect(page.locator(".row .tag.drill")).to_have_count(1)
    expect(page.locator("#tally li").first).to_contain_text("1")
    page.goto(f"{served.address}/fatigue")
    expect(page.locator(".measures dd").first).to_contain_text("2")


def test_list_that_just_moved_swallows_a_press(open_as):
    page = open_as("nurse")
    page.evaluate("desk.movedAt = performance.now() + 5000")
    row(page, CRITICAL).get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#told")).to_contain_text("The list has just moved")
    expect(row(page, CRITICAL).locator(".has")).to_have_text("Nobody has it")


def test_log_off_ends_it(open_as, served):
    page = open_as("nurse")
    page.get_by_role("button", name="Log off").first.click()
    page.goto(f"{served.address}/")
    assert "/login" in page.url
