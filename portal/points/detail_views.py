"""How a balance is made up: its lots, their uses, and one line with everything that it did."""

from flask import render_template, request
from werkzeug.exceptions import NotFound

from portal.access import member_only
from portal.points import made_up, queries
from portal.points.asked import asked_currency, asked_holder
from portal.points.blueprint import blueprint
from portal.points.kinds import NEVER
from portal.points.statement import line_of

__all__ = ["blueprint"]


@blueprint.get("/me/points/lots")
@member_only
def lots() -> str:
    """Show what came and went, and the lots that the balance consists of."""
    currency = asked_currency()
    purses = queries.purses(asked_holder())
    purse = queries.purse_of(purses, currency)
    everything = request.args.get("show") == "all"
    return render_template(
        "points/lots.html",
        currency=currency,
        purses=purses,
        everything=everything,
        sums=made_up.sums_of(purse.account_id) if purse else None,
        page=made_up.lots_of(purse.account_id, everything=everything) if purse else None,
        never=NEVER,
    )


@blueprint.get("/me/points/lines/<posting_id>")
@member_only
def line(posting_id: str) -> str:
    """Show one line: its rule and source, the lots it used, the lots it opened and their uses."""
    found = line_of(asked_holder(), posting_id)
    if found is None:
        raise NotFound
    shown, purse = found
    touches, opened = made_up.lots_of_line(shown.row.id)
    return render_template(
        "points/line.html",
        line=shown,
        purse=purse,
        touches=touches,
        opened=opened,
        never=NEVER,
    )
