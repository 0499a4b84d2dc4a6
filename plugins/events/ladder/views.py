"""The owners' page of their marks, and their word against one."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.events.blueprint import blueprint
from plugins.events.errors import EventError
from plugins.events.ladder import appealing, queries, words
from plugins.events.ladder.models import Penalty
from plugins.events.words import REFUSALS
from portal.sdk import current_member, current_project, db, gettext, member_only, now

__all__ = ["blueprint"]

LONGEST = 1000


@blueprint.get("/p/<project>/events/record")
@member_only
def record() -> str:
    """Show which marks count, until when, why, and what they mean."""
    return _record()


@blueprint.post("/p/<project>/events/record/<public_id>/appeal")
@member_only
def appeal(public_id: str) -> str | tuple[str, int] | Response:
    """Take the member's word against a mark."""
    text = request.form.get("text", "").strip()[:LONGEST]
    try:
        appealing.appeal(mark=own_mark(public_id), text=text, at=now())
    except EventError as error:
        db.session.rollback()
        status = 422 if error.code == "NO_TEXT" else 409
        return _record(asked=public_id, refused=str(REFUSALS[error.code])), status
    db.session.commit()
    flash(gettext("Your appeal is with the staff. We will tell you what they decide."))
    return redirect(url_for("events.record"), 303)


def own_mark(public_id: str) -> Penalty:
    """Return a mark of the reader's, or raise NotFound."""
    found = queries.mark(current_project().id, public_id)
    if found is None or found[0].member_id != current_member().id:
        raise NotFound
    mark: Penalty = found[0]
    return mark


def _record(asked: str = "", refused: str = "") -> str:
    project, member, at = current_project(), current_member(), now()
    return render_template(
        "events/record.html",
        standing=queries.standing_of(project.id, member.id, at),
        page=queries.record_of(project.id, member.id),
        ladder=words,
        at=at,
        asked=asked,
        refused=refused,
        typed=request.form.get("text", ""),
        longest=LONGEST,
    )
