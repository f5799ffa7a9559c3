"""All routes of the pages, for the app.

Here: their list. Not here: the app (streaming/desk/web/app.py).
"""

from typing import Final

from fastapi import APIRouter

from streaming.desk.pages import (
    act_pages,
    alert_pages,
    api,
    board_pages,
    drill_pages,
    event_pages,
    fatigue_page,
    medication_lists,
    message_pages,
    offline_pages,
    patient_pages,
    silence_pages,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    board_pages.ROUTER,
    event_pages.ROUTER,
    message_pages.ROUTER,
    alert_pages.ROUTER,
    act_pages.ROUTER,
    # Before the page of a patient: its path would take the word for a number.
    medication_lists.ROUTER,
    patient_pages.ROUTER,
    silence_pages.ROUTER,
    drill_pages.ROUTER,
    fatigue_page.ROUTER,
    offline_pages.ROUTER,
    api.ROUTER,
)
