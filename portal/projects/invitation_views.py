"""Inviting somebody into a home, and accepting an invitation."""

import segno
from flask import flash, g, redirect, render_template, request, session, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal.access import member_only, public
from portal.accounts.current import current_account
from portal.accounts.flow import our_address
from portal.extensions import db
from portal.i18n import gettext
from portal.members.current import current_member, find_current_member
from portal.projects import queries
from portal.projects.blueprint import blueprint
from portal.projects.errors import HomeError
from portal.projects.forms import AcceptForm, InvitationForm
from portal.projects.invitations import (
    INVITING_ROLES,
    accept_invitation,
    check_open,
    find_invitation,
    invite,
    must_choose,
    withdraw_invitation,
)
from portal.projects.models import Invitation, Ownership
from portal.projects.sentences import sentence
from portal.projects.views import Page, own_place

__all__ = ["blueprint"]

_LINK = "invitation_link"
"""The session keeps the link until it was shown: only its hash is in the database."""


@blueprint.route("/me/homes/<public_id>/invite", methods=["GET", "POST"], endpoint="invite")
@member_only
def new_invitation(public_id: str) -> Page:
    """Invite a spouse, co-owner or tenant by name and mobile number."""
    place = inviting_place(public_id)
    form = InvitationForm(role=request.args.get("role", "spouse"))
    if form.validate_on_submit():
        try:
            invitation, token = invite(
                actor=current_account(),
                member=current_member(),
                unit=place.unit,
                name=form.name.data or "",
                phone=form.phone.e164 or "",
                role=form.role.data,
            )
        except HomeError as error:
            db.session.rollback()
            place = inviting_place(public_id)
            form.phone.errors = [sentence(error)]
        else:
            db.session.commit()
            session[_LINK] = [invitation.public_id, token]
            return redirect(
                url_for(
                    "projects.invitation", public_id=public_id, invitation_id=invitation.public_id
                ),
                303,
            )
    body = render_template(
        "projects/invite.html", form=form, place=place, title=queries.unit_title(place.unit)
    )
    return (body, 422) if request.method == "POST" else body


@blueprint.get("/me/homes/<public_id>/invitations/<invitation_id>")
@member_only
def invitation(public_id: str, invitation_id: str) -> str:
    """Show an open invitation; its link only the first time."""
    place = inviting_place(public_id)
    found = open_invitation(place, invitation_id)
    kept_id, token = session.get(_LINK) or ("", "")
    link = qr = None
    if kept_id == found.public_id:
        session.pop(_LINK)
        link = our_address(url_for("projects.accept", token=token))
        qr = segno.make(link, error="m").svg_data_uri(scale=5, border=2, dark="#0f3d3a")
    return render_template(
        "projects/invitation.html",
        place=place,
        invitation=found,
        link=link,
        qr=qr,
        title=queries.unit_title(place.unit),
    )


@blueprint.post("/me/homes/<public_id>/invitations/<invitation_id>/withdraw")
@member_only
def withdraw(public_id: str, invitation_id: str) -> Response:
    """Take an invitation back."""
    place = inviting_place(public_id)
    found = open_invitation(place, invitation_id)
    try:
        withdraw_invitation(actor=current_account(), invitation=found)
    except HomeError as error:
        db.session.rollback()
        flash(sentence(error), "error")
    else:
        db.session.commit()
        flash(gettext("The invitation for %(name)s no longer works.", name=found.name))
    return redirect(url_for("projects.my_home", public_id=public_id), 303)


@blueprint.route("/i/<token>", methods=["GET", "POST"], endpoint="accept")
@public
def accept_link(token: str) -> Page:
    """Show an invitation to whoever holds its link; let the invited member accept it."""
    found = find_invitation(token)
    member = find_current_member() if g.get("account") else None
    try:
        open_one = check_open(found)
        if g.get("account") and g.account.phone_hash != open_one.phone_hash:
            raise HomeError("wrong_phone")
        if request.method == "POST" and member is not None:
            return _accept(open_one, token)
        return _show(open_one, token, AcceptForm())
    except HomeError as error:
        db.session.rollback()
        if error.code == "used" and _is_mine(found):
            # The second press of the button, or the link opened once more.
            return redirect(url_for("projects.my_homes"), 303)
        body = render_template(
            "projects/invitation_over.html", code=error.code, text=sentence(error)
        )
        return body, 403 if error.code == "wrong_phone" else 410


def _accept(found: Invitation, token: str) -> Page:
    form = AcceptForm()
    answers = {"join": True, "stay": False}
    member = current_member()
    try:
        place = accept_invitation(
            actor=current_account(),
            member=member,
            invitation=found,
            join=answers.get(form.household.data or ""),
        )
    except HomeError as error:
        if error.code not in ("choice_needed", "already_there"):
            raise
        db.session.rollback()
        form.household.errors = [sentence(error)]
        again = check_open(find_invitation(token))
        return str(_show(again, token, form)), 422
    unit_id = found.unit.public_id
    title = queries.unit_title(found.unit)
    db.session.commit()
    flash(gettext("Welcome to %(home)s.", home=title))
    assert place.unit_id == found.unit_id
    return redirect(url_for("projects.my_home", public_id=unit_id), 303)


def _show(found: Invitation, token: str, form: AcceptForm) -> str:
    member = find_current_member() if g.get("account") else None
    return render_template(
        "projects/accept.html",
        invitation=found,
        token=token,
        form=form,
        choice=bool(member and must_choose(found, member)),
        title=queries.unit_title(found.unit),
    )


def _is_mine(found: Invitation | None) -> bool:
    member = find_current_member() if g.get("account") else None
    return bool(found and member and found.accepted_by_id == member.id)


def inviting_place(public_id: str) -> Ownership:
    """Return the member's place in a home into which they may invite; raises 404."""
    place = own_place(public_id)
    if place.role not in INVITING_ROLES:
        raise NotFound
    return place


def open_invitation(place: Ownership, invitation_id: str) -> Invitation:
    """Return an open invitation into a home; raises 404."""
    for found in queries.invitations_of(place.unit_id):
        if found.public_id == invitation_id:
            return found
    raise NotFound
