"""Roster imports, for the staff's programs: uploaded, looked at, begun, followed, undone."""

from collections.abc import Callable
from typing import Any

from flask import request
from flask_smorest.fields import Upload
from marshmallow import Schema, fields, validate
from werkzeug.exceptions import NotFound

from portal.access import requires
from portal.accounts.current import current_account
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Flag, Input, Moment, Output, Text, Whole, list_of
from portal.api.paging import page_schema, paged
from portal.api.problems import Problem, invalid, refused
from portal.extensions import db
from portal.files.errors import UploadError
from portal.files.limits import takes_files
from portal.i18n import gettext
from portal.projects.current import current_project
from portal.roster import importing, queries, service, undoing
from portal.roster.errors import RosterError, RosterStateError
from portal.roster.examining import examine
from portal.roster.kinds import kind_of
from portal.roster.mapping import ROSTER
from portal.roster.models import ImportState, RosterFault, RosterImport
from portal.roster.sentences import ACTS, FAULTS, STATES, fault_sentence, file_sentence
from portal.roster.staff_views import reading, take_in
from portal.roster.table import RosterFileError

blueprint = ApiBlueprint(
    "roster_api",
    "portal.roster",
    url_prefix="/api/v1/p/<project>/staff/roster",
    title="Roster imports",
)
_FIELDS = tuple(str(field) for field in ROSTER.fields)
_MOVED = {409: "The import stands elsewhere now (`state`), where this is not possible."}


class ColumnShown(Output):
    """A column of the file, and which field it is taken for."""

    name = Text(200)
    example = Text(200, metadata={"description": "Masked."})
    field = Choice(_FIELDS, allow_none=True)


class ImportShown(Output):
    """An import: its columns, its counts, how far it is."""

    id = Text(22)
    file_name = Text(200)
    state = Choice(ImportState)
    state_title = Text()
    makes_homes = Flag()
    columns = list_of(ColumnShown)
    missing = list_of(Choice(_FIELDS), metadata={"description": "Fields that have no column yet."})
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    rows_total = Whole(0, 10**9)
    rows_done = Whole(0, 10**9)
    failure = Text(allow_none=True)
    may_resume = Flag()
    may_undo = Flag()
    created_at = Moment()
    finished_at = Moment(allow_none=True)


class FaultShown(Output):
    """One thing wrong with one row."""

    line = Whole(0, 10**9)
    column = Text(80)
    code = Text(40)
    sentence = Text(400)


class FaultsQuery(Schema):
    """Which faults."""

    code = fields.String(load_default="", validate=validate.OneOf(["", *FAULTS]))


class RosterUpload(Input):
    """A roster as CSV or Excel workbook."""

    file = Upload(metadata={"description": "The file; needed."})
    makes_homes = fields.String(
        load_default="true",
        validate=validate.OneOf(["true", "false"]),
        metadata={"description": "Whether homes that are not registered yet are added."},
    )


class Columns(Input):
    """Which column is which field: {field: name of the column}."""

    mapping = fields.Dict(
        keys=Choice(_FIELDS),
        values=fields.String(validate=validate.Length(max=200)),
        required=True,
    )
    makes_homes = Flag(load_default=True)


class UndoneShown(Output):
    """What an undo took back, and what stays because members claimed it."""

    entries = Whole(0, 10**9)
    units = Whole(0, 10**9)
    buildings = Whole(0, 10**9)
    kept = Whole(0, 10**9)


@blueprint.call("GET", "", page_schema(ImportShown), paged=True)
@requires("roster.import")
def staff_list() -> Any:
    """List the project's imports, the newest first."""
    return paged(queries.imports_of(current_project().id), _shown)


@blueprint.call("POST", "", ImportShown, status=201, form=RosterUpload)
@requires("roster.import")
@takes_files(1)
def staff_upload(form: dict[str, str]) -> dict[str, Any]:
    """Take a file in: the answer is its preview, nothing is written to the roster yet."""
    try:
        job = take_in(request.files.get("file"), makes_homes=form["makes_homes"] == "true")
    except UploadError as error:
        raise refused(error.code, error.sentence, "file") from error
    except RosterFileError as error:
        raise refused(error.code, file_sentence(error.code, error.facts), "file") from error
    public_id = job.public_id
    db.session.commit()
    return _shown(import_or_404(public_id))


@blueprint.call("GET", "/<public_id>", ImportShown)
@requires("roster.import")
def staff_show(public_id: str) -> dict[str, Any]:
    """Show an import: its preview, its progress or its result."""
    return _shown(import_or_404(public_id))


