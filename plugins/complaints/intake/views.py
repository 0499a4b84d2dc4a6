"""The staff's page for a complaint by telephone or at the desk."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import RadioField

# The published types lag behind the release.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from plugins.complaints import queries
from plugins.complaints.blueprint import staff
from plugins.complaints.errors import CaseError
from plugins.complaints.forms import PHOTOS_MOST, ComplaintForm
from plugins.complaints.intake.service import Channel, take_down
from plugins.complaints.staff_views import HANDLE
from plugins.complaints.states import Ring
from plugins.complaints.words import CHANNELS, REFUSALS
from portal.sdk import (
    MemberRef,
    PhoneError,
    current_account,
    current_project,
    db,
    find_phone_holder,
    gettext,
    homes_of,
    lazy,
    normalize_phone,
    requires,
    takes_files,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response


class IntakeForm(ComplaintForm):
    """A complaint as it is said to the staff."""

    channel = RadioField(
        lazy("How it came in"),
        choices=[SelectChoice(key, CHANNELS[key]) for key in (Channel.HOTLINE, Channel.DESK)],
        default=Channel.HOTLINE,
    )


@staff.get("/p/<project>/staff/complaints/take-down")
@requires(HANDLE)
def take_down_form() -> str:
    """Ask for the phone of who complains."""
    return _page()


@staff.post("/p/<project>/staff/complaints/take-down")
@requires(HANDLE)
@takes_files(PHOTOS_MOST)
def take_down_complaint() -> Page:
    """Find the member of a number, then write the complaint down for them."""
    project = current_project()
    member = _member(request.form.get("phone", ""))
    if member is None:
        refused = gettext("No member with a home here signs in with this number.")
        return _page(refused=refused), 422
    first = "title" not in request.form
    form = IntakeForm(formdata=None) if first else IntakeForm()
    form.offer(queries.categories(project.id), homes_of(member, project))
    if first:
        # Who calls has not asked for neighbours to read it.
        form.ring.data = Ring.PRIVATE
        return _page(member, form)
    if not form.validate_on_submit():
        return _page(member, form), 422
    try:
        case = take_down(
            actor=current_account(),
            member=member,
            project=project,
            draft=form.draft(),
            channel=Channel(form.channel.data),
            pictures=form.photos.data,
        )
    except CaseError as error:
        db.session.rollback()
        return _page(_member(request.form["phone"]), form, str(REFUSALS[error.code])), 409
    db.session.commit()
    flash(gettext("Written down. The member has been told; the clock runs."))
    return redirect(url_for("complaints_staff.show", public_id=case.public_id), 303)


def _member(phone: str) -> MemberRef | None:
    """Return who signs in with a number and has a home here."""
    project = current_project()
    try:
        member = find_phone_holder(normalize_phone(phone), project).member
    except PhoneError:
        return None
    return member if member is not None and homes_of(member, project) else None


def _page(member: MemberRef | None = None, form: Any = None, refused: str = "") -> str:
    return render_template(
        "complaints/take_down.html",
        member=member,
        form=form,
        refused=refused,
        phone=request.form.get("phone", "")[:30],
    )
