"""The page on which an owner gives points to somebody of the household: ask, show again, do."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.access import member_only
from portal.accounts.current import current_account
from portal.extensions import db
from portal.i18n import gettext
from portal.members.current import current_member
from portal.points import giving
from portal.points.amounts import format_points
from portal.points.blueprint import blueprint
from portal.points.errors import PointsError
from portal.points.forms import GiveForm
from portal.points.sentences import sentence

__all__ = ["blueprint"]

Answer = str | tuple[str, int] | Response


@blueprint.get("/me/points/give")
@member_only
def give() -> str:
    """Ask to whom and how many."""
    return _page(GiveForm(giving.receivers(current_member())))


@blueprint.post("/me/points/give")
@member_only
def give_points() -> Answer:
    """Show again what will be given; once that is confirmed, give it."""
    people = giving.receivers(current_member())
    form = GiveForm(people)
    if not form.validate():
        return _page(form), 422
    if "change" in request.form:
        return _page(form)
    if not form.confirmed.data:
        return _again(form)
    try:
        posting, receiver = giving.give(
            actor=current_account(),
            member=current_member(),
            receiver_key=form.receiver.data,
            amount=form.points.milli,
            key=form.idempotency_key.data or "",
        )
    except PointsError as error:
        db.session.rollback()
        return _refused(form, error)
    public_id, amount, name = posting.public_id, format_points(posting.amount), receiver.name
    db.session.commit()
    flash(gettext("Given: %(points)s points to %(name)s.", points=amount, name=name))
    return redirect(url_for("points.line", posting_id=public_id), 303)


def _again(form: GiveForm) -> Answer:
    """Show what will happen, unless it is clear already that it cannot."""
    allowed = giving.allowance(current_member())
    if form.points.milli > allowed.available:
        return _refused(form, PointsError("not_enough"))
    if form.points.milli > allowed.limit - allowed.given:
        return _refused(form, PointsError("over_limit"))
    names = {each.public_id: each.name for each in giving.receivers(current_member())}
    return render_template(
        "points/give_confirm.html",
        form=form,
        name=names[form.receiver.data],
        amount=form.points.milli,
        left=allowed.available - form.points.milli,
    )


def _refused(form: GiveForm, error: PointsError) -> Answer:
    field = form.receiver if error.code in ("other_household", "same_member") else form.points
    field.errors = [sentence(error)]
    return _page(form), 422


def _page(form: GiveForm) -> str:
    member = current_member()
    return render_template(
        "points/give.html",
        form=form,
        people=giving.receivers(member),
        allowed=giving.allowance(member),
    )
