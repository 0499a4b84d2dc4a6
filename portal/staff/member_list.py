"""The list of a project's members."""

from flask import render_template

from portal.access import requires
from portal.members.blueprint import blueprint

__all__ = ["blueprint"]


@blueprint.get("/p/<project>/staff/members")
@requires("members.view")
def staff_list() -> str:
    """Show the project's members, searched and filtered."""
    return render_template("staff/desk.html")
