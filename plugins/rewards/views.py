"""The owners' pages: the catalogue, one item, redeeming it."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.rewards import favourites, ordering, queries
from plugins.rewards.blueprint import blueprint
from plugins.rewards.errors import RewardError
from plugins.rewards.models import Item
from plugins.rewards.pages import item_page, refusal_of
from plugins.rewards.queries import ListFilter
from plugins.rewards.states import Shown
from portal.sdk import (
    current_member,
    current_project,
    db,
    gettext,
    household_of,
    member_only,
    now,
    points_balance,
)

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response
CODES = {
    "NOT_AN_OWNER": 403,
    "NOT_YOUR_TIER": 403,
    "BAD_QUANTITY": 422,
    "TOO_MANY": 422,
    "NO_ADDRESS": 422,
    "NO_HOME": 422,
    "BAD_MONTH": 422,
    "RESERVATION_OVER": 410,
}
"""What is not 409."""


@blueprint.get("/p/<project>/rewards/")
@member_only
def index() -> str:
    """Show what points are given for, searched and by kind."""
    wanted = ListFilter.read(request.args)
    project, member = current_project(), current_member()
    figures = points_balance(member)
    tier = household_of(member, project).tier
    return render_template(
        "rewards/index.html",
        page=queries.catalogue(project.id, member, tier, figures.available, wanted),
        wanted=wanted,
        figures=figures,
        orders=queries.under_way(project.id, member.id),
    )


@blueprint.get("/p/<project>/rewards/<public_id>")
@member_only
def show(public_id: str) -> str:
    """Show an item, what it costs this member, and why it is not for them yet."""
    return _shown(public_id)


@blueprint.post("/p/<project>/rewards/<public_id>/redeem")
@member_only
def redeem(public_id: str) -> Page:
    """Set an item aside for the member, who confirms it on the next page."""
    item, seen = _find(public_id), request.form.get("price", "")
    try:
        made = ordering.reserve(
            item_id=item.id,
            member=current_member(),
            project=current_project(),
            quantity=request.form.get("quantity", "1"),
            price_seen=int(seen)
            if seen.isascii() and seen.isdecimal() and len(seen) < 16
            else None,
            at=now(),
        )
    except RewardError as error:
        db.session.rollback()
        return _shown(public_id, error), CODES.get(error.code, 409)
    db.session.commit()
    return redirect(url_for("rewards.order", public_id=made.public_id), 303)


@blueprint.post("/p/<project>/rewards/<public_id>/mark")
@member_only
def mark(public_id: str) -> Response:
    """Keep an item among the favourites, or take it out."""
    item = _find(public_id)
    marked = favourites.toggle(item=item, member=current_member(), project=current_project())
    db.session.commit()
    flash(gettext("It is among your favourites.") if marked else gettext("No favourite any more."))
    return redirect(url_for("rewards.show", public_id=public_id), 303)


def _find(public_id: str) -> Item:
    found = queries.find_item(current_project().id, public_id)
    if found is None or found.state == Shown.DRAFT:
        raise NotFound
    return found


def _shown(public_id: str, refused: RewardError | None = None) -> str:
    page = item_page(current_project(), current_member(), public_id, now())
    if page is None:
        raise NotFound
    return render_template(
        "rewards/show.html",
        page=page,
        refused=refusal_of(refused) if refused else None,
        repriced=refused is not None and refused.code == "PRICE_CHANGED",
        quantity=request.form.get("quantity", "1"),
    )
