"""The owner's monthly statement, made to be printed."""

from flask import render_template
from werkzeug.exceptions import NotFound

from portal.access import member_only
from portal.members.current import current_member
from portal.points import queries
from portal.points.asked import asked_currency, asked_holder, asked_of, read_month
from portal.points.blueprint import blueprint
from portal.points.monthly import month_of, months_of
from portal.points.statement import ledger_of

__all__ = ["blueprint"]

LINES_A_PAGE = 100


@blueprint.get("/me/points/<month>")
@member_only
def month_statement(month: str) -> str:
    """Show a month: opening, what came and went, closing, and every line between."""
    first = read_month(month)
    if first is None:
        raise NotFound
    currency = asked_currency()
    purses = queries.purses(asked_holder())
    purse = queries.purse_of(purses, currency)
    figures = month_of(purse, month) if purse else None
    if purse is None or figures is None:
        raise NotFound
    months = months_of(purse)
    place = months.index(month)
    return render_template(
        "points/month.html",
        member=current_member(),
        of=asked_of(),
        figures=figures,
        page=ledger_of(purse.account_id, month=first, size=LINES_A_PAGE),
        currency=currency,
        purses=purses,
        later=months[place - 1] if place else None,
        earlier=months[place + 1] if place + 1 < len(months) else None,
    )
