"""The moderators' pages: what waits for a look, decisions with reasons, appeals, sanctions."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.complaints import looks, moderation, moderation_queries, queries, sanctions
from plugins.complaints.blueprint import staff
from plugins.complaints.errors import CaseError
from plugins.complaints.identity import Reader
from plugins.complaints.joining import service as joining
from plugins.complaints.models import Act, Case
from plugins.complaints.moderation_forms import (
    KEEP,
    NO_SANCTION,
    TAKE_APART,
    AppealAnswerForm,
    LookForm,
)
from plugins.complaints.moderation_queries import TABS, Looked
from plugins.complaints.staff_views import CENTRE, StaleError, rank
from plugins.complaints.states import ActKind, Ring
from plugins.complaints.words import REFUSALS
from portal.sdk import current_account, current_project, db, gettext, may, now, requires

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
MODERATE = "complaints.moderate"
_STATUS = {"OWN_CASE": 403, "RAISED": 403}


@staff.get("/p/<project>/staff/complaints/moderation")
@requires(MODERATE)
def moderation_queue() -> str:
    """List what waits for a look, what rose to the group, appeals, and sanctions in force."""
    tab, project = request.args.get("tab", ""), current_project()
    tab = tab if tab in TABS else "looks"
    if tab in ("looks", "raised"):
        page = moderation_queries.looks(project.id, raised=tab == "raised")
    elif tab == "appeals":
        page = moderation_queries.appeals(project.id)
    else:
        page = moderation_queries.sanctions(project.id)
    return render_template(
        "complaints/moderation.html",
        tab=tab,
        page=page,
        counts=moderation_queries.counts(project.id),
        reader=Reader(staff=True, rank=rank()),
        at=now(),
    )


@staff.route("/p/<project>/staff/complaints/moderation/<public_id>", methods=["GET", "POST"])
@requires(MODERATE)
def look(public_id: str) -> Page:
    """Show what a look is about, and take the decision; the next one opens by itself."""
    project, account, group = current_project(), current_account(), may(CENTRE)
    found = moderation_queries.find_look(project.id, public_id)
    if found is None:
        raise NotFound
    form, refused = LookForm(), ""
    if form.validate_on_submit():
        try:
            decide_look(found, form)
            db.session.commit()
            flash(gettext("Decided. The author was told, with your reason."))
            following = moderation_queries.next_look(project.id, group=group)
            if following is None:
                return redirect(url_for("complaints_staff.moderation_queue"), 303)
            return redirect(url_for("complaints_staff.look", public_id=following), 303)
        except CaseError as error:
            db.session.rollback()
            refused = error.code
            found = moderation_queries.find_look(project.id, public_id) or found
    author = moderation.author_of(found.case, found.post)
    page = render_template(
        "complaints/look.html",
        looked=found,
        case=found.case,
        form=form,
        reports=moderation_queries.reports(found.review),
        past=moderation_queries.past_of(project.id, author),
        reader=Reader(staff=True, rank=rank()),
        objection=joining.is_objection(found.review),
        mine=found.case.assignee_id == account.id,
        group=group,
        refused=REFUSALS.get(refused),
        at=now(),
    )
    return page, _STATUS.get(refused, 409) if refused else 422 if form.errors else 200


def decide_look(found: Looked, form: LookForm) -> None:
    """Take a moderator's decision about words, their author, and a joining."""
    project, account = current_project(), current_account()
    kind = None if form.act.data == KEEP else ActKind(form.act.data)
    objection = joining.is_objection(found.review)
    if objection and form.joined.data == TAKE_APART:
        # First of all: both cases are locked in their order.
        joining.take_apart(actor=account, review=found.review, project=project)
    said = {"reason": form.reason.data or "", "note": form.note.data or ""}
    review = looks.decide(
        actor=account,
        group=may(CENTRE),
        review_id=found.review.id,
        project=project,
        kind=kind,
        **said,
    )
    if objection and form.joined.data != TAKE_APART:
        joining.leave_joined(
            actor=account, review=review, project=project, note=form.note.data or ""
        )
    if form.sanction.data != NO_SANCTION:
        sanctions.sanction(
            actor=account,
            review=review,
            project=project,
            kind=ActKind(form.sanction.data),
            days=form.days.data or 1,
            **said,
        )


