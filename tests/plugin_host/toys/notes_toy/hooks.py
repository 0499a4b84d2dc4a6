"""What the toy puts into the portal."""

from flask import Blueprint

from portal.sdk import (
    Card,
    MemberHome,
    MemberRef,
    NavItem,
    Permission,
    ProjectRef,
    RoleName,
    StaffWidget,
    current_project,
    hookimpl,
    member_only,
    requires,
    signed_in,
    visible_projects,
)

blueprint = Blueprint("notes", __name__)


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


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [blueprint]


@hookimpl
def register_permissions() -> list[Permission]:
    return [Permission("notes.manage", "Manage notes", frozenset({RoleName.STAFF}))]


@hookimpl
def nav_items() -> list[NavItem]:
    return [NavItem("Notes", "puzzle", "notes.desk", "notes.manage", section="plugins")]


@hookimpl
def member_home(project: ProjectRef) -> MemberHome:
    return MemberHome(cards=(Card("notes/card.html", f"notes of {project.slug}"),))


@hookimpl
def staff_widgets(project: ProjectRef) -> list[StaffWidget]:
    return [StaffWidget("Notes", 7, "waiting", "notes.desk", "notes.manage")]


@hookimpl
def member_profile_sections(project: ProjectRef, member: MemberRef) -> list[Card]:
    return [Card("notes/card.html", f"notes by {member.name}")]


@hookimpl
def check_plugin_enable(project: ProjectRef, plugin: str) -> list[str]:
    return ["the wall is painted"] if plugin == "hostile" and project.slug == "painted" else []
