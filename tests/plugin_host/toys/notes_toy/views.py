"""The toy's pages and JSON routes."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.sdk import (
    ApiBlueprint,
    PicturesField,
    TextsForm,
    current_member,
    current_project,
    current_token,
    db,
    member_only,
    public,
    record,
    requires,
    signed_in,
    store_picture,
    takes_files,
    visible_projects,
)

blueprint = Blueprint("notes", __name__)
api = ApiBlueprint("notes_api", __name__)


@blueprint.get("/p/<project>/notes/")
@member_only
def wall() -> str:
    return f"wall of {current_project().slug}"


class NoteForm(TextsForm):
    photos = PicturesField("Photos", most=2)


@blueprint.post("/p/<project>/notes/pin")
@member_only
@takes_files(2)
def pin() -> Response | tuple[str, int]:
    form = NoteForm()
    if not form.validate():
        return " ".join(str(error) for error in form.photos.errors), 422
    for picture in form.photos.data:
        store_picture(
            kind="notes.note",
            key="note-1",
            picture=picture,
            project=current_project(),
            member=current_member(),
        )
    db.session.commit()
    return redirect(url_for("notes.wall"), 303)


@blueprint.get("/p/<project>/staff/notes/")
@requires("notes.manage")
def desk() -> str:
    return "desk"


@blueprint.get("/p/<project>/staff/notes/<public_id>")
@requires("notes.manage")
def desk_note(public_id: str) -> str:
    return f"note {public_id}"


@blueprint.get("/me/notes/")
@signed_in
def mine() -> str:
    return ",".join(project.slug for project in visible_projects())


@blueprint.get("/centre/notes/")
@signed_in
def everywhere() -> str:
    return "notes are open"


@api.call("GET", "/api/v1/p/<project>/notes/", media="text/plain")
@signed_in
def api_of_project() -> Response:
    return Response("notes are open")


@api.call("GET", "/api/v1/centre/notes/", media="text/plain")
@signed_in
def api_of_centre() -> Response:
    return Response("notes are open")


@api.call("GET", "/api/v1/me/notes/", media="text/plain")
@signed_in
def api_of_oneself() -> Response:
    return Response("notes are open")


@blueprint.get("/t/notes/<token>")
@public
def linked() -> str:
    link = current_token()
    whose = current_project().slug if link.project else link.member.name
    return f"{link.purpose} {link.subject} of {whose}"


@blueprint.route("/t/notes/<token>/sign", methods=["GET", "POST"])
@public
def sign() -> Response | tuple[str, int]:
    if not request.form.get("name"):
        return "no name", 422
    record(actor=None, action="notes.signed", subject=("note", "1"), project_id=None)
    db.session.commit()
    return redirect(url_for("notes.linked"), 303)


@blueprint.get("/t/notes/<token>/desk")
@requires("notes.manage")
def linked_desk() -> str:
    return "linked desk"
