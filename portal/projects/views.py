"""The owner's pages of their homes."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal import clock
from portal.access import member_only
from portal.accounts.current import current_account
from portal.extensions import db
from portal.i18n import gettext
from portal.members.current import current_member
from portal.projects import queries
from portal.projects.blueprint import blueprint
from portal.projects.errors import HomeError
from portal.projects.forms import MovedOutForm
from portal.projects.invitations import INVITING_ROLES
from portal.projects.models import EndReason, Ownership, Role
from portal.projects.sentences import sentence
from portal.projects.service import end_ownership
from portal.slots import fill

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response


@blueprint.get("/me/homes")
@member_only
def my_homes() -> str:
    """Show the member's homes, and what other features know of homes to come."""
    member = current_member()
    return render_template(
        "projects/my_homes.html",
        homes=queries.homes_of(member.id),
        past=queries.past_homes_of(member.id),
        cards=sorted(fill("my_homes_cards", member), key=lambda card: card.order),
    )


@blueprint.get("/me/homes/<public_id>")
@member_only
def my_home(public_id: str) -> str:
    """Show one home: its facts, who lives there, and open invitations."""
    place, people = own_home(public_id)
    inviting = place.role in INVITING_ROLES
    return render_template(
        "projects/my_home.html",
        place=place,
        unit=place.unit,
        title=queries.unit_title(place.unit),
        people=people,
        inviting=inviting,
        invitations=queries.invitations_of(place.unit_id) if inviting else [],
        now=clock.now(),
        sections=sorted(
            fill("my_home_sections", current_member(), place), key=lambda card: card.order
        ),
    )


@blueprint.route("/me/homes/<public_id>/people/<person_id>/end", methods=["GET", "POST"])
@member_only
def end_tenancy(public_id: str, person_id: str) -> Page:
    """Let an owner say that a tenant has moved out."""
    place, tenant = own_place(public_id), ending_tenant(public_id, person_id)
    today = clock.business_date(place.unit.project.time_zone)
    form = MovedOutForm(data={"on": today})
    if form.validate_on_submit() and form.on.data:
        try:
            end_ownership(
                actor=current_account(),
                ownership=tenant,
                reason=EndReason.MOVED_OUT,
                on=form.on.data,
            )
        except HomeError as error:
            db.session.rollback()
            place, tenant = own_place(public_id), ending_tenant(public_id, person_id)
            form.on.errors = [sentence(error)]
        else:
            db.session.commit()
            flash(gettext("Noted: %(name)s has moved out.", name=tenant.member.name))
            if tenant.id == place.id:
                return redirect(url_for("projects.my_homes"), 303)
            return redirect(url_for("projects.my_home", public_id=public_id), 303)
    body = render_template(
        "projects/end_tenancy.html",
        form=form,
        place=place,
        tenant=tenant,
        today=today,
        title=queries.unit_title(place.unit),
    )
    return (body, 422) if request.method == "POST" else body


def ending_tenant(public_id: str, person_id: str) -> Ownership:
    """Return the tenant whom the member may end: in their own home, or the member; raises 404."""
    place = own_place(public_id)
    for person in queries.people_of(place.unit_id):
        may_end = place.role in INVITING_ROLES or person.id == place.id
        if person.public_id == person_id and person.role == Role.TENANT and may_end:
            return person
    raise NotFound


def own_home(public_id: str) -> tuple[Ownership, list[Ownership]]:
    """Return the member's place in a home and who lives there, as far as they may know; 404."""
    place, people = queries.home_with_people(current_member().id, public_id)
    if place is None:
        raise NotFound
    # A tenant is told of nobody else: who owns the home is in their contract.
    return place, [place] if place.role == Role.TENANT else people


def own_place(public_id: str) -> Ownership:
    """Return the member's present place in a home; raises 404 for anybody else's."""
    place = queries.home_of(current_member().id, public_id)
    if place is None:
        raise NotFound
    return place
