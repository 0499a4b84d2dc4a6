"""The pages of signing in; the other modules of this package hold the rest."""

from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response

from portal.access import public, signed_in
from portal.accounts.blueprint import blueprint
from portal.accounts.session import end_session
from portal.extensions import db

__all__ = ["blueprint"]


@blueprint.route("/login", methods=["GET", "POST"])
@public
def sign_in() -> str:
    """Show the page."""
    return render_template("accounts/soon.html")


@blueprint.post("/logout")
@public
def sign_out() -> Response:
    """End this browser's session."""
    end_session()
    db.session.commit()
    return redirect(url_for("accounts.sign_in"), 303)


for rule, endpoint, access in (
    ("/login/second-step", "second_step", public),
    ("/forgot", "forgot", public),
    ("/reset/<token>", "reset", public),
    ("/settings/display", "settings_display", public),
    ("/me/security", "security", signed_in),
    ("/me/sign-ins", "sign_ins", signed_in),
):

    def soon(**values: str) -> str:
        """Show the page."""
        return render_template("accounts/soon.html")

    blueprint.add_url_rule(rule, endpoint, access(soon))