@blueprint.call(
    "GET", "/<public_id>/faults", page_schema(FaultShown), query=FaultsQuery, paged=True
)
@requires("roster.import")
def staff_faults(public_id: str, query: dict[str, str]) -> Any:
    """List what is wrong with the file's rows."""
    return paged(queries.faults_of(import_or_404(public_id).id, query["code"]), _fault)


@blueprint.call("PUT", "/<public_id>/columns", ImportShown, body=Columns, errors=_MOVED)
@requires("roster.import")
def staff_columns(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Look through the file again with other columns."""
    with reading():
        job = import_or_404(public_id)
        chosen = list(body["mapping"].values())
        known = {name for name, _example in job.columns}
        if len(set(chosen)) < len(chosen) or not set(chosen) <= known:
            raise invalid(mapping=gettext("Name columns of the file, each of them once."))
        try:
            found = examine(
                project=current_project(),
                data=queries.read_bytes(job),
                mapping=body["mapping"],
                makes_homes=body["makes_homes"],
            )
        except RosterError as error:
            raise refused(error.code, ACTS[error.code], "mapping") from error
    _do(lambda: service.settle_columns(job=job, examination=found, makes_homes=body["makes_homes"]))
    return _shown(import_or_404(public_id))


@blueprint.call("POST", "/<public_id>/start", ImportShown, errors=_MOVED)
@requires("roster.import")
def staff_start(public_id: str) -> dict[str, Any]:
    """Begin an import; it runs beside the answer."""
    return _begin(public_id, importing.start)


@blueprint.call("POST", "/<public_id>/resume", ImportShown, errors=_MOVED)
@requires("roster.import")
def staff_resume(public_id: str) -> dict[str, Any]:
    """Take up an import that stopped in the middle."""
    return _begin(public_id, importing.resume)


@blueprint.call("POST", "/<public_id>/cancel", ImportShown, errors=_MOVED)
@requires("roster.import")
def staff_cancel(public_id: str) -> dict[str, Any]:
    """Put a preview aside."""
    job = import_or_404(public_id)
    _do(lambda: service.cancel_import(actor=current_account(), job=job))
    return _shown(import_or_404(public_id))


@blueprint.call("POST", "/<public_id>/undo", UndoneShown, errors=_MOVED)
@requires("roster.import")
def staff_undo(public_id: str) -> Any:
    """Take an import back; what members claimed stays."""
    job = import_or_404(public_id)
    return _do(lambda: undoing.undo_import(actor=current_account(), job=job))


def import_or_404(public_id: str) -> RosterImport:
    """Return a roster's import of this project; raises 404."""
    job = queries.find_import(current_project().id, public_id)
    if job is None:
        raise NotFound
    return job


def _begin(public_id: str, act: Callable[..., None]) -> dict[str, Any]:
    job = import_or_404(public_id)
    _do(lambda: act(actor=current_account(), job=job))
    return _shown(job)


def _do(act: Callable[[], Any]) -> Any:
    """Do and commit; what stands in the way becomes a problem."""
    try:
        done = act()
    except RosterStateError as error:
        sentence = gettext("The import is in this state now: %(state)s.", state=STATES[error.state])
        raise Problem(409, "illegal_step", detail=sentence, extra={"state": error.state}) from error
    except RosterError as error:
        raise refused(error.code, ACTS[error.code]) from error
    db.session.commit()
    return done


def _shown(job: RosterImport) -> dict[str, Any]:
    taken = {column: key for key, column in job.mapping.items()}
    return {
        "id": job.public_id,
        "file_name": job.file.original_name,
        "state": job.state,
        "state_title": str(STATES[job.state]),
        "makes_homes": job.makes_homes,
        "columns": [
            {"name": name, "example": example, "field": taken.get(name)}
            for name, example in job.columns
        ],
        "missing": [str(field) for field in kind_of(job.kind).columns.missing(job.mapping)],
        "counts": job.counts,
        "rows_total": job.rows_total,
        "rows_done": job.rows_done,
        "failure": file_sentence(job.failure, {}) if job.failure else None,
        "may_resume": service.may_resume(job),
        "may_undo": undoing.may_undo(job),
        "created_at": job.created_at,
        "finished_at": job.finished_at,
    }


def _fault(fault: RosterFault) -> dict[str, Any]:
    return {
        "line": fault.line,
        "column": fault.column,
        "code": fault.code,
        "sentence": fault_sentence(fault.code, fault.facts),
    }
