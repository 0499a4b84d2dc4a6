"""The owners' orders: confirming, the code for the desk, cancelling."""

import segno
from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.rewards import ordering, queries
from plugins.rewards.blueprint import blueprint
from plugins.rewards.errors import RewardError
from plugins.rewards.fees.booking import FeeWish
from plugins.rewards.fees.choosing import fee_choice
from plugins.rewards.models import Order
from plugins.rewards.pages import refusal_of
from plugins.rewards.showing import spaced
from plugins.rewards.states import LIVE, Kind, State, Way
from plugins.rewards.views import CODES
from plugins.rewards.vouchers.queries import of_order
from portal.sdk import (
    current_member,
    current_project,
    db,
    gettext,
    localized,
    member_only,
    now,
    our_address,
    plugin_settings,
)

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response


@blueprint.get("/p/<project>/rewards/orders/")
@member_only
def mine() -> str:
    """Show the member's orders, the newest first."""
    page = queries.mine(current_project().id, current_member().id)
    return render_template("rewards/mine.html", page=page)


@blueprint.get("/p/<project>/rewards/orders/<public_id>")
@member_only
def order(public_id: str) -> str:
    """Show an order: what to confirm, or its code for the desk, and its history."""
    return _shown(own_order(public_id))


@blueprint.post("/p/<project>/rewards/orders/<public_id>/confirm")
@member_only
def confirm(public_id: str) -> Page:
    """Confirm what is set aside."""
    found, project = own_order(public_id), current_project()
    try:
        ordering.place(
            order=found,
            member=current_member(),
            project=project,
            note=request.form.get("note", "").strip()[:200],
            days=fetch_days(),
            fee=FeeWish(request.form.get("home", ""), request.form.get("month", "")),
            at=now(),
        )
    except RewardError as error:
        db.session.rollback()
        return _shown(own_order(public_id), error), CODES.get(error.code, 409)
    db.session.commit()
    flash(gettext("Ordered. The points are set aside until you have it."))
    return redirect(url_for("rewards.order", public_id=public_id), 303)


@blueprint.post("/p/<project>/rewards/orders/<public_id>/cancel")
@member_only
def cancel(public_id: str) -> Page:
    """Cancel an order; stock, limits and points go back."""
    try:
        ordering.cancel(order=own_order(public_id), member=current_member(), at=now())
    except RewardError as error:
        db.session.rollback()
        return _shown(own_order(public_id), error), 409
    db.session.commit()
    flash(gettext("Cancelled. Your points are back."))
    return redirect(url_for("rewards.order", public_id=public_id), 303)


def own_order(public_id: str) -> Order:
    """Return the reader's own order, or raise NotFound."""
    found = queries.own_order(current_project().id, current_member().id, public_id)
    if found is None:
        raise NotFound
    return found


def fetch_days() -> int:
    """Return for how many days something ready waits for its owner."""
    return int(plugin_settings("rewards", current_project())["fetch_days"])


def _shown(found: Order, refused: RewardError | None = None) -> str:
    at = now()
    over = found.expires_at is not None and found.expires_at <= at
    shows = found.way == Way.COLLECT and found.state in (State.PLACED, State.READY) and not over
    code = segno.make(our_address(url_for("rewards_staff.desk_page", code=found.code)), error="m")
    asks = found.state == State.RESERVED and not over
    return render_template(
        "rewards/order.html",
        order=found,
        item=found.item,
        over=over,
        steps=queries.steps_of(found),
        vouchers=of_order(found) if found.item.kind == Kind.VOUCHER else [],
        code=spaced(found.code),
        qr=code.svg_data_uri(scale=6, border=2, dark="#0f3d3a") if shows else None,
        qr_says=gettext("Code for the desk: %(title)s", title=localized(found.title)),
        asks=asks,
        fee=fee_choice(found) if asks else None,
        typed=request.form,
        cancels=found.state in LIVE,
        desk=localized(plugin_settings("rewards", current_project())["desk"] or {}),
        refused=refusal_of(refused) if refused else None,
        note=request.form.get("note", ""),
    )
