"""What staff do to an import: begin, resume, cancel, undo it, decide on a refused row."""

from collections.abc import Callable

from flask import flash, redirect, render_template, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal.accounts.current import current_account
from portal.extensions import db
from portal.i18n import gettext, lazy, ngettext
from portal.projects.current import current_project
from portal.roster import importing, queries, service, undoing
from portal.roster.blueprint import blueprint
from portal.roster.conflicts import ImportMovedError
from portal.roster.errors import RosterError, RosterStateError
from portal.roster.import_routes import ImportPages, add_import_pages, current_pages, route
from portal.roster.kinds import ROSTER_KIND, kind_of
from portal.roster.sentences import ACTS
from portal.roster.staff_views import import_or_404

__all__ = ["blueprint"]
ROSTER_PAGES = ImportPages(
    at="/p/<project>/staff/roster",
    permission="roster.import",
    kinds=(ROSTER_KIND,),
    title=lazy("Roster import"),
    about=lazy("Look first, write then. What nobody has claimed can be taken back."),
    none_yet=lazy("No roster imported yet"),
    why=lazy("Send the sales office's list: owners who are on it are verified at once."),
)


@route("POST", "/<public_id>/start")
def staff_start(public_id: str) -> Response:
    """Begin an import."""
    return _begin(public_id, importing.start)


@route("POST", "/<public_id>/resume")
def staff_resume(public_id: str) -> Response:
    """Take up an import that stopped in the middle."""
    return _begin(public_id, importing.resume)


@route("POST", "/<public_id>/cancel")
def staff_cancel(public_id: str) -> Response:
    """Put a preview aside."""
    job = import_or_404(public_id)
    _do(lambda: service.cancel_import(actor=current_account(), job=job))
    flash(gettext("The import is cancelled. Nothing was changed."))
    return redirect(url_for(".staff_list"), 303)


@route("GET", "/<public_id>/undo")
def staff_undo(public_id: str) -> str:
    """Ask before an import is taken back: what goes, what stays."""
    job = import_or_404(public_id)
    if not undoing.may_undo(job):
        raise ImportMovedError(job.state)
    claimed, free = kind_of(job.kind).kept_and_free(job.id)
    return render_template(
        "roster/undo.html",
        job=job,
        claimed=claimed,
        free=free,
        stays=queries.claimed_entries(job.id),
        pages=current_pages(),
    )


@route("POST", "/<public_id>/undo")
def staff_undo_done(public_id: str) -> Response:
    """Take an import back."""
    job = import_or_404(public_id)
    try:
        undone = undoing.undo_import(actor=current_account(), job=job)
    except RosterStateError as error:
        raise ImportMovedError(error.state) from error
    db.session.commit()
    flash(
        ngettext(
            "%(num)s entry was taken back.", "%(num)s entries were taken back.", undone.entries
        )
    )
    return redirect(url_for(".staff_show", public_id=public_id), 303)


@route("POST", "/<public_id>/rows/<int(max=9999999):line>/take")
def staff_take_row(public_id: str, line: int) -> Response:
    """Let a refused row take the place of what the roster says instead."""
    job = import_or_404(public_id)
    fault = queries.fault_at(job.id, line)
    if fault is None:
        raise NotFound
    project, account = current_project(), current_account()
    _do(
        lambda: undoing.take_row(
            actor=account, job=job, project=project, data=queries.read_bytes(job), fault=fault
        ),
        done=gettext("Row %(line)s is in the roster now.", line=line),
    )
    return redirect(url_for(".staff_show", public_id=public_id), 303)


def _begin(public_id: str, act: Callable[..., None]) -> Response:
    job = import_or_404(public_id)
    _do(lambda: act(actor=current_account(), job=job))
    return redirect(url_for(".staff_show", public_id=public_id), 303)


def _do(act: Callable[[], None], *, done: str = "") -> None:
    """Do and commit; a refusal becomes a message, an import that moved on a 409."""
    try:
        act()
    except RosterStateError as error:
        raise ImportMovedError(error.state) from error
    except RosterError as error:
        db.session.rollback()
        flash(str(ACTS[error.code]), "error")
        return
    db.session.commit()
    if done:
        flash(done)


add_import_pages(blueprint, ROSTER_PAGES)
