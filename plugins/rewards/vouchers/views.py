"""The owners' vouchers: the code, its QR that changes every minute, what is left."""

import segno
import sqlalchemy as sa
from flask import make_response, render_template, url_for
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.rewards.blueprint import blueprint
from plugins.rewards.models import Order
from plugins.rewards.showing import spaced
from plugins.rewards.vouchers.models import Voucher
from plugins.rewards.vouchers.rules import shown_code
from portal.sdk import (
    current_member,
    current_project,
    db,
    gettext,
    localized,
    member_only,
    now,
    our_address,
)

__all__ = ["blueprint"]

_AGAIN = 45
"""Seconds after which the page asks for the next QR."""


@blueprint.get("/p/<project>/rewards/vouchers/<public_id>")
@member_only
def voucher(public_id: str) -> Response:
    """Show a voucher with its QR, anew every minute."""
    found = db.session.scalar(
        sa.select(Voucher)
        .options(joinedload(Voucher.item))
        .where(
            Voucher.public_id == public_id,
            Voucher.project_id == current_project().id,
            Voucher.member_id == current_member().id,
        )
    )
    if found is None:
        raise NotFound
    at = now()
    good = found.left_over > 0 and found.voided_at is None
    good = good and found.valid_until is not None and found.valid_until > at
    address = url_for("rewards_staff.vouchers", code=shown_code(found, at))
    code = segno.make(our_address(address), error="m")
    answer = make_response(
        render_template(
            "rewards/voucher.html",
            voucher=found,
            item=found.item,
            order=db.session.get(Order, found.order_id),
            code=spaced(found.code),
            good=good,
            at=at,
            qr=code.svg_data_uri(scale=6, border=2, dark="#0f3d3a") if good else None,
            qr_says=gettext("Code of the voucher: %(title)s", title=localized(found.item.title)),
        )
    )
    if good:
        answer.headers["Refresh"] = str(_AGAIN)
    return answer


def of_order(order: Order) -> list[Voucher]:
    """Return the vouchers of an order: 99 at most."""
    mine = sa.select(Voucher).where(Voucher.order_id == order.id).order_by(Voucher.id)
    return list(db.session.scalars(mine.limit(99)))
