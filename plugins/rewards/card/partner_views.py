"""A partner's phone looks at a member card: the tier and what it gets there, no more."""

import hashlib

from flask import render_template, request
from werkzeug.exceptions import NotFound

from plugins.rewards.blueprint import partner
from plugins.rewards.card.reading import Shown, look
from plugins.rewards.partners.models import Partner
from plugins.rewards.partners.queries import find_partner
from portal.sdk import current_project, current_token, public

__all__ = ["partner"]


@partner.get("/t/rewards/<token>/card")
@public
def card_till() -> str:
    """Ask for the code of a card."""
    return _page(_partner(), Shown(), request.args.get("code", "")[:300])


@partner.post("/t/rewards/<token>/card")
@public
def read_card_at_till() -> tuple[str, int]:
    """Say which tier the card has, and what it gets here."""
    found, typed = _partner(), request.form.get("code", "")
    who = "link:" + hashlib.sha256(found.public_id.encode()).hexdigest()[:32]
    shown = look(actor=None, project=current_project(), who=who, text=typed)
    return _page(found, shown, "" if shown.member else typed[:300]), shown.status


def _partner() -> Partner:
    token = current_token()
    found = None
    if token.purpose == "card":
        found = find_partner(current_project().id, token.subject, shown=True)
    if found is None:
        raise NotFound
    return found


def _page(found: Partner, shown: Shown, typed: str) -> str:
    tier = shown.card.tier if shown.card else None
    return render_template(
        "rewards/card_till.html",
        partner=found,
        shown=shown,
        typed=typed,
        offer=found.offer_for(tier) if shown.card else {},
    )
