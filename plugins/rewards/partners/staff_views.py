"""The staff's partners: the list, the editor, the link for a partner's phone."""

from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.rewards.blueprint import staff
from plugins.rewards.errors import RewardError
from plugins.rewards.partners import queries, service
from plugins.rewards.partners.forms import PartnerForm
from plugins.rewards.partners.models import Partner
from plugins.rewards.partners.queries import PartnerFilter
from plugins.rewards.partners.words import CATEGORIES
from plugins.rewards.staff_views import MANAGE, own_item
from plugins.rewards.words import REFUSALS
from portal.sdk import (
    ExportFormat,
    TierRef,
    current_account,
    current_project,
    db,
    export_file,
    gettext,
    issue_token,
    localized,
    now,
    record,
    requires,
    revoke_tokens,
    tiers,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
_LINK_DAYS = 365


@staff.get("/p/<project>/staff/rewards/partners")
@requires(MANAGE)
def partners() -> str:
    """List the partners of the project."""
    wanted = PartnerFilter.read(request.args)
    page = queries.managed(current_project().id, wanted)
    return render_template(
        "rewards/staff_partners.html", page=page, wanted=wanted, categories=CATEGORIES
    )


@staff.post("/p/<project>/staff/rewards/partners.<kind>")
@requires(MANAGE)
def export_partners(kind: str) -> Response:
    """Send the list as a file, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    project = current_project()
    found = queries.everyone(project.id, PartnerFilter.read(request.form))
    header = (
        gettext("Name of the partner"), gettext("Kind of partner"), gettext("Telephone"),
        gettext("Address of the partner"), gettext("For every member"), gettext("Owners see it"),
    )  # fmt: skip
    rows = [
        (
            localized(each.name), str(CATEGORIES[each.category][0]), each.phone,
            localized(each.address), localized(each.offer_for(None)),
            gettext("Yes") if each.shown_at else gettext("No"),
        )
        for each in found
    ]  # fmt: skip
    record(
        actor=current_account(),
        action="rewards.exported",
        subject=("project", project.slug),
        project_id=project.id,
        facts={"format": kind, "rows": len(rows), "what": "partners"},
    )
    db.session.commit()
    return export_file(
        name=f"partners-{project.slug}", kind=ExportFormat(kind), header=header, rows=rows
    )


@staff.route("/p/<project>/staff/rewards/partners/new", methods=["GET", "POST"])
@requires(MANAGE)
def new_partner() -> Page:
    """Add a partner."""
    known = tiers()
    form = PartnerForm(known)
    if not form.validate_on_submit():
        return _editor(form, known, None), 422 if form.is_submitted() else 200
    made = service.write(actor=current_account(), project=current_project(), draft=form.draft())
    db.session.commit()
    flash(gettext("Saved. Owners see it once you put it into the directory."))
    return redirect(url_for("rewards_staff.partner", public_id=made.public_id), 303)


@staff.route("/p/<project>/staff/rewards/partners/<public_id>/edit", methods=["GET", "POST"])
@requires(MANAGE)
def edit_partner(public_id: str) -> Page:
    """Change a partner."""
    partner, known = _find(public_id), tiers()
    form = PartnerForm(known)
    if request.method == "GET":
        form.show(partner)
    if not form.validate_on_submit():
        return _editor(form, known, partner), 422 if form.is_submitted() else 200
    typed = form.version.data or ""
    version = int(typed) if typed.isdecimal() and len(typed) < 9 else 0
    try:
        service.rewrite(
            actor=current_account(), partner=partner, draft=form.draft(), version=version
        )
    except RewardError as error:
        db.session.rollback()
        form.form_errors = [str(REFUSALS[error.code])]
        return _editor(form, known, _find(public_id)), 409
    db.session.commit()
    flash(gettext("Saved."))
    return redirect(url_for("rewards_staff.partner", public_id=public_id), 303)


@staff.get("/p/<project>/staff/rewards/partners/<public_id>")
@requires(MANAGE)
def partner(public_id: str) -> str:
    """Show a partner with its items."""
    return _shown(_find(public_id))


@staff.post("/p/<project>/staff/rewards/partners/<public_id>")
@requires(MANAGE)
def change_partner(public_id: str) -> Page:
    """Show or withdraw a partner, give it items, make its link or end it."""
    found, act, actor = _find(public_id), request.form.get("act", ""), current_account()
    if act == "show":
        service.show(actor=actor, partner=found)
    elif act == "withdraw":
        service.withdraw(actor=actor, partner=found)
    elif act == "give":
        service.give_item(
            actor=actor, partner=found, item=own_item(request.form.get("item", "")[:40])
        )
    elif act == "take":
        service.take_item(
            actor=actor, partner=found, item=own_item(request.form.get("item", "")[:40])
        )
    elif act in ("link", "unlink"):
        return _change_link(found, made=act == "link")
    else:
        raise NotFound
    db.session.commit()
    return redirect(url_for("rewards_staff.partner", public_id=public_id), 303)


def _change_link(partner: Partner, *, made: bool) -> Page:
    """End the link that there is; with `made`, show a new one, this once."""
    project = current_project()
    revoke_tokens(plugin="rewards", subject=partner.public_id)
    link = ""
    if made:
        link = issue_token(
            plugin="rewards",
            purpose="card",
            project=project,
            expires_at=now() + timedelta(days=_LINK_DAYS),
            subject=partner.public_id,
        )
    record(
        actor=current_account(),
        action="rewards.partner_linked" if made else "rewards.partner_unlinked",
        subject=("rewards_partner", partner.public_id),
        project_id=project.id,
    )
    db.session.commit()
    if made:
        return _shown(partner, link=link)
    flash(gettext("The link opens nothing more."))
    return redirect(url_for("rewards_staff.partner", public_id=partner.public_id), 303)


def _find(public_id: str) -> Partner:
    found = queries.find_partner(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found


def _editor(form: PartnerForm, known: list[TierRef], partner: Partner | None) -> str:
    typed = dict(request.form)
    if not form.is_submitted() and partner is not None:
        typed = {
            f"offer-{each.tier}-{language}": text
            for each in partner.offers
            for language, text in each.text.items()
        }
    return render_template(
        "rewards/staff_partner_edit.html",
        form=form,
        partner=partner,
        typed=typed,
        known=known,
        offer_errors=getattr(form, "offer_errors", {}),
    )


def _shown(partner: Partner, link: str = "") -> str:
    items, free = queries.items_for(partner)
    return render_template(
        "rewards/staff_partner.html",
        partner=partner,
        items=items,
        free=free,
        names={each.key: each.name for each in tiers()},
        link=link,
        categories=CATEGORIES,
    )
