"""Setting a password: by a one-time link, or one's own.

Here: the two pages, and the first account of all. Not here: which passwords are good
(accounts/passwords.py), or who gets a link (pulsehouse/desk_accounts.py).
"""

from typing import Annotated, Final, NoReturn

from fastapi import APIRouter, Form, Request, Response, status
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from lakehouse.errors import LakehouseError
from streaming.desk.accounts import links, passwords, people
from streaming.desk.accounts.attempts import attempt
from streaming.desk.accounts.links import Link
from streaming.desk.accounts.people import Person
from streaming.desk.accounts.permissions import Role
from streaming.desk.auditing import records
from streaming.desk.loopback import is_loopback
from streaming.desk.store.writing import reading, writing
from streaming.desk.web.guard import Viewer, needs, public
from streaming.desk.web.login_pages import with_form
from streaming.desk.web.refusals import RefusedError
from streaming.desk.web.shell import Shell, address_of, shell_of

ROUTER: Final = APIRouter(include_in_schema=False)
_RULES: Final = {"shortest": passwords.SHORTEST, "longest": passwords.LONGEST}
_FIRST: Final = "The first account"
_SET: Final = "Set your password"
_CHANGE: Final = "Change your password"
Text = Annotated[str, Form(max_length=1_000)]


@ROUTER.get("/password/{secret}", dependencies=[public()])
def link_page(request: Request, secret: str) -> Response:
    """The form behind a link."""
    return _link_form(request, _link(request, secret))


@ROUTER.post("/password/{secret}", dependencies=[public()])
def set_by_link(
    request: Request, secret: str, new: Text = "", name: Text = "", display: Text = ""
) -> Response:
    """Set the password, and use the link up."""
    shell, link = shell_of(request), _link(request, secret)
    try:
        with writing(shell.desk.engine) as connection:
            who = _set(shell, connection, link, new, (name.strip(), display.strip()))
            if not links.use(connection, secret, shell.now()):
                _used(request)
            told = shell.record(request, None, "password.set", why=who)
            records.write(connection, told)
    except LakehouseError as error:
        return _link_form(request, link, str(error))
    return RedirectResponse("/login", status.HTTP_303_SEE_OTHER)


@ROUTER.get("/account")
def own_page(request: Request, viewer: Annotated[Viewer, needs("self")]) -> Response:
    """The form of one's own password."""
    return _own_form(request, viewer)


@ROUTER.post("/account")
def change(
    request: Request, viewer: Annotated[Viewer, needs("self")], old: Text = "", new: Text = ""
) -> Response:
    """Change one's own password; all sessions end, this one too."""
    shell = shell_of(request)
    made = attempt(shell.desk.engine, viewer.name, old, address_of(request), shell.now())
    if made.person is None:
        shell.audited(request, viewer, "password.set", outcome="refused", why=made.verdict)
        return _own_form(request, viewer, "That is not your password now, or wait a little.")
    try:
        kept = passwords.hashed(new, viewer.name, viewer.display)
    except passwords.WeakPasswordError as error:
        return _own_form(request, viewer, str(error))
    with writing(shell.desk.engine) as connection:
        people.set_password(connection, viewer.name, kept)
        records.write(connection, shell.record(request, viewer, "password.set"))
    return RedirectResponse("/login", status.HTTP_303_SEE_OTHER)


def _link(request: Request, secret: str) -> Link:
    shell = shell_of(request)
    with reading(shell.desk.engine) as connection:
        link = links.find(connection, secret, shell.now())
        # The first account is everything: nobody but who sits at this machine makes it.
        is_first = link is not None and link.person is None
        taken = is_first and not people.is_empty(connection)
    if link is None or taken or (is_first and not is_loopback(address_of(request))):
        _used(request)
    return link


def _used(request: Request) -> NoReturn:
    told = "This link was used, is too old, or was never one. Ask for another."
    shell_of(request).refuse(request, None, RefusedError(told, code=status.HTTP_404_NOT_FOUND))


def _set(shell: Shell, connection: Connection, link: Link, new: str, names: tuple[str, str]) -> str:
    if link.person is None:
        name, display = names
        people.checked(name, display, ["admin"])
        kept = passwords.hashed(new, name, display)
        every = frozenset[Role]({"admin", "lead"})
        people.add(connection, Person(name, display, every, None, kept, None, shell.now()))
        return name
    person = people.find(connection, link.person)
    known_as = person.display if person is not None else ""
    people.set_password(connection, link.person, passwords.hashed(new, link.person, known_as))
    return link.person


def _link_form(request: Request, link: Link, told: str | None = None) -> Response:
    is_first = link.person is None
    values = _RULES | {"title": _FIRST if is_first else _SET, "asks_name": is_first}
    code = status.HTTP_422_UNPROCESSABLE_CONTENT if told else status.HTTP_200_OK
    return with_form(request, "password.html", code, told=told, asks_old=False, **values)


def _own_form(request: Request, viewer: Viewer, told: str | None = None) -> Response:
    values = _RULES | {"title": _CHANGE, "asks_name": False, "asks_old": True, "told": told}
    code = status.HTTP_422_UNPROCESSABLE_CONTENT if told else status.HTTP_200_OK
    page = shell_of(request).page
    return page(request, "password.html", viewer, code, form_token=viewer.csrf, **values)
