"""The tokens of services: issued, shown once, revoked."""

from datetime import timedelta

from flask import redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal import clock
from portal.access import requires
from portal.accounts.current import current_account
from portal.extensions import db
from portal.forms import SelectChoice
from portal.i18n import Text, gettext, lazy, localized
from portal.pagination import page_of
from portal.permissions.current import current_rights
from portal.permissions.roles import PERMISSIONS
from portal.projects.queries import all_projects
from portal.staff.token_forms import TokenForm
from portal.tokens.blueprint import blueprint
from portal.tokens.models import ApiToken
from portal.tokens.queries import find_service_token, service_tokens
from portal.tokens.service import TokenError, issue_service_token, revoke_token

__all__ = ["blueprint"]

CLUB = "-"
"""The choice of the whole club, where others are a project's slug."""
ERRORS: dict[str, Text] = {
    "no_scope": lazy("Choose at least one right."),
    "unknown_scope": lazy("There is no such right."),
    "beyond_own": lazy("You can give a service only what you may do there yourself."),
    "bad_expiry": lazy("Choose a day within the next two years."),
    "revoked": lazy("This token was revoked before."),
}


@blueprint.get("/centre/tokens")
@requires("tokens.manage")
def service_list() -> str:
    """Show the services' tokens, the newest first."""
    page = page_of(service_tokens(), ApiToken.created_at, ApiToken.id, descending=True)
    projects = {project.id: project for project in all_projects()}
    return render_template(
        "tokens/list.html",
        page=page,
        projects=projects,
        permissions=PERMISSIONS,
        now=clock.now(),
    )


@blueprint.route("/centre/tokens/new", methods=["GET", "POST"])
@requires("tokens.manage")
def service_new() -> str | tuple[str, int]:
    """Issue a token and show it, this once."""
    form = TokenForm()
    projects = {project.slug: project for project in all_projects()}
    form.project.choices = [
        SelectChoice(CLUB, gettext("The whole club")),
        *(SelectChoice(slug, localized(project.name)) for slug, project in projects.items()),
    ]
    rights = current_rights()
    form.scopes.choices = [
        SelectChoice(key, permission.title)
        for key, permission in PERMISSIONS.items()
        if rights.anywhere(key)
    ]
    if form.validate_on_submit():
        project = projects.get(form.project.data)
        try:
            row, token = issue_service_token(
                actor=current_account(),
                name=form.name.data or "",
                scopes=form.scopes.data or (),
                project_id=project.id if project else None,
                expires_at=clock.now() + timedelta(days=int(form.days.data)),
            )
        except TokenError as error:
            form.scopes.errors = [str(ERRORS[error.code])]
        else:
            db.session.commit()
            return render_template("tokens/issued.html", token=token, row=row, where=project)
    body = render_template("tokens/new.html", form=form)
    return (body, 422) if request.method == "POST" else body


@blueprint.route("/centre/tokens/<public_id>/revoke", methods=["GET", "POST"])
@requires("tokens.manage")
def service_revoke(public_id: str) -> str | Response:
    """Ask, then let a token be of no more use."""
    row = find_service_token(public_id)
    if row is None:
        raise NotFound
    if request.method == "GET":
        return render_template("tokens/revoke.html", row=row)
    try:
        revoke_token(actor=current_account(), token=row)
    except TokenError:
        db.session.rollback()
    else:
        db.session.commit()
    return redirect(url_for("tokens.service_list"), 303)
