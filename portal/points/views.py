"""The owner's points: the five figures, and every line with its reason."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal.access import member_only
from portal.exports import ExportFormat, export_file
from portal.i18n import gettext
from portal.members.current import current_member
from portal.members.models import Member
from portal.pagination import Page
from portal.points import queries
from portal.points.accounts import REDEEMABLE
from portal.points.amounts import format_points
from portal.points.blueprint import blueprint
from portal.points.explain import explain
from portal.points.kinds import CurrencyKind
from portal.points.queries import Figures
from portal.points.statement import SHOWN, Line, Month, by_month, ledger_of
from portal.points.terms import Holder

__all__ = ["blueprint"]

QUALIFYING = CurrencyKind.QUALIFYING.value
EXPORTED_AT_MOST = 5_000


@dataclass(frozen=True)
class PointsPage:
    """What the page of a member's points shows."""

    figures: Figures
    show: str
    months: list[Month]
    page: Page[Line] | None


@blueprint.get("/me/points")
@member_only
def mine() -> str:
    """Show the member's points and why they are what they are."""
    show = request.args.get("show", "")
    return render_template("points/mine.html", points=points_page(current_member(), show))


@blueprint.get("/me/points/export.<kind>")
@member_only
def export(kind: str) -> Response:
    """Give the member every line as a file, the newest first."""
    if kind not in set(ExportFormat):
        raise NotFound
    figures = queries.balance(Holder.member(current_member().id))
    header = (
        gettext("Day"),
        gettext("What happened"),
        gettext("Points"),
        gettext("Available after"),
        gettext("Reason"),
    )
    rows = export_rows(figures.account_id)
    return export_file(name=gettext("points"), kind=ExportFormat(kind), header=header, rows=rows)


def points_page(member: Member, show: str) -> PointsPage:
    """Return the page of a member's points, of the lines that `show` names (all without)."""
    currency = QUALIFYING if show == QUALIFYING else REDEEMABLE
    figures = queries.balance(Holder.member(member.id))
    account_id = figures.account_id
    if currency == QUALIFYING:
        account_id = queries.account_of(Holder.member(member.id), currency)
    if show != QUALIFYING and show not in SHOWN:
        show = ""
    if account_id is None:
        return PointsPage(figures, show, [], None)
    page = ledger_of(account_id, show)
    return PointsPage(figures, show, by_month(account_id, page.items), page)


def export_rows(account_id: int | None) -> Iterator[tuple[object, ...]]:
    """Yield the lines of an account for a file."""
    if account_id is None:
        return
    for line in ledger_of(account_id, size=EXPORTED_AT_MOST).items:
        told = explain(line)
        after = format_points(line.after) if line.after is not None else ""
        yield (
            line.row.booked_on,
            told.title,
            format_points(told.change) + (f" ({told.part})" if told.part else ""),
            after,
            " ".join(told.sentences),
        )
