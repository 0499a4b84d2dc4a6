"""Why a member's points came, and why not, as the staff of a project see it; and what they record
by hand."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal import clock
from portal.access import requires
from portal.accounts.current import current_account
from portal.club.queries import current_club
from portal.columns import new_public_id
from portal.earning import queries
from portal.earning.awards import award_categories, record_award
from portal.earning.blueprint import blueprint
from portal.earning.sentences import reason_of
from portal.earning.words import category_title, source_title
from portal.extensions import db
from portal.facts.service import FactError
from portal.forms import SelectChoice
from portal.i18n import gettext
from portal.permissions.current import may
from portal.projects.current import current_project
from portal.staff.earning_forms import REFUSALS, AwardForm
from portal.staff.member_page import member_here

__all__ = ["blueprint"]


@blueprint.get("/p/<project>/staff/members/<public_id>/points/why")
@requires("points.view")
def staff_why(public_id: str) -> str:
    """Show what each rule made of what happened to the member, of one fact on top if asked."""
    today = clock.business_date(current_club().time_zone)
    return _page(public_id, AwardForm(formdata=None, on=today))


@blueprint.post("/p/<project>/staff/members/<public_id>/points/award")
@requires("points.adjust")
def staff_award(public_id: str) -> str | tuple[str, int] | Response:
    """Record by hand that the member did something; the page then shows what each rule gave."""
    member, form = member_here(public_id), AwardForm()
    form.category.choices = _choices()
    if not form.validate() or form.on.data is None:
        return _page(public_id, form), 422
    try:
        told, _proposal = record_award(
            actor=current_account(),
            member=member,
            project_id=current_project().id,
            category=form.category.data or "",
            on=form.on.data,
            note=form.note.data or "",
            key=form.idempotency_key.data or new_public_id(),
        )
    except FactError as error:
        db.session.rollback()
        field = form.on if error.code == "day_invalid" else form.category
        field.errors = [str(REFUSALS.get(error.code, error.code))]
        return _page(public_id, form), 422
    fact = told.fact.public_id if told else None
    db.session.commit()
    if fact is None:
        flash(
            gettext("Proposed: that is more than one person gives in a day. A colleague decides.")
        )
    return redirect(url_for("earning.staff_why", public_id=public_id, fact=fact), 303)


def _page(public_id: str, form: AwardForm) -> str:
    member = member_here(public_id)
    show = request.args.get("show", "")
    show = show if show in queries.SHOWN else ""
    fact = request.args.get("fact", "")[:22]
    form.category.choices = _choices() if may("points.adjust") else []
    return render_template(
        "earning/staff_why.html",
        subject=member,
        tab="why",
        page=queries.judged(member.id, show),
        fact=fact,
        told=queries.judged_of(member.id, fact) if fact else [],
        form=form,
        show=show,
        reason_of=reason_of,
        source_title=source_title,
    )


def _choices() -> list[SelectChoice]:
    return [SelectChoice(key, category_title(key)) for key in award_categories()]
