"""One member, as the staff of a project see them."""

from datetime import timedelta

from flask import flash, redirect, render_template, request, session, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal import clock
from portal.access import requires
from portal.accounts.current import current_account
from portal.audit.service import record
from portal.extensions import db
from portal.i18n import gettext
from portal.members.blueprint import blueprint
from portal.members.forms import CorrectionForm, UnmaskForm
from portal.members.models import Member
from portal.members.queries import PHONE_SHOWN
from portal.members.service import change_profile
from portal.permissions.current import may
from portal.projects.current import current_project
from portal.slots import Card, fill
from portal.staff.audit_queries import history_of
from portal.staff.member_list import STAGE_TITLES
from portal.staff.member_page_queries import member_with_homes, people_at_home
from portal.staff.member_search import find_member_of
from portal.staff.stages import stage_of

__all__ = ["blueprint"]

SHOWN_FOR = timedelta(minutes=5)
_SHOWN = "shown_phones"
_SHOWN_AT_ONCE = 10


@blueprint.get("/p/<project>/staff/members/<public_id>")
@requires("members.view")
def staff_show(public_id: str) -> str:
    """Show the member: identity, homes here, household, what features add; or the history."""
    if request.args.get("tab") == "history":
        return _history(member_here(public_id))
    return _page(public_id, UnmaskForm(formdata=None))


@blueprint.post("/p/<project>/staff/members/<public_id>/phone")
@requires("members.unmask")
def unmask(public_id: str) -> Response | tuple[str, int]:
    """Show the full phone number for five minutes; the member can read who asked and why."""
    member = member_here(public_id)
    form = UnmaskForm()
    if not form.validate():
        return _page(public_id, form), 422
    note_shown(member, form)
    db.session.commit()
    ends = (clock.now() + SHOWN_FOR).timestamp()
    newest = sorted({**_shown(), public_id: ends}.items(), key=lambda item: item[1])
    session[_SHOWN] = dict(newest[-_SHOWN_AT_ONCE:])
    return redirect(url_for("members.staff_show", public_id=public_id), 303)


def note_shown(member: Member, form: UnmaskForm) -> None:
    """Note why a member's full number is shown; the member can read it. The caller commits."""
    record(
        actor=current_account(),
        action=PHONE_SHOWN,
        subject=("member", member.public_id),
        project_id=current_project().id,
        reason=form.reason.data,
    )


@blueprint.route("/p/<project>/staff/members/<public_id>/edit", methods=["GET", "POST"])
@requires("members.edit")
def staff_edit(public_id: str) -> Response | str | tuple[str, int]:
    """Correct how a member is called, with a reason."""
    member = member_here(public_id)
    form = CorrectionForm(obj=member)
    if form.validate_on_submit():
        changed = change_profile(
            actor=current_account(),
            member=member,
            name=form.name.data or "",
            salutation=form.salutation.data,
            birth_month=member.birth_month,
            project_id=current_project().id,
            reason=form.reason.data,
        )
        db.session.commit()
        flash(gettext("The correction is saved.") if changed else gettext("Nothing was changed."))
        return redirect(url_for("members.staff_show", public_id=public_id), 303)
    body = render_template("staff/member_edit.html", form=form, subject=member)
    return (body, 422) if request.method == "POST" else body


def member_here(public_id: str) -> Member:
    """Return a member of this project; raises 404."""
    member = find_member_of(current_project(), public_id)
    if member is None:
        raise NotFound
    return member


def _history(member: Member) -> str:
    return render_template(
        "staff/member_history.html",
        subject=member,
        tab="history",
        entries=history_of(("member", member.public_id), current_project().id),
    )


def _page(public_id: str, form: UnmaskForm) -> str:
    project = current_project()
    found = member_with_homes(project, public_id)
    if found is None:
        raise NotFound
    member, homes = found
    present = [home.since for home in homes if home.until is None]
    today = clock.business_date(project.time_zone)
    cards: list[Card] = fill("member_profile_sections", project, member)
    return render_template(
        "staff/member.html",
        subject=member,
        tab="",
        form=form,
        phone_shown=may("members.unmask") and _is_shown(public_id),
        stage=STAGE_TITLES[stage_of(min(present, default=None), today)],
        homes=homes,
        people=people_at_home(project, member),
        cards=sorted(cards, key=lambda card: card.order),
    )


def _is_shown(public_id: str) -> bool:
    """Tell whether this browser's staff may see the member's full number now."""
    return public_id in _shown()


def _shown() -> dict[str, float]:
    now = clock.now().timestamp()
    return {key: ends for key, ends in session.get(_SHOWN, {}).items() if ends > now}
