"""The partner's phone: whoever has the link checks and uses the vouchers of one item."""

import hashlib

from flask import redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.rewards.blueprint import partner
from plugins.rewards.queries import find_item
from plugins.rewards.vouchers.using import Outcome, look
from portal.sdk import current_project, current_token, public

__all__ = ["partner"]


@partner.get("/t/rewards/<token>")
@public
def till() -> str | Response:
    """Ask for the code of a voucher; the link for cards leads to the page of cards."""
    if current_token().purpose == "card":
        return redirect(url_for("rewards_partner.card_till"))
    return _page(Outcome(), "")


@partner.post("/t/rewards/<token>/use")
@public
def use_at_till() -> tuple[str, int]:
    """Check a voucher, or take something off it."""
    form, token = request.form, current_token()
    outcome = look(
        actor=None,
        project=current_project(),
        who="link:" + hashlib.sha256(token.subject.encode()).hexdigest()[:32],
        text=form.get("code", ""),
        item_key=token.subject,
        take=form.get("act") == "use",
        seen=form.get("seen", ""),
        amount=form.get("amount", ""),
    )
    return _page(outcome, form.get("code", "")[:300]), outcome.status


def _page(outcome: Outcome, typed: str) -> str:
    if current_token().purpose != "partner":
        raise NotFound
    item = find_item(current_project().id, current_token().subject)
    if item is None:
        raise NotFound
    return render_template("rewards/till.html", typed=typed, outcome=outcome, item=item)
