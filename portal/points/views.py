"""The owner's points: the five figures, and every line with its reason."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from flask import render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal.access import member_only
from portal.exports import ExportFormat, export_file
from portal.i18n import gettext
from portal.members.current import current_member
from portal.pagination import Page
from portal.points import queries
from portal.points.accounts import REDEEMABLE
from portal.points.amounts import format_points
from portal.points.asked import asked_currency, asked_holder, asked_of, read_month
from portal.points.blueprint import blueprint
from portal.points.explain import explain, title_of_rule
from portal.points.monthly import months_of
from portal.points.queries import Figures, Purse
from portal.points.statement import SHOWN, Line, Month, by_month, ledger_of
from portal.points.terms import Holder

__all__ = ["blueprint"]

EXPORTED_AT_MOST = 5_000


@dataclass(frozen=True)
class Wanted:
    """Which lines a page shows, as far as its address makes sense."""

    currency: str = REDEEMABLE
    show: str = ""
    month: date | None = None
    of: str = ""

    def address(self) -> dict[str, str]:
        """Return what of it an address has to say."""
        said = {
            "currency": "" if self.currency == REDEEMABLE else self.currency,
            "show": self.show,
            "month": f"{self.month:%Y-%m}" if self.month else "",
            "of": self.of,
        }
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True)
class PointsPage:
    """What the page of a member's points shows."""

    figures: Figures
    wanted: Wanted
    purses: list[Purse]
    all_months: list[str]
    months: list[Month] = field(default_factory=list)
    page: Page[Line] | None = None


def wanted() -> Wanted:
    """Return which lines the request asks for; what makes no sense is left out."""
    show = request.args.get("show", "")
    return Wanted(
        currency=asked_currency(),
        show=show if show in SHOWN else "",
        month=read_month(request.args.get("month", "")),
        of=asked_of(),
    )


@blueprint.get("/me/points")
@member_only
def mine() -> str:
    """Show the member's points, or the household's, and why they are what they are."""
    shown = points_page(asked_holder(), wanted())
    return render_template("points/mine.html", points=shown, pool=_has_pool(shown))


def _has_pool(shown: PointsPage) -> bool:
    """Tell whether the page leads on to points of the household."""
    if shown.wanted.of or shown.purses:
        return not shown.wanted.of and shown.purses[0].pool
    return bool(queries.purses(Holder.household(current_member().household_id)))


@blueprint.get("/me/points/export.<kind>")
@member_only
def export(kind: str) -> Response:
    """Give the member the lines that the page shows as a file, the newest first."""
    if kind not in set(ExportFormat):
        raise NotFound
    asked = wanted()
    account_id = queries.account_of(asked_holder(), asked.currency)
    header = (
        gettext("Day"),
        gettext("What happened"),
        gettext("Points"),
        gettext("Available after"),
        gettext("Reason"),
        gettext("Rule"),
        gettext("Line"),
    )
    rows = export_rows(account_id, asked)
    return export_file(name=gettext("points"), kind=ExportFormat(kind), header=header, rows=rows)


def points_page(holder: Holder, asked: Wanted) -> PointsPage:
    """Return the page of a holder's points."""
    wallet = queries.wallet(holder)
    purses = [purse for purse, _figures in wallet]
    purse, figures = next(
        (pair for pair in wallet if pair[0].key == asked.currency), (None, Figures())
    )
    if purse is None:
        return PointsPage(figures, asked, purses, [])
    account_id = purse.account_id
    page = ledger_of(account_id, asked.show, month=asked.month)
    return PointsPage(
        figures,
        asked,
        purses,
        months_of(purse),
        by_month(account_id, page.items),
        page,
    )


def export_rows(account_id: int | None, asked: Wanted) -> Iterator[tuple[object, ...]]:
    """Yield the lines of an account for a file."""
    if account_id is None:
        return
    lines = ledger_of(account_id, asked.show, month=asked.month, size=EXPORTED_AT_MOST).items
    for line in lines:
        told = explain(line)
        after = format_points(line.after) if line.after is not None else ""
        yield (
            line.row.booked_on,
            told.title,
            format_points(told.change) + (f" ({told.part})" if told.part else ""),
            after,
            " ".join(told.sentences),
            f"{title_of_rule(line.row)} {line.row.rule} ({line.row.rule_version or 1})".strip()
            if line.row.rule
            else "",
            line.row.public_id,
        )
