"""Who holds which role, and the audit trail, for programs."""

from datetime import date
from typing import Any

from marshmallow import Schema, fields, validate
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound

from portal.access import requires
from portal.accounts.current import current_account
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Flag, Input, Moment, Output, Text, list_of
from portal.api.paging import page_schema, paged
from portal.api.problems import Problem, invalid
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.i18n import gettext, localized
from portal.pagination import page_of
from portal.permissions.current import current_rights
from portal.permissions.models import RoleGrant
from portal.permissions.queries import role_changes, role_permissions
from portal.permissions.roles import PERMISSIONS, ROLE_TITLES, RoleName
from portal.permissions.service import RoleError, change_role, grant_role, revoke_role
from portal.projects.current import current_project
from portal.projects.models import Project
from portal.projects.queries import find_project
from portal.staff.audit_queries import TEXT_MAX, AuditFilter
from portal.staff.audit_views import trail_of
from portal.staff.role_queries import find_grant, live_grants
from portal.staff.role_views import ERRORS, account_of
from portal.staff.words import action_title, subject_title

blueprint = ApiBlueprint(
    "staff_api", "portal.staff", url_prefix="/api/v1", title="Roles and the audit trail"
)
_REFUSED = {422: "`type` says why: …:held, …:beyond_own, …:last_administrator, …:ended."}


class GrantShown(Output):
    """A role that an account holds."""

    id = Text(22)
    account_id = Text(22)
    name = Text(80)
    role = Choice(RoleName)
    role_title = Text()
    project = Text(40, allow_none=True, metadata={"description": "Null: the whole club."})
    created_at = Moment()


class GrantsQuery(Schema):
    """Which roles."""

    role = fields.String(load_default="", validate=validate.OneOf(["", *RoleName]))


class GrantWish(Input):
    """Whom to give which role where."""

    who = Text(254, required=True, metadata={"description": "Mobile number or e-mail address."})
    role = Choice(RoleName, required=True)
    project = Text(40, metadata={"description": "A project's slug; without it the whole club."})


class RoleShown(Output):
    """What a role may do."""

    role = Choice(RoleName)
    title = Text()
    permissions = list_of(Text(60))


class RolesShown(Output):
    """Every role."""

    items = list_of(RoleShown)


class RoleAnswer(Input):
    """Whether the role holds the permission from now on, club-wide."""

    allowed = Flag(required=True)


class EntryShown(Output):
    """One act."""

    at = Moment()
    action = Text(60)
    action_title = Text()
    actor = Text(80)
    project = Text()
    subject_kind = Text(40)
    subject_title = Text()
    subject_id = Text(40)
    facts = fields.Dict(keys=fields.String())
    reason = Text(500)


class TrailQuery(Schema):
    """What the trail is narrowed to; the days are inclusive."""

    action = fields.String(validate=validate.Length(max=TEXT_MAX))
    actor = fields.String(validate=validate.Length(max=TEXT_MAX))
    subject = fields.String(validate=validate.Length(max=TEXT_MAX))
    first = fields.Date(data_key="from")
    last = fields.Date(data_key="to")


@blueprint.call("GET", "/p/<project>/staff/roles", page_schema(GrantShown), paged=True)
@requires("roles.view")
def project_roles() -> Any:
    """List who holds a role in the project."""
    statement = live_grants(project_id=current_project().id)
    return paged(page_of(statement, RoleGrant.created_at, RoleGrant.id, descending=True), _grant)


@blueprint.call("GET", "/centre/roles", page_schema(GrantShown), query=GrantsQuery, paged=True)
@requires("roles.view")
def roles(query: dict[str, str]) -> Any:
    """List who holds which role."""
    page = page_of(
        live_grants(role=query["role"]), RoleGrant.created_at, RoleGrant.id, descending=True
    )
    return paged(page, _grant)


@blueprint.call("GET", "/centre/roles/permissions", RolesShown)
@requires("roles.view")
def matrix() -> dict[str, Any]:
    """Show what each role may do."""
    held = role_permissions(role_changes())
    return {
        "items": [
            {"role": role, "title": str(title), "permissions": sorted(held[role])}
            for role, title in ROLE_TITLES.items()
        ]
    }


