"""The owner's pages of their homes."""

from flask import render_template

from portal.access import member_only
from portal.members.current import current_member
from portal.projects import queries
from portal.projects.blueprint import blueprint

__all__ = ["blueprint"]


@blueprint.get("/me/homes")
@member_only
def my_homes() -> str:
    """Show the member's homes."""
    member = current_member()
    return render_template("projects/my_homes.html", homes=queries.homes_of(member.id))
