"""The owners' board, and the form to be on it."""

from flask import flash, redirect, render_template, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import Length, Regexp

from plugins.referrals import inviting
from plugins.referrals.blueprint import blueprint
from plugins.referrals.board import choose_alias, ranks
from plugins.referrals.errors import ReferralError
from plugins.referrals.models import Referrer
from plugins.referrals.words import REFUSALS
from portal.sdk import (
    TextsForm,
    business_date,
    current_member,
    current_project,
    db,
    gettext,
    lazy,
    member_only,
)

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response


class AliasForm(TextsForm):
    """What neighbours read; nothing typed takes the owner off the board."""

    alias = StringField(
        lazy("Alias for neighbours"),
        [
            Length(max=12, message=lazy("Two to twelve letters or characters, no digits.")),
            # Digits could be a number to call or a home.
            Regexp(
                r"^([^\W\d_]{2,12})?$",
                message=lazy("Two to twelve letters or characters, no digits."),
            ),
        ],
    )


@blueprint.route("/p/<project>/referrals/board", methods=["GET", "POST"])
@member_only
def board() -> Page:
    """Show the year's board; put its reader on it or take them off."""
    own, form = inviting.referrer_of(current_project(), current_member()), AliasForm()
    if not form.is_submitted():
        form.alias.data = own.alias if own else ""
        return _page(own, form)
    if own is None:
        raise NotFound
    if not form.validate():
        return _page(own, form), 422
    try:
        choose_alias(referrer=own, alias=form.alias.data or None)
    except ReferralError as error:
        db.session.rollback()
        form.alias.errors = [str(REFUSALS[error.code])]
        return _page(own, form), 409
    db.session.commit()
    flash(gettext("You are on the board.") if own.alias else gettext("You are not on the board."))
    return redirect(url_for("referrals.board"), 303)


def _page(own: Referrer | None, form: AliasForm) -> str:
    project = current_project()
    year = business_date(project.time_zone).year
    found = ranks(project, year, own.id if own else 0)
    return render_template("referrals/board.html", ranks=found, year=year, own=own, form=form)
