"""The tap of an owner whose complaint was joined into another."""

from flask import flash, redirect, url_for
from werkzeug.exceptions import Conflict, Forbidden
from werkzeug.wrappers import Response

from plugins.complaints.blueprint import blueprint
from plugins.complaints.errors import CaseError
from plugins.complaints.joining import service
from plugins.complaints.views import find_shown
from portal.sdk import current_member, current_project, db, gettext, member_only

__all__ = ["blueprint"]


@blueprint.post("/p/<project>/complaints/<public_id>/apart")
@member_only
def apart(public_id: str) -> Response:
    """Ask the moderators to take one's complaint apart again."""
    case, member = find_shown(public_id), current_member()
    try:
        service.object_to(case_id=case.id, member=member, project=current_project())
    except CaseError as error:
        db.session.rollback()
        raise (Forbidden if error.code == "NOT_YOURS" else Conflict) from error
    db.session.commit()
    flash(gettext("The moderators look at it, and you are told what they decide."))
    return redirect(url_for("complaints.show", public_id=public_id), 303)
