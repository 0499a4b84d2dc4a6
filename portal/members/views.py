"""What a member sees and keeps of themselves."""

from flask import render_template

from portal.access import member_only, public, signed_in
from portal.members.blueprint import blueprint

__all__ = ["blueprint"]


@blueprint.get("/join")
@public
def join() -> str:
    """Ask a person whose phone is verified for a name and consent."""
    return render_template("members/me.html", links=[])


@blueprint.get("/me/")
@signed_in
def me() -> str:
    """Show who one is, and the way to everything of one's own."""
    return render_template("members/me.html", links=[])


@blueprint.get("/me/profile")
@member_only
def profile() -> str:
    """Show what is kept of the member."""
    return render_template("members/me.html", links=[])


@blueprint.get("/me/household")
@member_only
def household() -> str:
    """Show the people of the household."""
    return render_template("members/me.html", links=[])
