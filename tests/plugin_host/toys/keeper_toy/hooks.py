"""A plugin with tables; how it purges is as `MOOD` says, and the tests set it."""

from flask import Blueprint

from keeper_toy.api import api
from keeper_toy.models import line, note
from portal.sdk import (
    Permission,
    ProjectRef,
    RoleName,
    current_project,
    db,
    hookimpl,
    public,
)

MOOD = {}
blueprint = Blueprint("keeper", __name__)


@blueprint.get("/p/<project>/keeper/")
@public
def notes() -> str:
    mine = db.select(note.c.text).where(note.c.project_id == current_project().id)
    return ",".join(db.session.scalars(mine.order_by(note.c.id)))


@blueprint.get("/t/keeper/<token>")
@public
def linked() -> str:
    return "linked"


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [blueprint, api]


@hookimpl
def register_permissions() -> list[Permission]:
    return [Permission("keeper.manage", "Keep notes", frozenset({RoleName.STAFF}))]


@hookimpl
def purge_project_data(project: ProjectRef) -> None:
    mood = MOOD.get("purge")
    if mood == "forgets":
        return None
    mine = db.select(note.c.id).where(note.c.project_id == project.id)
    db.session.execute(db.delete(line).where(line.c.note_id.in_(mine)))
    db.session.execute(db.delete(note).where(note.c.project_id == project.id))
    if mood == "raises":
        raise RuntimeError("keeper on purpose")
    if mood == "exits":
        raise SystemExit("keeper leaves")
    if mood == "breaks":
        db.session.execute(db.text("SELECT nothing FROM nowhere"))
    if mood == "rolls back":
        db.session.rollback()
    return "done" if mood == "tells" else None
