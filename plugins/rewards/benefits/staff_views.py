"""The staff's benefits: how many a tier gives, taking one at the desk, giving it back, the list."""

from typing import Any
from uuid import uuid4

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.rewards.benefits import queries, service
from plugins.rewards.benefits.queries import UseFilter
from plugins.rewards.blueprint import staff
from plugins.rewards.desk_views import SERVE
from plugins.rewards.errors import RewardError
from plugins.rewards.showing import moment
from plugins.rewards.staff_views import MANAGE
from plugins.rewards.words import REFUSALS
from portal.sdk import (
    ExportFormat,
    MemberRef,
    current_account,
    current_project,
    db,
    export_file,
    find_member,
    gettext,
    homes_of,
    localized,
    now,
    record,
    requires,
    tiers,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response


@staff.get("/p/<project>/staff/rewards/benefits/rules")
@requires(MANAGE)
def benefit_rules() -> str:
    """Show what each tier gives, and how many of it."""
    return _rules()


@staff.post("/p/<project>/staff/rewards/benefits/rules")
@requires(MANAGE)
def set_benefit_rule() -> Page:
    """Say how many of a benefit members of a tier have."""
    form = request.form
    try:
        service.set_rule(
            actor=current_account(),
            project=current_project(),
            tier=form.get("tier", "")[:30],
            benefit=form.get("benefit", "")[:40],
            most=_whole(form.get("most", "")),
            period=form.get("period", ""),
            seen=_whole(form.get("seen", "")) or 0,
        )
    except RewardError as error:
        db.session.rollback()
        return _rules(error), 409 if error.code == "CHANGED" else 422
    db.session.commit()
    flash(gettext("Saved. What was used stays counted."))
    return redirect(url_for("rewards_staff.benefit_rules"), 303)


@staff.get("/p/<project>/staff/rewards/benefits")
@requires(SERVE)
def benefit_uses() -> str:
    """List what was used, the newest first."""
    wanted = UseFilter.read(request.args)
    page = queries.page_of_uses(current_project(), wanted)
    return render_template(
        "rewards/benefit_uses.html",
        page=page,
        people=queries.people(page.items),
        titles=queries.titles(tiers()),
        wanted=wanted,
    )


@staff.post("/p/<project>/staff/rewards/benefits.<kind>")
@requires(SERVE)
def export_benefit_uses(kind: str) -> Response:
    """Send what was used as a file, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    project = current_project()
    found = queries.all_uses(project, UseFilter.read(request.form))
    people = queries.people(found)
    record(
        actor=current_account(),
        action="rewards.benefits_exported",
        subject=("project", project.slug),
        project_id=project.id,
        facts={"format": kind, "rows": len(found)},
    )
    db.session.commit()
    rows = [
        (
            moment(each.created_at), localized(each.title), each.tier,
            people[each.member_id].name if each.member_id in people else "",
            moment(each.undone_at) if each.undone_at else "", each.reason,
        )
        for each in found
    ]  # fmt: skip
    header = (
        gettext("Used on"), gettext("Benefit"), gettext("Tier"), gettext("Member"),
        gettext("Given back"), gettext("Reason"),
    )  # fmt: skip
    return export_file(
        name=f"benefits-{project.slug}", kind=ExportFormat(kind), header=header, rows=rows
    )


@staff.get("/p/<project>/staff/rewards/members/<public_id>/benefits")
@requires(SERVE)
def member_benefits(public_id: str) -> str:
    """Show what a member's tier gives, to take one of it."""
    return _of(_member(public_id))


@staff.post("/p/<project>/staff/rewards/members/<public_id>/benefits")
@requires(SERVE)
def use_benefit(public_id: str) -> Page:
    """Take one of a benefit."""
    member, form = _member(public_id), request.form
    try:
        service.take(
            actor=current_account(),
            project=current_project(),
            member=member,
            benefit=form.get("benefit", "")[:40],
            tier_seen=form.get("tier", "")[:30],
            key=form.get("use_key", "")[:64] or uuid4().hex,
            at=now(),
        )
    except RewardError as error:
        db.session.rollback()
        return _of(_member(public_id), error), 409
    db.session.commit()
    flash(gettext("Noted. It is counted as used."))
    return redirect(url_for("rewards_staff.member_benefits", public_id=public_id), 303)


@staff.post("/p/<project>/staff/rewards/benefits/<public_id>/undo")
@requires(SERVE)
def undo_benefit_use(public_id: str) -> Page:
    """Give a use back that was a mistake."""
    found = queries.find_use(current_project(), public_id)
    if found is None:
        raise NotFound
    member = queries.people([found])[found.member_id]
    reason = request.form.get("reason", "")[:200]
    try:
        service.undo(actor=current_account(), use=found, reason=reason, at=now())
    except RewardError as error:
        db.session.rollback()
        return _of(member, error), 422 if error.code == "NO_REASON" else 409
    db.session.commit()
    flash(gettext("Given back. The member can use it again."))
    return redirect(url_for("rewards_staff.member_benefits", public_id=member.public_id), 303)


def _member(public_id: str) -> MemberRef:
    found = find_member(public_id)
    if found is None or not homes_of(found, current_project()):
        raise NotFound
    return found


def _of(member: MemberRef, refused: RewardError | None = None) -> str:
    project = current_project()
    return render_template(
        "rewards/member_benefits.html",
        member=member,
        found=queries.benefits_of(member, project, now()),
        uses=queries.uses_of(member, project),
        refused=REFUSALS[refused.code] if refused else None,
    )


def _rules(refused: RewardError | None = None) -> str:
    typed: Any = request.form if refused else {}
    return render_template(
        "rewards/benefit_rules.html",
        ladder=tiers(),
        rules=queries.rules_of(current_project()),
        refused=REFUSALS[refused.code] if refused else None,
        typed=typed,
        typed_for=(typed.get("tier"), typed.get("benefit")),
    )


def _whole(text: str) -> int | None:
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < 7 else None