@staff.post("/p/<project>/staff/complaints/<public_id>/look")
@requires(MODERATE)
def begin_look(public_id: str) -> Response:
    """Put a complaint, or a post of it (`?post=`), before the moderators."""
    case, wanted = _case(public_id), request.args.get("post", "")[:22]
    post = queries.post(case, wanted) if wanted else None
    if wanted and post is None:
        raise NotFound
    try:
        review = looks.look(
            actor=current_account(),
            case_id=case.id,
            post_id=post.id if post else None,
            project=current_project(),
        )
    except CaseError as error:
        db.session.rollback()
        raise StaleError(error) from error
    db.session.commit()
    return redirect(url_for("complaints_staff.look", public_id=review.public_id), 303)


@staff.post("/p/<project>/staff/complaints/<public_id>/lock")
@requires(MODERATE)
def lock_thread(public_id: str) -> Response:
    """Close a thread for neighbours, or open it again."""
    case = _case(public_id)
    if case.ring == Ring.PRIVATE:
        raise NotFound
    try:
        moderation.set_locked(
            actor=current_account(),
            case_id=case.id,
            project=current_project(),
            locked=not case.locked,
            reason="calm" if case.locked else "heated",
        )
    except CaseError as error:
        db.session.rollback()
        raise StaleError(error) from error
    db.session.commit()
    flash(gettext("Done. Everybody who sees the complaint sees it."))
    return redirect(url_for("complaints_staff.show", public_id=public_id), 303)


@staff.route(
    "/p/<project>/staff/complaints/moderation/appeals/<public_id>", methods=["GET", "POST"]
)
@requires(CENTRE)
def appeal(public_id: str) -> Page:
    """Show an appeal with what it is about, and take the group's decision."""
    act, form, refused = _act(public_id), AppealAnswerForm(), ""
    if form.validate_on_submit():
        try:
            sanctions.answer_appeal(
                actor=current_account(),
                act_id=act.id,
                project=current_project(),
                overturn=form.verdict.data == "overturn",
                body=form.body.data or "",
            )
            db.session.commit()
            flash(gettext("Decided. The member was told, with your reason."))
            return redirect(url_for("complaints_staff.moderation_queue", tab="appeals"), 303)
        except CaseError as error:
            db.session.rollback()
            refused, act = error.code, _act(public_id)
    case, post = moderation_queries.words_of(act)
    page = render_template(
        "complaints/appeal.html",
        act=act,
        case=case,
        post=post,
        form=form,
        refused=REFUSALS.get(refused),
    )
    return page, _STATUS.get(refused, 409) if refused else 422 if form.errors else 200


@staff.post("/p/<project>/staff/complaints/moderation/acts/<public_id>/lift")
@requires(MODERATE)
def lift(public_id: str) -> Response:
    """End a sanction before its time."""
    act = _act(public_id)
    if act.kind not in sanctions.BARRING:
        raise NotFound
    try:
        sanctions.lift(actor=current_account(), act=act, project=current_project())
    except CaseError as error:
        db.session.rollback()
        raise StaleError(error) from error
    db.session.commit()
    flash(gettext("The sanction is over."))
    return redirect(url_for("complaints_staff.moderation_queue", tab="sanctions"), 303)


def _case(public_id: str) -> Case:
    found = queries.find(current_project().id, Reader(staff=True), public_id)
    if found is None:
        raise NotFound
    return found


def _act(public_id: str) -> Act:
    found = moderation_queries.find_act(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found
