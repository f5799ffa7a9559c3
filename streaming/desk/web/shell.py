"""What every request works with: the desk, its accounts, its pages and its audit.

Here: the shell as a value, and the few things that all pages do through it. Not here: who may come
in (guard.py), or any page.

`now()` is real even where the desk rehearses a night of the past: sessions and tokens end in this
world's time, and the audit tells when somebody really looked.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NoReturn, cast
from urllib.parse import quote

from fastapi import Request, status
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from streaming.desk.accounts import sessions
from streaming.desk.accounts.permissions import Permission
from streaming.desk.accounts.sessions import Limits
from streaming.desk.accounts.viewers import Viewer
from streaming.desk.auditing import records
from streaming.desk.auditing.anchors import Anchors
from streaming.desk.auditing.chain import Outcome, Record
from streaming.desk.case_rows import CaseRow
from streaming.desk.clock import Clock
from streaming.desk.desk import Desk
from streaming.desk.loopback import is_loopback
from streaming.desk.store.writing import reading
from streaming.desk.web.cookies import Cookies
from streaming.desk.web.flooding import Flood
from streaming.desk.web.navigation import navigation
from streaming.desk.web.refusals import RefusedError

NOBODY: Final = "-"


@dataclass(frozen=True, slots=True)
class Shell:
    """The desk as requests reach it; a rehearsal, whose audit is thrown away, keeps no anchors."""

    desk: Desk
    clock: Clock
    limits: Limits
    cookies: Cookies
    anchors: Anchors | None
    flood: Flood
    templates: Environment

    def now(self) -> datetime:
        """Now, in this world's time."""
        return self.clock.now()

    def page(
        self,
        request: Request,
        name: str,
        viewer: Viewer | None,
        code: int = status.HTTP_200_OK,
        **values: Any,  # noqa: ANN401 each template has its own
    ) -> HTMLResponse:
        """A page out of a template, with what every page shows."""
        common = {
            "viewer": viewer,
            "csrf": viewer.csrf if viewer else "",
            "may": viewer.may if viewer else _may_nothing,
            "now": self.desk.clock.now(),
            "rehearsal": self.desk.clock.rehearses,
            "broken_glass": viewer.broken(self.now()) if viewer else (),
            "navigation": navigation(viewer),
            "path": request.url.path,
            "page": "",
        }
        text = self.templates.get_template(name).render(common | values)
        return HTMLResponse(text, code)

    def audited(
        self,
        request: Request,
        viewer: Viewer | None,
        action: str,
        alert_ids: Collection[str] = (),
        patients: Collection[str] = (),
        *,
        outcome: Outcome = "ok",
        why: str | None = None,
    ) -> None:
        """Write down what a response shows or does, before it goes out."""
        told = self.record(request, viewer, action, alert_ids, patients, outcome=outcome, why=why)
        self.write_down(told)

    def record(
        self,
        request: Request,
        viewer: Viewer | None,
        action: str,
        alert_ids: Collection[str] = (),
        patients: Collection[str] = (),
        *,
        outcome: Outcome = "ok",
        why: str | None = None,
    ) -> Record:
        """The audit's record of a request, for a transaction of one's own (records.write)."""
        return Record(
            at=self.now(),
            who=viewer.name if viewer else NOBODY,
            action=action,
            outcome=outcome,
            where=f"{request.method} {pattern_of(request)}",
            why=why,
            alerts=tuple(sorted(alert_ids)),
            patients=tuple(sorted(patients)),
        )

    def write_down(self, record: Record) -> None:
        """Write a record into the chain, and now and then an anchor beside it."""
        head = records.record(self.desk.engine, record)
        if self.anchors is not None:
            self.anchors.keep(head)

    def refuse(
        self,
        request: Request,
        viewer: Viewer | None,
        refusal: RefusedError,
        alert_ids: Collection[str] = (),
        patients: Collection[str] = (),
    ) -> NoReturn:
        """Write a refusal down, and refuse."""
        address = address_of(request)
        # Who is not logged in can fill no disk: beyond some a minute they are counted only.
        if viewer is not None or self.flood.is_written(address, self.now()):
            told = self.record(
                request,
                viewer,
                "refusal",
                alert_ids,
                patients,
                outcome="refused",
                why=refusal.told,
            )
            self.write_down(told)
        raise refusal

    def check_case(self, request: Request, viewer: Viewer, case: CaseRow) -> None:
        """Refuse a case of a unit, or of a patient, that is not the viewer's.

        Raises:
            RefusedError: Not theirs; written down.
        """
        if case.technical or viewer.sees_case(case.unit, self.now()):
            return
        patients = []
        if case.facility is not None and case.patient_id is not None:
            if viewer.sees_patient(case.facility, case.patient_id, case.unit, self.now()):
                return
            patients = [f"{case.facility}/{case.patient_id}"]
        way = f"/glass?unit={quote(case.unit or '', safe='')}"
        self.refuse(request, viewer, _not_yours(viewer, way), [case.alert_id], patients)

    def check_patient(
        self, request: Request, viewer: Viewer, facility: str, patient_id: str, *, unit: str | None
    ) -> None:
        """Refuse a patient who lies on none of the viewer's units.

        Raises:
            RefusedError: Not theirs; written down.
        """
        if not viewer.sees_patient(facility, patient_id, unit, self.now()):
            patient = f"{facility}/{patient_id}"
            way = f"/glass?patient={quote(patient, safe='')}"
            self.refuse(request, viewer, _not_yours(viewer, way), patients=[patient])

    def still_in(self, viewer: Viewer) -> bool:
        """Whether a viewer's session has not ended meanwhile; for what stays open."""
        if viewer.session is None:
            return True
        with reading(self.desk.engine) as connection:
            found = sessions.find(connection, viewer.session, self.limits, self.now())
        return found is not None


def _not_yours(viewer: Viewer, way: str) -> RefusedError:
    told = "This patient is on none of your units."
    return RefusedError(told, way=way if viewer.may("glass.break") else None)


def _may_nothing(_permission: Permission) -> bool:
    return False


def shell_of(request: Request) -> Shell:
    """The shell of the app that a request came to."""
    return cast("Shell", request.app.state.shell)


def address_of(request: Request) -> str:
    """Where a request came from.

    Of a proxy on this machine the word is taken on whom it stands for; of nobody else.
    """
    peer = request.client.host if request.client else NOBODY
    told = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return told if told and is_loopback(peer) else peer


def pattern_of(request: Request) -> str:
    """The route's own path, in which identifiers are names in braces."""
    found: Mapping[str, Any] = request.scope
    route = found.get("route")
    return str(getattr(route, "path", "(no route)"))
