"""The staff's search: in one project, and for the group centre in all of them."""

from flask import render_template

from portal.access import requires
from portal.permissions.current import current_rights, may
from portal.permissions.queries import Rights
from portal.projects.current import current_project
from portal.projects.queries import all_projects
from portal.search import audiences
from portal.search.page import search_page
from portal.staff.blueprint import blueprint
from portal.staff.member_search import phone_part

__all__ = ["blueprint"]


@blueprint.get("/p/<project>/staff/search")
@requires("staff.desk")
def search() -> str:
    """Show what the reader's permissions in the project let them find there."""
    project = current_project()
    rights = current_rights()
    held = rights.club | rights.by_project.get(project.id, frozenset())
    keys = {audiences.permission(each, project.id)[0] for each in held}
    keys |= {audiences.permission(each, None)[0] for each in rights.club}
    found = search_page(keys, project_id=project.id)
    return render_template(
        "search/staff.html",
        found=found,
        phone=phone_part(found.question.text) if may("members.view") else None,
    )


@blueprint.get("/centre/search")
@requires("staff.desk")
def centre_search() -> str:
    """Show what the reader's permissions let them find in all projects."""
    projects = {project.id: project.name for project in all_projects()}
    found = search_page(_keys_everywhere(current_rights()), project_id=None)
    return render_template("search/staff.html", found=found, projects=projects, phone=None)


def _keys_everywhere(rights: Rights) -> set[str]:
    keys = {audiences.permission(each, None)[0] for each in rights.club}
    for project_id, permissions in rights.by_project.items():
        keys |= {audiences.permission(each, project_id)[0] for each in permissions}
    return keys
