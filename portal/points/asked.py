"""What the address of an owner's page of points asks for; what makes no sense is left out."""

import re
from datetime import date

from flask import request

from portal.members.current import current_member
from portal.points.accounts import REDEEMABLE
from portal.points.errors import PointsError
from portal.points.months import month_start
from portal.points.terms import Holder

HOUSEHOLD = "household"
_CURRENCY = re.compile(r"[a-z0-9_-]{1,20}")


def asked_of() -> str:
    """Return HOUSEHOLD when the points that the household has together are asked for, else ""."""
    return HOUSEHOLD if request.args.get("of") == HOUSEHOLD else ""


def asked_holder() -> Holder:
    """Return whose points are asked for: the member's own, or those of the member's household."""
    member = current_member()
    return Holder.household(member.household_id) if asked_of() else Holder.member(member.id)


def asked_currency() -> str:
    """Return the key of the currency that is asked for."""
    given = request.args.get("currency", "")
    return given if _CURRENCY.fullmatch(given) else REDEEMABLE


def read_month(text: str) -> date | None:
    """Return the first day of a month as it stands in an address; None for anything else."""
    try:
        return month_start(text)
    except PointsError:
        return None
