"""The staff's pages of marks: the list, one with its appeal, those of an activity, the waiver."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.events import queries as activities
from plugins.events.blueprint import staff
from plugins.events.errors import EventError
from plugins.events.ladder import appealing, marking, queries, words
from plugins.events.ladder.models import Appealed, Waiver
from plugins.events.ladder.policy_views import RefusedError
from plugins.events.ladder.queries import VIEWS, Filter
from plugins.events.models import Occurrence
from plugins.events.showing import moment
from plugins.events.words import REFUSALS
from portal.sdk import (
    ExportFormat,
    current_account,
    current_project,
    db,
    export_file,
    find_members,
    gettext,
    localized,
    ngettext,
    now,
    record,
    requires,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
MANAGE = "events.manage"
_CHUNK = 500


@staff.get("/p/<project>/staff/events/marks")
@requires(MANAGE)
def marks() -> str:
    """List the marks of the project, those with an open appeal first of all."""
    wanted, at = _wanted(), now()
    page = queries.page_of_marks(current_project().id, wanted, at)
    return render_template(
        "events/marks.html", page=page, wanted=wanted, names=_names(page.items), ladder=words, at=at
    )


@staff.post("/p/<project>/staff/events/marks.<kind>")
@requires(MANAGE)
def export_marks(kind: str) -> Response:
    """Send the marks as filtered as a file, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    project, wanted, at = current_project(), _wanted(), now()
    found = list(queries.all_marks(project.id, wanted, at))
    names: dict[int, str] = {}
    for start in range(0, len(found), _CHUNK):
        names |= _names(found[start : start + _CHUNK])
    rows = [
        (
            names.get(mark.member_id, ""),
            localized(occurrence.event.title),
            moment(occurrence.starts_at),
            str(words.CAUSES[mark.cause]),
            mark.weight,
            version,
            moment(mark.expires_at),
            str(words.mark_state(mark, at)[0]),
            str(words.APPEALS[appeal.state][0]) if appeal else "",
        )
        for mark, appeal, occurrence, version in found
    ]
    record(
        actor=current_account(),
        action="events.marks_exported",
        subject=("project", project.slug),
        project_id=project.id,
        facts={"format": kind, "rows": len(rows), "filtered_by": sorted(wanted.args())},
    )
    db.session.commit()
    header = (
        gettext("Member"),
        gettext("Which activity"),
        gettext("Begins"),
        gettext("Cause"),
        gettext("Marks"),
        gettext("Version"),
        gettext("Counts until"),
        gettext("State"),
        gettext("Appeal"),
    )
    name = f"marks-{project.slug}"
    return export_file(name=name, kind=ExportFormat(kind), header=header, rows=rows)


@staff.get("/p/<project>/staff/events/marks/<public_id>")
@requires(MANAGE)
def show_mark(public_id: str) -> str:
    """Show a mark with the member's appeal."""
    return _mark(public_id)


@staff.post("/p/<project>/staff/events/marks/<public_id>/decide")
@requires(MANAGE)
def decide(public_id: str) -> Page:
    """Answer the appeal against a mark."""
    mark, appeal, *_rest = _find_mark(public_id)
    chosen, answer = request.form.get("decision"), request.form.get("answer", "").strip()[:500]
    if appeal is None:
        raise NotFound
    if chosen not in (Appealed.GRANTED, Appealed.REFUSED):
        return _mark(public_id, asked="decide", refused=gettext("Choose one.")), 422
    try:
        appealing.decide(
            actor=current_account(),
            project=current_project(),
            mark=mark,
            granted=chosen == Appealed.GRANTED,
            answer=answer,
            at=now(),
        )
    except EventError as error:
        db.session.rollback()
        if error.code == "NO_REASON":
            said = gettext("Say why; the member reads it.")
            return _mark(public_id, asked="decide", refused=said), 422
        raise RefusedError(error) from error
    db.session.commit()
    flash(gettext("Decided. The member has been told."))
    return redirect(url_for("events_staff.show_mark", public_id=public_id), 303)


@staff.post("/p/<project>/staff/events/marks/<public_id>/excuse")
@requires(MANAGE)
def excuse(public_id: str) -> Page:
    """Excuse who was marked, with a reason."""
    mark, _appeal, occurrence, _version = _find_mark(public_id)
    reason = request.form.get("reason", "").strip()[:200]
    try:
        marking.excuse(
            actor=current_account(), mark=mark, occurrence=occurrence, reason=reason, at=now()
        )
    except EventError as error:
        db.session.rollback()
        if error.code == "NO_REASON":
            said = str(REFUSALS["NO_REASON"])
            return _mark(public_id, asked="excuse", refused=said), 422
        raise RefusedError(error) from error
    db.session.commit()
    flash(gettext("Excused. The mark does not count any more."))
    return redirect(url_for("events_staff.show_mark", public_id=public_id), 303)


@staff.get("/p/<project>/staff/events/<public_id>/absences")
@requires(MANAGE)
def absences(public_id: str) -> str:
    """Show who of an activity was marked, and whether it is waived."""
    return _absences(_find(public_id))


@staff.post("/p/<project>/staff/events/<public_id>/waive")
@requires(MANAGE)
def waive(public_id: str) -> Page:
    """Mark nobody of an activity, with a reason."""
    occurrence, reason = _find(public_id), request.form.get("reason", "").strip()[:200]
    try:
        many = marking.waive(
            actor=current_account(), occurrence=occurrence, reason=reason, at=now()
        )
    except EventError as error:
        db.session.rollback()
        if error.code == "NO_REASON":
            return _absences(_find(public_id), refused=str(REFUSALS["NO_REASON"])), 422
        if error.code == "ILLEGAL_STEP":
            error = EventError("NOT_WAIVABLE")
        raise RefusedError(error) from error
    db.session.commit()
    flash(ngettext("Waived; %(num)d mark was voided.", "Waived; %(num)d marks were voided.", many))
    return redirect(url_for("events_staff.absences", public_id=public_id), 303)


def _wanted() -> Filter:
    view = request.args.get("view", "")
    return Filter(view if view in VIEWS else "")


def _names(rows: Any) -> dict[int, str]:
    found = find_members({row[0].member_id for row in rows})
    return {number: member.name for number, member in found.items()}


def _mark(public_id: str, asked: str = "", refused: str = "") -> str:
    mark, appeal, occurrence, version = _find_mark(public_id)
    member = find_members([mark.member_id])[mark.member_id]
    return render_template(
        "events/mark.html",
        mark=mark,
        appeal=appeal,
        occurrence=occurrence,
        version=version,
        name=member.name,
        may_decide=appealing.may_decide(current_account(), mark, member),
        ladder=words,
        at=now(),
        asked=asked,
        refused=refused,
        typed=request.form,
    )


def _absences(occurrence: Occurrence, refused: str = "") -> str:
    rows = queries.marks_of(occurrence)
    return render_template(
        "events/absences.html",
        occurrence=occurrence,
        rows=rows,
        names=_names(rows),
        waiver=db.session.get(Waiver, occurrence.id),
        waivable=occurrence.state in marking.WAIVABLE,
        ladder=words,
        at=now(),
        refused=refused,
    )


def _find_mark(public_id: str) -> Any:
    found = queries.mark(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found


def _find(public_id: str) -> Occurrence:
    found = activities.find(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found
