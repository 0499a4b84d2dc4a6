"""The tokens of services, for programs."""

from typing import Any

from werkzeug.exceptions import NotFound

from portal.access import requires
from portal.accounts.current import current_account
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Input, Known, Moment, Output, Text, list_of
from portal.api.paging import page_schema, paged
from portal.api.problems import invalid, refused
from portal.extensions import db
from portal.i18n import gettext
from portal.idempotency.answers import secret_answer
from portal.pagination import page_of
from portal.permissions.current import current_rights
from portal.permissions.roles import PERMISSIONS
from portal.projects.models import Project
from portal.projects.queries import all_projects, find_project
from portal.staff.token_views import ERRORS
from portal.tokens.models import ApiToken
from portal.tokens.queries import find_service_token, service_tokens
from portal.tokens.service import TokenError, issue_service_token, revoke_token

blueprint = ApiBlueprint(
    "tokens_api", "portal.staff", url_prefix="/api/v1/centre/tokens", title="Services' tokens"
)


class TokenShown(Output):
    """A service's token, without its secret."""

    id = Text(22)
    name = Text(80)
    hint = Text(4, metadata={"description": "The token's last characters."})
    scopes = list_of(Text(60))
    project = Text(40, allow_none=True, metadata={"description": "Null: the whole club."})
    created_by = Text(80)
    created_at = Moment()
    expires_at = Moment(allow_none=True)
    last_used_at = Moment(allow_none=True)
    revoked_at = Moment(allow_none=True)


class TokenWish(Input):
    """A service, where it works, and what it may do."""

    name = Text(80, required=True)
    scopes = list_of(
        Text(60, known=Known(PERMISSIONS.keys)),
        required=True,
        metadata={"description": "Permission keys, at least one."},
    )
    project = Text(40, metadata={"description": "A project's slug; without it the whole club."})
    expires_at = Moment(
        metadata={
            "description": "At most two years ahead, with its zone, as in 2027-04-18T09:30:00Z. "
            "Without it the token has no end."
        }
    )


class TokenIssued(TokenShown):
    """A new token, shown this once."""

    token = Text(80)


@blueprint.call("GET", "", page_schema(TokenShown), paged=True)
@requires("tokens.manage")
def service_list() -> Any:
    """List the services' tokens, the newest first."""
    slugs = {project.id: project.slug for project in all_projects()}
    page = page_of(service_tokens(), ApiToken.created_at, ApiToken.id, descending=True)
    return paged(page, lambda row: _shown(row[0], row[1], slugs.get(row[0].project_id)))


@blueprint.call("POST", "", TokenIssued, status=201, body=TokenWish)
@requires("tokens.manage")
@secret_answer
def service_new(body: dict[str, Any]) -> dict[str, Any]:
    """Issue a token; it is shown this once."""
    project: Project | None = None
    if "project" in body:
        project = find_project(body["project"])
        if project is None:
            raise invalid(project=gettext("There is no such project."))
    if not body["name"]:
        raise invalid(name=gettext("Enter a name, such as “Kiosk in the lobby”."))
    unknown = set(body["scopes"]) - PERMISSIONS.keys()
    if unknown:
        raise refused("unknown_scope", ERRORS["unknown_scope"], "scopes")
    try:
        row, token = issue_service_token(
            actor=current_account(),
            name=body["name"],
            scopes=body["scopes"],
            project_id=project.id if project else None,
            expires_at=body.get("expires_at"),
            within=current_rights(),
        )
    except TokenError as error:
        field = "expires_at" if error.code == "bad_expiry" else "scopes"
        raise refused(error.code, ERRORS[error.code], field) from error
    db.session.commit()
    shown = _shown(row, current_account().display_name, project.slug if project else None)
    return {**shown, "token": token}


@blueprint.call("DELETE", "/<public_id>")
@requires("tokens.manage")
def service_revoke(public_id: str) -> None:
    """Let a token be of no more use; once more changes nothing."""
    row = find_service_token(public_id)
    if row is None:
        raise NotFound
    try:
        revoke_token(actor=current_account(), token=row)
    except TokenError:
        return
    db.session.commit()


def _shown(row: ApiToken, maker: str | None, slug: str | None) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "name": row.name,
        "hint": row.hint,
        "scopes": row.scopes,
        "project": slug,
        "created_by": maker or "",
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "last_used_at": row.last_used_at,
        "revoked_at": row.revoked_at,
    }
