"""Who holds which role, and what a role may do."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal.access import requires
from portal.accounts.current import current_account
from portal.accounts.models import Account
from portal.accounts.queries import find_account, find_account_by_email, find_account_by_phone
from portal.extensions import db
from portal.forms import SelectChoice
from portal.i18n import Text, gettext, lazy, localized
from portal.pagination import page_of
from portal.permissions.blueprint import blueprint
from portal.permissions.current import current_rights
from portal.permissions.models import RoleGrant
from portal.permissions.queries import role_changes, role_permissions
from portal.permissions.roles import PERMISSIONS, ROLE_TITLES, RoleName
from portal.permissions.service import RoleError, change_role, grant_role, revoke_role
from portal.phones import PhoneError, normalize_phone
from portal.projects.current import current_project
from portal.projects.queries import all_projects
from portal.staff.role_forms import FindAccountForm, GrantForm
from portal.staff.role_queries import find_grant, grants_of, live_grants

__all__ = ["blueprint"]

ERRORS: dict[str, Text] = {
    "unknown": lazy("This role does not exist."),
    "held": lazy("The account already holds this role there."),
    "beyond_own": lazy("You can give and take only what you may do yourself."),
    "last_administrator": lazy("The club needs an administrator: give the role to somebody first."),
    "ended": lazy("This role was already taken away."),
}
_CLUB = "-"
"""The choice of the whole club, where others are a project's public id."""


@blueprint.get("/p/<project>/staff/roles")
@requires("roles.view")
def project_roles() -> str:
    """Show who holds a role in the project."""
    page = page_of(
        live_grants(project_id=current_project().id), RoleGrant.id, descending=True, size=50
    )
    return render_template("permissions/project.html", page=page, titles=ROLE_TITLES)


@blueprint.get("/centre/roles")
@requires("roles.view")
def roles() -> str:
    """Show who holds which role."""
    role = request.args.get("role", "")
    role = role if role in set(RoleName) else ""
    page = page_of(live_grants(role=role), RoleGrant.id, descending=True)
    return render_template(
        "permissions/roles.html", page=page, titles=ROLE_TITLES, role=role, form=FindAccountForm()
    )


@blueprint.post("/centre/roles/find")
@requires("roles.edit")
def find() -> Response:
    """Lead to the account of a phone or an e-mail address; neither stays in an address."""
    form = FindAccountForm()
    account = account_of(form.who.data or "") if form.validate() else None
    if account is None:
        flash(
            gettext("No account has this phone or e-mail. The person must sign in once first."),
            "warning",
        )
        return redirect(url_for("permissions.roles"), 303)
    return redirect(url_for("permissions.account", public_id=account.public_id), 303)


@blueprint.route("/centre/roles/accounts/<public_id>", methods=["GET", "POST"])
@requires("roles.edit")
def account(public_id: str) -> Response | str | tuple[str, int]:
    """Show an account's roles and give it another."""
    found = find_account(public_id)
    if found is None:
        raise NotFound
    form = GrantForm()
    projects = {project.public_id: project for project in all_projects()}
    held = role_permissions(role_changes())
    rights = current_rights()
    form.role.choices = [
        SelectChoice(role, title)
        for role, title in ROLE_TITLES.items()
        if rights.cover(held[role], None)
    ]
    form.project.choices = [
        SelectChoice(_CLUB, gettext("The whole club")),
        *(SelectChoice(key, localized(project.name)) for key, project in projects.items()),
    ]
    if form.validate_on_submit():
        project = projects.get(form.project.data)
        try:
            grant_role(
                actor=current_account(),
                account=found,
                role=form.role.data,
                project_id=project.id if project else None,
            )
        except RoleError as error:
            form.form_errors.append(str(ERRORS[error.args[0]]))
        else:
            db.session.commit()
            flash(gettext("The role is given. It counts from the next page on."))
            return redirect(url_for("permissions.account", public_id=public_id), 303)
    body = render_template(
        "permissions/account.html",
        form=form,
        subject=found,
        grants=grants_of(found.id),
        titles=ROLE_TITLES,
    )
    return (body, 422) if request.method == "POST" else body


@blueprint.route("/centre/roles/<public_id>/revoke", methods=["GET", "POST"])
@requires("roles.edit")
def revoke(public_id: str) -> Response | str:
    """Ask, then take a role away."""
    row = find_grant(public_id)
    if row is None:
        raise NotFound
    grant, subject, project = row
    if request.method == "GET":
        return render_template(
            "permissions/revoke.html",
            grant=grant,
            subject=subject,
            where=project,
            titles=ROLE_TITLES,
        )
    try:
        revoke_role(actor=current_account(), grant=grant)
    except RoleError as error:
        db.session.rollback()
        flash(str(ERRORS[error.args[0]]), "error")
    else:
        db.session.commit()
        flash(gettext("The role is taken away."))
    return redirect(url_for("permissions.roles"), 303)


@blueprint.route("/centre/roles/matrix", methods=["GET", "POST"])
@requires("roles.edit")
def matrix() -> Response | str:
    """Show what each role may do, and let the club change it."""
    if request.method == "POST":
        return _change_matrix()
    changes = role_changes()
    return render_template(
        "permissions/matrix.html",
        permissions=PERMISSIONS.values(),
        titles=ROLE_TITLES,
        held=role_permissions(changes),
        changes=changes,
        fixed=RoleName.ADMINISTRATOR,
        mine=current_rights().club,
    )


def _change_matrix() -> Response:
    """Apply what differs from what the form showed: another's change meanwhile stays."""
    shown, chosen = set(request.form.getlist("shown")), set(request.form.getlist("held"))
    try:
        for key in sorted(shown ^ chosen):
            role, _, permission = key.partition(":")
            change_role(
                actor=current_account(), role=role, permission=permission, allowed=key in chosen
            )
    except RoleError as error:
        db.session.rollback()
        flash(str(ERRORS[error.args[0]]), "error")
    else:
        db.session.commit()
        flash(gettext("Saved. It counts from each person's next page on."))
    return redirect(url_for("permissions.matrix"), 303)


def account_of(who: str) -> Account | None:
    """Return the account behind a phone or an e-mail address, as typed."""
    if "@" in who:
        return find_account_by_email(who)
    try:
        return find_account_by_phone(normalize_phone(who))
    except PhoneError:
        return None
