"""The ways to the staff pages: chooser, project desk, group centre."""

from flask import render_template

from portal.access import requires, signed_in
from portal.staff.blueprint import blueprint

__all__ = ["blueprint"]


@blueprint.get("/staff/")
@signed_in
def index() -> str:
    """Let staff choose a project."""
    return render_template("staff/desk.html")


@blueprint.get("/p/<project>/staff/")
@requires("staff.desk")
def desk() -> str:
    """Show a project's queues."""
    return render_template("staff/desk.html")


@blueprint.get("/centre/")
@requires("staff.desk")
def centre() -> str:
    """Show every project with its figures."""
    return render_template("staff/desk.html")
