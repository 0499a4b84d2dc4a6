"""The owner's search in a project: what is public, of the project, the household, oneself."""

from flask import render_template

from portal.access import member_only
from portal.home.blueprint import blueprint
from portal.members.current import current_member
from portal.projects.current import belonging, current_project
from portal.search import audiences
from portal.search.page import search_page

__all__ = ["blueprint"]


@blueprint.get("/p/<project>/search")
@member_only
def search() -> str:
    """Show what a member of the project finds."""
    member, belongs = current_member(), belonging()
    keys = {
        audiences.PUBLIC,
        audiences.household(member.household_id),
        audiences.member(member.id),
        *map(audiences.project, belongs.owned | belongs.followed),
    }
    return render_template(
        "search/owner.html", found=search_page(keys, project_id=current_project().id)
    )
