"""The owners' side of moderation: reports, the rules and what was done under them, appeals."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.complaints import identity, looks, moderation_queries, queries, sanctions
from plugins.complaints.blueprint import blueprint
from plugins.complaints.errors import CaseError
from plugins.complaints.identity import Reader
from plugins.complaints.models import Case
from plugins.complaints.moderation_forms import AppealForm, ReportForm
from plugins.complaints.verifying import home_first
from plugins.complaints.words import REFUSALS
from portal.sdk import (
    current_member,
    current_project,
    db,
    gettext,
    homes_of,
    member_only,
    now,
)

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response


@blueprint.route("/p/<project>/complaints/<public_id>/report", methods=["GET", "POST"])
@member_only
def report(public_id: str) -> Page:
    """Ask the moderators to look at a complaint, or at a reply (`?post=`)."""
    case, member, project = _find(public_id), current_member(), current_project()
    if not homes_of(member, project):
        return home_first()
    wanted = request.args.get("post", "")[:22]
    post = queries.post(case, wanted) if wanted else None
    if wanted and (post is None or post.kind != "reply"):
        raise NotFound
    form, refused = ReportForm(), ""
    if form.validate_on_submit():
        try:
            looks.report(
                case_id=case.id,
                post_id=post.id if post else None,
                member=member,
                project=project,
                reason=form.reason.data,
                body=form.body.data or "",
            )
            db.session.commit()
            flash(gettext("Thank you. A moderator will look at it."))
            return redirect(url_for("complaints.show", public_id=public_id), 303)
        except CaseError as error:
            db.session.rollback()
            refused = error.code
    page = render_template(
        "complaints/report.html",
        form=form,
        case=case,
        post=post,
        reader=Reader(member=member),
        refused=REFUSALS.get(refused),
    )
    return page, 409 if refused else 422 if form.errors else 200


@blueprint.get("/p/<project>/complaints/rules")
@member_only
def rules() -> str:
    """Show the rules of the forum, and every act of moderators under them."""
    return render_template(
        "complaints/rules.html",
        page=moderation_queries.public_acts(current_project().id),
        reader=Reader(member=current_member()),
        bar=sanctions.barred(current_project(), current_member()),
    )


@blueprint.route("/p/<project>/complaints/acts/<public_id>", methods=["GET", "POST"])
@member_only
def act(public_id: str) -> Page:
    """Show whom it concerns what a moderator did and why; take the appeal to the group."""
    found = moderation_queries.find_act(current_project().id, public_id)
    member = current_member()
    if found is None or found.member_id != member.id:
        raise NotFound
    form, refused = AppealForm(), ""
    if form.validate_on_submit():
        try:
            sanctions.appeal(act_id=found.id, member=member, body=form.body.data or "")
            db.session.commit()
            flash(gettext("Your appeal is with the group now."))
            return redirect(url_for("complaints.act", public_id=public_id), 303)
        except CaseError as error:
            db.session.rollback()
            refused = error.code
    case, post = moderation_queries.words_of(found)
    page = render_template(
        "complaints/act.html",
        act=found,
        case=case,
        post=post,
        form=form,
        may_appeal=sanctions.may_appeal(found, now()),
        refused=REFUSALS.get(refused),
    )
    return page, 409 if refused else 422 if form.errors else 200


def _find(public_id: str) -> Case:
    reader = Reader(member=current_member())
    found = queries.find(current_project().id, reader, public_id)
    if found is None or not identity.sees_words(found, reader):
        raise NotFound
    return found
