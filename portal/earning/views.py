"""The owner's page: why points came, and why not."""

from flask import render_template, request

from portal.access import member_only
from portal.earning import queries
from portal.earning.blueprint import blueprint
from portal.earning.sentences import reason_of
from portal.earning.words import source_title
from portal.members.current import current_member

__all__ = ["blueprint"]


@blueprint.get("/me/points/why")
@member_only
def why() -> str:
    """Show the member what each rule made of what happened, and what would have been needed."""
    show = request.args.get("show", "")
    show = show if show in queries.SHOWN else ""
    return render_template(
        "earning/why.html",
        page=queries.judged(current_member().id, show),
        show=show,
        reason_of=reason_of,
        source_title=source_title,
    )
