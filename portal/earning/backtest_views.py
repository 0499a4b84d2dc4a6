"""Backtests of the draft at the group centre: asked for, and read."""

from flask import redirect, render_template, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal.access import requires
from portal.accounts.current import current_account
from portal.earning import queries, words
from portal.earning.backtesting import ask_backtest
from portal.earning.blueprint import blueprint
from portal.earning.forms import BacktestForm
from portal.earning.staff_views import EDIT, VIEW, the_draft, today
from portal.extensions import db
from portal.i18n import gettext

__all__ = ["blueprint"]


@blueprint.route("/centre/earning/backtests", methods=["GET", "POST"])
@requires(EDIT)
def backtests() -> str | tuple[str, int] | Response:
    """Ask for a backtest of the draft, and list those that were asked for."""
    draft = the_draft()
    last = today()
    form = BacktestForm(data={"since": last.replace(year=last.year - 1, day=1), "until": last})
    if not form.is_submitted():
        return _page(form)
    if not form.validate() or form.since.data is None or form.until.data is None:
        return _page(form), 422
    if form.until.data < form.since.data:
        form.until.errors = [gettext("The last day lies before the first.")]
        return _page(form), 422
    asked = ask_backtest(
        actor=current_account(), draft=draft, since=form.since.data, until=form.until.data
    )
    db.session.commit()
    return redirect(url_for("earning.backtest", public_id=asked.public_id), 303)


@blueprint.get("/centre/earning/backtests/<public_id>")
@requires(VIEW)
def backtest(public_id: str) -> str:
    """Show what a backtest came to, or how far it is."""
    found = queries.find_backtest(public_id)
    if found is None:
        raise NotFound
    result = found.result or {}
    shown = {row[0] for side in ("gains", "losses") for row in result.get(side, ())}
    shown |= {row[0] for scheme in result.get("tiers", ()) for row in scheme["moved"]}
    return render_template(
        "earning/backtest.html",
        backtest=found,
        result=result,
        progress=queries.progress_of(found),
        members=queries.member_names(shown),
        words=words,
    )


def _page(form: BacktestForm) -> str:
    return render_template(
        "earning/backtests.html", form=form, backtests=queries.backtests_of(the_draft())
    )