@blueprint.call(
    "PUT",
    "/centre/roles/permissions/<role>/<permission>",
    RoleShown,
    body=RoleAnswer,
    errors={422: "`type` says why: …:beyond_own; the administrator's cannot be changed."},
)
@requires("roles.edit")
def change_matrix(role: str, permission: str, body: dict[str, bool]) -> dict[str, Any]:
    """Set whether a role holds a permission; the same again changes nothing."""
    if role not in set(RoleName) or permission not in PERMISSIONS:
        raise NotFound
    held = role_permissions(role_changes())[role]
    if (permission in held) != body["allowed"]:
        try:
            change_role(
                actor=current_account(),
                role=role,
                permission=permission,
                allowed=body["allowed"],
                within=current_rights(),
            )
        except RoleError as error:
            raise _refused(error) from error
        db.session.commit()
    held = role_permissions(role_changes())[role]
    return {"role": role, "title": str(ROLE_TITLES[role]), "permissions": sorted(held)}


@blueprint.call("POST", "/centre/roles", GrantShown, status=201, body=GrantWish, errors=_REFUSED)
@requires("roles.edit")
def grant(body: dict[str, str]) -> dict[str, Any]:
    """Give an account a role."""
    account, project = account_of(body["who"]), None
    if account is None:
        raise invalid(who=gettext("No account has this phone or e-mail."))
    if "project" in body:
        project = find_project(body["project"])
        if project is None:
            raise invalid(project=gettext("There is no such project."))
    try:
        made = grant_role(
            actor=current_account(),
            account=account,
            role=body["role"],
            project_id=project.id if project else None,
            within=current_rights(),
        )
    except RoleError as error:
        raise _refused(error) from error
    db.session.commit()
    return _grant((made, account, project))


@blueprint.call("DELETE", "/centre/roles/<public_id>", errors=_REFUSED)
@requires("roles.edit")
def revoke(public_id: str) -> None:
    """Take a role away."""
    row = find_grant(public_id)
    if row is None:
        raise NotFound
    try:
        revoke_role(actor=current_account(), grant=row[0], within=current_rights())
    except RoleError as error:
        raise _refused(error) from error
    db.session.commit()


@blueprint.call(
    "GET", "/p/<project>/staff/audit", page_schema(EntryShown), query=TrailQuery, paged=True
)
@requires("audit.view")
def project_trail(query: dict[str, Any]) -> Any:
    """List what was done in the project, the last first."""
    return _trail(current_project(), query)


@blueprint.call("GET", "/centre/audit", page_schema(EntryShown), query=TrailQuery, paged=True)
@requires("audit.view")
def club_trail(query: dict[str, Any]) -> Any:
    """List what was done anywhere, the last first."""
    return _trail(None, query)


def _refused(error: RoleError) -> Problem:
    sentence = ERRORS[error.args[0]]
    return Problem(422, error.args[0], detail=sentence, errors={"role": [sentence]})


def _grant(row: Any) -> dict[str, Any]:
    held, account, project = row
    return {
        "id": held.public_id,
        "account_id": account.public_id,
        "name": account.display_name,
        "role": held.role,
        "role_title": str(ROLE_TITLES[held.role]),
        "project": project.slug if project else None,
        "created_at": held.created_at,
    }


def _trail(project: Project | None, query: dict[str, Any]) -> Any:
    asked = {
        "from" if name == "first" else "to" if name == "last" else name: (
            value.isoformat() if isinstance(value, date) else value
        )
        for name, value in query.items()
    }
    statement = trail_of(project, AuditFilter.read(MultiDict(asked)))
    page = page_of(statement, AuditEntry.created_at, AuditEntry.id, descending=True)
    return paged(page, _entry)


def _entry(row: Any) -> dict[str, Any]:
    entry, actor, place = row
    return {
        "at": entry.created_at,
        "action": entry.action,
        "action_title": str(action_title(entry.action)),
        "actor": actor or "",
        "project": localized(place),
        "subject_kind": entry.subject_kind,
        "subject_title": str(subject_title(entry.subject_kind, entry.action)),
        "subject_id": entry.subject_key,
        "facts": entry.facts,
        "reason": entry.reason or "",
    }
