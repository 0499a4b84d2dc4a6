"""The roster's staff pages: the imports of a project."""

from portal.access import requires
from portal.roster.blueprint import blueprint

__all__ = ["blueprint"]


@blueprint.get("/p/<project>/staff/roster")
@requires("roster.import")
def staff_list() -> str:
    """Show the imports of a project, newest first."""
    return ""


@blueprint.get("/p/<project>/staff/roster/<public_id>")
@requires("roster.import")
def staff_show(public_id: str) -> str:
    """Show one import."""
    return ""
