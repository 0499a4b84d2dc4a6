"""Where people arrive: the club's front door, a project's home, the switch between projects."""

from flask import render_template

from portal.access import public
from portal.home.blueprint import blueprint

__all__ = ["blueprint"]


@blueprint.get("/")
@public
def index() -> str:
    """Show the club to a visitor."""
    return render_template("home/club.html")


@blueprint.get("/p/<project>/")
@public
def project_home() -> str:
    """Show a project: an owner's home, or the welcome page."""
    return render_template("home/welcome.html")


@blueprint.get("/projects")
@public
def choose_project() -> str:
    """Show the projects to choose from."""
    return render_template("home/projects.html")
