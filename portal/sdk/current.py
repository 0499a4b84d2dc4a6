"""Who asks and where, as plugins see it."""

from portal.members import current as members
from portal.plugin_host.refs import MemberRef, ProjectRef, member_ref, project_ref
from portal.projects import current as projects


def current_project() -> ProjectRef:
    """Return the project of the address; raises 404 without one."""
    return project_ref(projects.current_project())


def current_member() -> MemberRef:
    """Return the signed-in member; raises 403 for an account that is none."""
    return member_ref(members.current_member())


def visible_projects() -> list[ProjectRef]:
    """Return the projects that the reader lives in, follows or works for: limit queries to them."""
    return [project_ref(project) for project in projects.my_projects()]
