"""The reader's language and size of type, for visitors too."""

from flask import current_app, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.access import public
from portal.accounts.blueprint import blueprint
from portal.accounts.flow import own_path
from portal.accounts.forms import DisplayForm
from portal.extensions import db
from portal.i18n import LANGUAGE_COOKIE, choose_language

__all__ = ["blueprint"]

TYPE_COOKIE, LARGE = "type", "large"
_KEPT_SECONDS = 400 * 24 * 3600


@blueprint.route("/settings/display", methods=["GET", "POST"])
@public
def settings_display() -> str | tuple[str, int] | Response:
    """Choose language and size of type; both are kept on the browser, and by the account."""
    account = g.get("account")
    form = DisplayForm()
    if request.method == "GET":
        form.language.data = choose_language()
        form.large.data = (
            account.large_type if account else request.cookies.get(TYPE_COOKIE) == LARGE
        )
        form.next.data = own_path(request.args.get("next"))
    elif form.validate():
        return _keep(form)
    body = render_template("accounts/display.html", form=form)
    return (body, 422) if request.method == "POST" else body


def _keep(form: DisplayForm) -> Response:
    account = g.get("account")
    if account is not None:
        account.locale = form.language.data
        account.large_type = form.large.data
        db.session.commit()
    target = own_path(form.next.data) or url_for("home.index")
    response: Response = redirect(target, 303)
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    for name, value in (
        (LANGUAGE_COOKIE, form.language.data),
        (TYPE_COOKIE, LARGE if form.large.data else "usual"),
    ):
        response.set_cookie(
            name, value, max_age=_KEPT_SECONDS, httponly=True, samesite="Lax", secure=secure
        )
    return response
