"""The toy's JSON routes for staff: a list in pages, and writing."""

from wtforms import StringField, ValidationError
from wtforms.validators import Length

from keeper_toy.models import note
from portal.sdk import (
    ApiBlueprint,
    ApiInput,
    ApiOutput,
    ApiProblem,
    TextsForm,
    api_fields,
    api_form,
    api_page,
    api_page_schema,
    current_account,
    current_project,
    db,
    page_of,
    record,
    requires,
)

api = ApiBlueprint("keeper_api", __name__, url_prefix="/api/v1/p/<project>/keeper")


class NoteForm(TextsForm):
    text = StringField(validators=[Length(max=20)])
    title = StringField()

    def validate_text(self, field: StringField) -> None:
        if "?" in field.data:
            raise ValidationError("A note asks nothing.")


class Note(ApiOutput):
    """A note."""

    id = api_fields.Whole(1, 1_000_000)
    text = api_fields.Text(20)


class NewNote(ApiInput):
    """A note to be kept."""

    text = api_fields.Text(40, required=True)


def shown(row: tuple[int, int, str]) -> dict[str, object]:
    return {"id": row[0], "text": row[2]}


@api.call("GET", "/notes", api_page_schema(Note), paged=True)
@requires("keeper.manage")
def notes() -> object:
    """List the project's notes."""
    mine = db.select(note).where(note.c.project_id == current_project().id)
    return api_page(page_of(mine, note.c.id), shown)


@api.call("POST", "/notes", Note, status=201, body=NewNote, errors={409: "It is there."})
@requires("keeper.manage")
def add(body: dict[str, str]) -> dict[str, object]:
    """Keep a note."""
    text = api_form(NoteForm, body).text.data
    here = current_project().id
    if db.session.scalar(
        db.select(note.c.id).where(note.c.project_id == here, note.c.text == text)
    ):
        raise ApiProblem(409, "there", detail="This note is there.")
    made = db.session.execute(db.insert(note).values(project_id=here, text=text))
    number = made.inserted_primary_key[0]
    record(
        actor=current_account(),
        action="keeper.kept",
        subject=("keeper_note", str(number)),
        project_id=here,
    )
    db.session.commit()
    return {"id": number, "text": text}
