"""The roster's staff pages: the imports of a project, one import from preview to undo."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import flash, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal.accounts.current import current_account
from portal.audit.service import record
from portal.exports import ExportFormat, export_file
from portal.extensions import db, read_only
from portal.files.errors import UploadError
from portal.i18n import gettext
from portal.projects.current import current_project
from portal.roster import queries, service
from portal.roster.blueprint import blueprint
from portal.roster.conflicts import ImportMovedError
from portal.roster.errors import RosterError, RosterStateError
from portal.roster.examining import examine
from portal.roster.faulty_rows import faulty_rows
from portal.roster.forms import ColumnsForm, UploadForm, chosen_columns
from portal.roster.import_routes import current_pages, route
from portal.roster.kinds import ROSTER_KIND, kind_of
from portal.roster.mapping import FIELD_TITLES
from portal.roster.models import RosterImport
from portal.roster.page import page_of_import
from portal.roster.sentences import ACTS, file_sentence
from portal.roster.table import RosterFileError

__all__ = ["blueprint", "import_or_404"]

Page = str | Response | tuple[str, int]


@route("GET", "")
def staff_list() -> str:
    """Show the imports of a project, newest first, and take a new file."""
    return _list(_upload_form())


@route("POST", "")
def staff_upload() -> Page:
    """Take a file in and lead to its preview."""
    form = _upload_form()
    if not form.validate():
        return _list(form), 422
    upload: FileStorage | None = form.file.data
    try:
        job = take_in(upload, kind=form.kind.data, makes_homes=bool(form.makes_homes.data))
    except UploadError as error:
        form.file.errors = [error.sentence]
        return _list(form), 422
    except RosterFileError as error:
        form.file.errors = [file_sentence(error.code, error.facts)]
        return _list(form), 422
    public_id = job.public_id
    db.session.commit()
    return redirect(url_for(".staff_show", public_id=public_id), 303)


def take_in(
    upload: FileStorage | None, *, makes_homes: bool, kind: str = ROSTER_KIND
) -> RosterImport:
    """Look through a file and keep it as an import in preview. The caller commits.

    Raises UploadError, RosterFileError.
    """
    if upload is None or not upload.filename:
        raise UploadError("missing")
    data = upload.stream.read()
    upload.stream.seek(0)
    if not data:
        raise UploadError("empty", file_name=upload.filename)
    project = current_project()
    with reading():
        found = examine(project=project, data=data, makes_homes=makes_homes, kind=kind)
    # A form sent twice is turned away as the transaction begins: here, not within a flush.
    db.session.connection()
    return service.create_import(
        actor=current_account(),
        project=project,
        upload=upload,
        examination=found,
        makes_homes=makes_homes,
    )


@route("GET", "/template/<name>.<kind>")
def staff_template(name: str, kind: str) -> Response:
    """Send an empty list with the names of its columns."""
    if kind not in set(ExportFormat) or name not in current_pages().kinds:
        raise NotFound
    header = kind_of(name).template
    return export_file(name=name, kind=ExportFormat(kind), header=header, rows=())


@route("GET", "/<public_id>")
def staff_show(public_id: str) -> str:
    """Show one import: its preview, its progress or its result."""
    return show(import_or_404(public_id))


@route("POST", "/<public_id>/columns")
def staff_columns(public_id: str) -> Page:
    """Look through the file again with other columns."""
    form = ColumnsForm()
    if not form.validate():
        return show(import_or_404(public_id)), 422
    makes_homes = bool(form.makes_homes.data)
    with reading():
        job = import_or_404(public_id)
        mapping, twice = chosen_columns([name for name, _ in job.columns], request.form)
        if twice:
            titles = gettext(", ").join(str(FIELD_TITLES[field]) for field in twice)
            sentence = gettext("Two columns are chosen for: %(fields)s.", fields=titles)
            return show(job, column_error=sentence, chosen=mapping), 422
        try:
            found = examine(
                project=current_project(),
                data=queries.read_bytes(job),
                mapping=mapping,
                makes_homes=makes_homes,
                kind=job.kind,
            )
        except RosterError as error:
            return show(job, column_error=str(ACTS[error.code])), 422
    try:
        service.settle_columns(job=job, examination=found, makes_homes=makes_homes)
    except RosterStateError as error:
        raise ImportMovedError(error.state) from error
    db.session.commit()
    return redirect(url_for(".staff_show", public_id=public_id), 303)


@route("POST", "/<public_id>/refused.<kind>")
def staff_refused(public_id: str, kind: str) -> Response:
    """Send the refused rows with their reasons, to be mended and sent again."""
    if kind not in set(ExportFormat):
        raise NotFound
    job, project = import_or_404(public_id), current_project()
    try:
        data = queries.read_bytes(job)
    except RosterError as error:
        flash(str(ACTS[error.code]), "error")
        return redirect(url_for(".staff_show", public_id=public_id), 303)
    record(
        actor=current_account(),
        action=f"{kind_of(job.kind).audit}.refused_exported",
        subject=(service.OWNER_KIND, public_id),
        project_id=project.id,
        facts={"format": kind},
    )
    db.session.commit()
    # Writing is done: others need not wait while the rows are read.
    read_only.set(True)
    header, rows = faulty_rows(data, queries.all_faults(job.id), job.kind)
    name = f"{job.kind}-refused-{project.slug}-{job.created_at:%Y%m%d}"
    return export_file(name=name, kind=ExportFormat(kind), header=header, rows=rows)


def import_or_404(public_id: str) -> RosterImport:
    """Return an import of this project, of a kind that these pages show; raises 404."""
    kinds = current_pages().kinds
    job = queries.find_import(current_project().id, public_id, kinds)
    if job is None:
        raise NotFound
    return job


def show(job: RosterImport, *, column_error: str = "", chosen: dict[str, str] | None = None) -> str:
    """Render one import's page."""
    page = page_of_import(job, code=request.args.get("code", ""), chosen=chosen)
    return render_template(
        "roster/show.html", page=page, job=job, column_error=column_error, pages=current_pages()
    )


def _list(form: UploadForm) -> str:
    pages = current_pages()
    imports = queries.imports_of(current_project().id, pages.kinds)
    return render_template("roster/list.html", page=imports, form=form, pages=pages)


def _upload_form() -> UploadForm:
    form = UploadForm()
    form.kind.choices = [(kind.key, kind.title) for kind in current_pages().choices]
    if form.kind.data is None:
        form.kind.data = form.kind.choices[0][0]
    return form


@contextmanager
def reading() -> Iterator[None]:
    """Look through a file without the write lock, which others need in the meantime."""
    token = read_only.set(True)
    try:
        yield
    finally:
        db.session.commit()
        read_only.reset(token)
