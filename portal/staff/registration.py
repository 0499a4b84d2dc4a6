"""Registering a member at the desk."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.access import requires
from portal.accounts.current import current_account
from portal.accounts.queries import find_account_by_phone
from portal.accounts.service import AccountExistsError
from portal.audit.service import record
from portal.extensions import db
from portal.i18n import gettext
from portal.members.blueprint import blueprint
from portal.members.forms import RegistrationForm
from portal.members.models import Member
from portal.members.queries import member_of_account
from portal.members.service import MemberError, join, register
from portal.projects.current import current_project
from portal.projects.service import follow
from portal.slots import fill
from portal.staff.member_search import find_member_of

__all__ = ["blueprint"]


@blueprint.route("/p/<project>/staff/members/new", methods=["GET", "POST"])
@requires("members.edit")
def staff_new() -> Response | str | tuple[str, int]:
    """Register a member without a password, or find out that the number has one."""
    form = RegistrationForm()
    known = None
    if form.is_submitted() and form.phone.validate(form) and form.phone.e164:
        known = member_with(form.phone.e164)
        if known and request.form.get("follow") == "1":
            return _add_project(known)
        if known:
            note_search()
    if known is None and form.validate_on_submit():
        try:
            return _register(form)
        except (AccountExistsError, MemberError):
            # Somebody joined with this number a moment ago: say so.
            db.session.rollback()
            known = member_with(form.phone.e164 or "")
    body = render_template(
        "staff/member_new.html",
        form=form,
        known=known,
        known_here=known and find_member_of(current_project(), known.public_id) is not None,
    )
    return (body, 422) if request.method == "POST" else body


def member_with(phone: str) -> Member | None:
    """Return the member behind a phone (E.164), in any state."""
    account = find_account_by_phone(phone)
    return member_of_account(account.id) if account else None


def note_search() -> None:
    """Leave a trace of a number that turned out to be a member's."""
    project = current_project()
    record(
        actor=current_account(),
        action="members.searched",
        subject=("project", project.public_id),
        project_id=project.id,
        facts={"by": "phone"},
    )
    db.session.commit()


def _register(form: RegistrationForm) -> Response:
    member, verified = enrol(form)
    db.session.commit()
    flash(gettext("%(name)s is registered.", name=member.name))
    if verified:
        flash(gettext("A home was verified by the roster."))
    return redirect(url_for("members.staff_show", public_id=member.public_id), 303)


def enrol(form: RegistrationForm) -> tuple[Member, int]:
    """Make a member of a valid form's person, who follows this project; return what was verified.

    Raises AccountExistsError, MemberError. The caller commits.
    """
    actor, phone = current_account(), form.phone.e164 or ""
    name, salutation = form.name.data or "", form.salutation.data
    account = find_account_by_phone(phone)
    if account is None:
        member = register(phone=phone, name=name, salutation=salutation, actor=actor)
    else:
        member = join(account=account, name=name, salutation=salutation, actor=actor)
    follow(member=member, project=current_project())
    return member, len(fill("on_member_joined", member))


def _add_project(member: Member) -> Response:
    add_to_project(member)
    db.session.commit()
    flash(gettext("%(name)s now follows this project.", name=member.name))
    return redirect(url_for("members.staff_show", public_id=member.public_id), 303)


def add_to_project(member: Member) -> None:
    """Let a member who came to the desk follow this project. The caller commits."""
    project = current_project()
    follow(member=member, project=project)
    record(
        actor=current_account(),
        action="member.project_added",
        subject=("member", member.public_id),
        project_id=project.id,
    )
