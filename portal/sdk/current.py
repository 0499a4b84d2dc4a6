"""Who asks and where, as plugins see it."""

from flask import g
from werkzeug.exceptions import NotFound

from portal.club.queries import current_club
from portal.members import current as members
from portal.plugin_host.refs import MemberRef, ProjectRef, TokenRef, member_ref, project_ref
from portal.plugin_host.state import projects_with
from portal.plugin_host.tokens import OpenLink
from portal.projects import current as projects


def current_project() -> ProjectRef:
    """Return the project of the address; raises 404 without one."""
    return project_ref(projects.current_project())


def club_time_zone() -> str:
    """Return the zone of what belongs to no project, such as "Asia/Shanghai"."""
    return current_club().time_zone


def current_member() -> MemberRef:
    """Return the signed-in member; raises 403 for an account that is none."""
    return member_ref(members.current_member())


def visible_projects(plugin: str | None = None) -> list[ProjectRef]:
    """Return the projects that the reader lives in, follows or works for: limit queries to them.

    `plugin`: only those in which it is on; on its own pages the portal knows them already.
    """
    found = projects.my_projects()
    if plugin is not None:
        known: dict[str, frozenset[int]] = g.get("plugin_open_in", {})
        if plugin not in known:
            known = {plugin: projects_with(plugin, [project.id for project in found])}
        found = [project for project in found if project.id in known[plugin]]
    return [project_ref(project) for project in found]


def current_token() -> TokenRef:
    """Return what the token of the address is for; raises 404 on a page without one."""
    link: OpenLink | None = g.get("link")
    if link is None:
        raise NotFound
    return link.ref
