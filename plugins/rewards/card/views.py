"""The owners' card with its QR that changes every minute."""

import segno
from flask import current_app, make_response, render_template, url_for
from werkzeug.wrappers import Response

from plugins.rewards.blueprint import blueprint
from plugins.rewards.card.codes import digits_of, ends_at
from portal.sdk import (
    card_of,
    current_member,
    current_project,
    gettext,
    member_only,
    now,
    our_address,
)

__all__ = ["blueprint"]


@blueprint.get("/p/<project>/rewards/card")
@member_only
def card() -> Response:
    """Show the card; the page asks for the next code when the minute is over."""
    member, at = current_member(), now()
    mine = card_of(member)
    digits = digits_of(str(current_app.secret_key), mine.number, at)
    address = url_for("rewards_staff.card_desk", code=f"{mine.number}.{digits}")
    answer = make_response(
        render_template(
            "rewards/card.html",
            card=mine,
            member=member,
            project=current_project(),
            number=f"{mine.number[:4]} {mine.number[4:]}",
            digits=f"{digits[:3]} {digits[3:]}",
            qr=segno.make(our_address(address), error="m").svg_data_uri(
                scale=6, border=2, dark="#0f3d3a"
            ),
            qr_says=gettext("Code of the member card"),
        )
    )
    # One more second: the next code is there for sure.
    answer.headers["Refresh"] = str(int((ends_at(at) - at).total_seconds()) + 1)
    return answer
