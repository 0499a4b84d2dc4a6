"""What the toy puts into the portal."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.api.blueprint import ApiBlueprint
from portal.sdk import (
    Card,
    Hit,
    MemberHome,
    MemberRef,
    Message,
    NavItem,
    NotificationKind,
    Permission,
    ProjectRef,
    RoleName,
    SenderPoint,
    StaffWidget,
    Todo,
    current_project,
    current_token,
    db,
    hookimpl,
    member_only,
    public,
    record,
    requires,
    signed_in,
    visible_projects,
)

blueprint = Blueprint("notes", __name__)
SENT: list[Message] = []
api = ApiBlueprint("notes_api", __name__)


@blueprint.get("/p/<project>/notes/")
@member_only
def wall() -> str:
    return f"wall of {current_project().slug}"


@blueprint.get("/p/<project>/staff/notes/")
@requires("notes.manage")
def desk() -> str:
    return "desk"


@blueprint.get("/me/notes/")
@signed_in
def mine() -> str:
    return ",".join(project.slug for project in visible_projects())


@blueprint.get("/centre/notes/")
@signed_in
def everywhere() -> str:
    return "notes are open"


@api.call("GET", "/api/v1/p/<project>/notes/", media="text/plain")
@signed_in
def api_of_project() -> Response:
    return Response("notes are open")


@api.call("GET", "/api/v1/centre/notes/", media="text/plain")
@signed_in
def api_of_centre() -> Response:
    return Response("notes are open")


@api.call("GET", "/api/v1/me/notes/", media="text/plain")
@signed_in
def api_of_oneself() -> Response:
    return Response("notes are open")


@blueprint.get("/t/notes/<token>")
@public
def linked() -> str:
    link = current_token()
    whose = current_project().slug if link.project else link.member.name
    return f"{link.purpose} {link.subject} of {whose}"


@blueprint.route("/t/notes/<token>/sign", methods=["GET", "POST"])
@public
def sign() -> Response | tuple[str, int]:
    if not request.form.get("name"):
        return "no name", 422
    record(actor=None, action="notes.signed", subject=("note", "1"), project_id=None)
    db.session.commit()
    return redirect(url_for("notes.linked"), 303)


@blueprint.get("/t/notes/<token>/desk")
@requires("notes.manage")
def linked_desk() -> str:
    return "linked desk"


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [blueprint, api]


@hookimpl
def register_permissions() -> list[Permission]:
    return [Permission("notes.manage", "Manage notes", frozenset({RoleName.STAFF}))]


@hookimpl
def register_notifications() -> list[NotificationKind]:
    return [
        NotificationKind(
            "notes.written", "A note", "A note from {name}", "Read it.", {"name": "Lin"}
        )
    ]


@hookimpl
def register_senders() -> list[SenderPoint]:
    return [SenderPoint("sms", SENT.append)]


@hookimpl
def nav_items() -> list[NavItem]:
    return [NavItem("Notes", "puzzle", "notes.desk", "notes.manage", section="plugins")]


@hookimpl
def member_home(project: ProjectRef) -> MemberHome:
    todo = Todo("A note to read", "", "puzzle", "gold", f"/p/{project.slug}/notes/")
    return MemberHome((todo,), (Card("notes/card.html", f"notes of {project.slug}"),))


@hookimpl
def staff_widgets(project: ProjectRef) -> list[StaffWidget]:
    return [StaffWidget("Notes", 7, "waiting", "notes.desk", "notes.manage")]


@hookimpl
def member_profile_sections(project: ProjectRef, member: MemberRef) -> list[Card]:
    return [Card("notes/card.html", f"notes by {member.name}")]


@hookimpl
def describe_hits(project: ProjectRef, keys: tuple[str, ...]) -> list[Hit]:
    url = f"/p/{project.slug}/notes/"
    return [Hit(key, f"note {key} told", "now", "puzzle", url) for key in keys if key != "gone"]


@hookimpl
def check_plugin_enable(project: ProjectRef, plugin: str) -> list[str]:
    return ["the wall is painted"] if plugin == "hostile" and project.slug == "painted" else []
