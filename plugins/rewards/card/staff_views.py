"""The desk looks at a member card: who it is, which tier, what waits to be handed out."""

from flask import render_template, request
from werkzeug.wrappers import Response

from plugins.rewards import queries
from plugins.rewards.blueprint import staff
from plugins.rewards.card.reading import Shown, look
from plugins.rewards.desk_views import SERVE
from portal.sdk import current_account, current_project, requires

__all__ = ["staff"]

Page = str | tuple[str, int] | Response


@staff.get("/p/<project>/staff/rewards/card")
@requires(SERVE)
def card_desk() -> str:
    """Ask for the code of a card; one that was scanned is filled in."""
    return _page(Shown(), request.args.get("code", "")[:300])


@staff.post("/p/<project>/staff/rewards/card")
@requires(SERVE)
def read_card() -> tuple[str, int]:
    """Say whose card it is, and what can be done for the member here."""
    actor, typed = current_account(), request.form.get("code", "")
    shown = look(actor=actor, project=current_project(), who=f"account:{actor.id}", text=typed)
    return _page(shown, "" if shown.member else typed[:300]), shown.status


def _page(shown: Shown, typed: str) -> str:
    orders = []
    if shown.member is not None:
        orders = queries.under_way(current_project().id, shown.member.id)
    return render_template("rewards/card_desk.html", shown=shown, typed=typed, orders=orders)
