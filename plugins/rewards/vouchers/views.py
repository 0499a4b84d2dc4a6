"""The owners' vouchers: the code, its QR that changes every minute, what is left."""

import segno
from flask import make_response, render_template, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.rewards.blueprint import blueprint
from plugins.rewards.showing import spaced
from plugins.rewards.vouchers import queries
from plugins.rewards.vouchers.rules import shown_code
from portal.sdk import (
    current_member,
    current_project,
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
    found = queries.own_voucher(current_project(), current_member(), public_id)
    if found is None:
        raise NotFound
    at = now()
    good = found.is_good(at)
    address = url_for("rewards_staff.vouchers", code=shown_code(found, at))
    code = segno.make(our_address(address), error="m")
    answer = make_response(
        render_template(
            "rewards/voucher.html",
            voucher=found,
            item=found.item,
            order=found.order,
            uses=queries.uses_of(found),
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
