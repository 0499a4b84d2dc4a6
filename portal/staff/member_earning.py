"""Why a member's points came, and why not, as the staff of a project see it."""

from flask import render_template, request

from portal.access import requires
from portal.earning import queries
from portal.earning.blueprint import blueprint
from portal.earning.sentences import reason_of
from portal.earning.words import source_title
from portal.staff.member_page import member_here

__all__ = ["blueprint"]


@blueprint.get("/p/<project>/staff/members/<public_id>/points/why")
@requires("points.view")
def staff_why(public_id: str) -> str:
    """Show what each rule made of what happened to the member."""
    member = member_here(public_id)
    show = request.args.get("show", "")
    show = show if show in queries.SHOWN else ""
    return render_template(
        "earning/staff_why.html",
        subject=member,
        tab="why",
        page=queries.judged(member.id, show),
        show=show,
        reason_of=reason_of,
        source_title=source_title,
    )
