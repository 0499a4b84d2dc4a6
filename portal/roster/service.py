"""Imports of rosters: taken in, looked through, begun, resumed, cancelled."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import FileStorage

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.columns import new_public_id
from portal.extensions import db
from portal.files.models import StoredFile
from portal.files.service import erase_file, store_file
from portal.projects.models import Project
from portal.roster.errors import RosterError, RosterStateError
from portal.roster.examining import Examination
from portal.roster.kinds import kind_of
from portal.roster.models import ImportState, RosterFault, RosterImport

OWNER_KIND = "roster_import"
KEPT = timedelta(days=30)
"""So long an imported file is kept, for its refused rows; it holds phones in plain text."""
STALE = timedelta(minutes=2)
"""A running import that has not moved for so long has died with its process."""
_FAULT_ROWS = 1000
_FILES_AT_ONCE = 100


def create_import(
    *,
    actor: Account | None,
    project: Project,
    upload: FileStorage,
    examination: Examination,
    makes_homes: bool = True,
) -> RosterImport:
    """Keep a file that was looked through as an import in preview. Raises UploadError."""
    public_id = new_public_id()
    file = store_file(
        actor=actor,
        upload=upload,
        owner_kind=OWNER_KIND,
        owner_key=public_id,
        project_id=project.id,
    )
    job = RosterImport(
        public_id=public_id,
        kind=examination.kind,
        project_id=project.id,
        file=file,
        started_by_id=actor.id if actor else None,
        state=ImportState.PREVIEW,
    )
    db.session.add(job)
    _keep(job, examination, makes_homes=makes_homes)
    _record(actor, job, "uploaded", {"rows": job.rows_total})
    return job


def settle_columns(*, job: RosterImport, examination: Examination, makes_homes: bool) -> None:
    """Keep what a second look with other columns found. Raises RosterStateError."""
    # The row is held from here on: nobody starts what is being looked through again.
    _move(job, RosterImport.state == ImportState.PREVIEW, state=ImportState.PREVIEW)
    db.session.execute(sa.delete(RosterFault).where(RosterFault.import_id == job.id))
    _keep(job, examination, makes_homes=makes_homes)


def start_import(*, actor: Account | None, job: RosterImport) -> None:
    """Begin: the faults of the preview go, those of the run take their place.

    Raises RosterStateError, or RosterError: missing_column, busy.
    """
    if job.state != ImportState.PREVIEW:
        raise RosterStateError(job.state)
    if not job.rows_total:
        raise RosterError("missing_column")
    _move(
        job,
        RosterImport.state == ImportState.PREVIEW,
        state=ImportState.RUNNING,
        started_by_id=actor.id if actor else None,
        counts={},
        rows_done=0,
        beat_at=clock.now(),
    )
    db.session.execute(sa.delete(RosterFault).where(RosterFault.import_id == job.id))
    _erase_old_files(job.project_id)
    _record(actor, job, "started", {"rows": job.rows_total})


def resume_import(*, actor: Account | None, job: RosterImport) -> None:
    """Take up an import that failed, or whose process died.

    Raises RosterStateError, or RosterError("busy").
    """
    if not may_resume(job):
        raise RosterStateError(job.state)
    stale = clock.now() - STALE
    _move(
        job,
        sa.or_(
            RosterImport.state == ImportState.FAILED,
            sa.and_(RosterImport.state == ImportState.RUNNING, RosterImport.beat_at < stale),
        ),
        state=ImportState.RUNNING,
        failure=None,
        beat_at=clock.now(),
    )
    _record(actor, job, "resumed", {"rows_done": job.rows_done})


def cancel_import(*, actor: Account | None, job: RosterImport) -> None:
    """Put an import that is only a preview aside. Raises RosterStateError."""
    if job.state != ImportState.PREVIEW:
        raise RosterStateError(job.state)
    _move(
        job,
        RosterImport.state == ImportState.PREVIEW,
        state=ImportState.CANCELLED,
        finished_at=clock.now(),
    )
    erase_file(file=job.file)
    _record(actor, job, "cancelled", {})


def fail_import(*, import_id: int, code: str) -> None:
    """Note why a run ended early; the rows that it wrote stay, and it may be resumed."""
    db.session.execute(
        sa.update(RosterImport)
        .where(RosterImport.id == import_id, RosterImport.state == ImportState.RUNNING)
        .values(state=ImportState.FAILED, failure=code)
    )


def may_resume(job: RosterImport) -> bool:
    """Tell whether the import failed, or says that it runs while nothing moves."""
    if job.state == ImportState.FAILED:
        return True
    quiet = job.beat_at is None or job.beat_at < clock.now() - STALE
    return job.state == ImportState.RUNNING and quiet


def reload(job: RosterImport) -> None:
    """Read the import's row again; the file and the person loaded with it stay loaded."""
    db.session.refresh(job, [column.key for column in sa.inspect(RosterImport).column_attrs])


def add_faults(import_id: int, rows: list[dict[str, Any]]) -> None:
    """Write faults, each a mapping of line, column, code and facts."""
    for start in range(0, len(rows), _FAULT_ROWS):
        part = [{"import_id": import_id, **row} for row in rows[start : start + _FAULT_ROWS]]
        db.session.execute(sa.insert(RosterFault), part)


def _erase_old_files(project_id: int) -> None:
    old = db.session.scalars(
        sa.select(StoredFile)
        .join(RosterImport, RosterImport.file_id == StoredFile.id)
        .where(
            RosterImport.project_id == project_id,
            RosterImport.created_at < clock.now() - KEPT,
            RosterImport.state != ImportState.RUNNING,
            StoredFile.erased_at.is_(None),
        )
        .limit(_FILES_AT_ONCE)
    )
    for file in old:
        erase_file(file=file)


def _keep(job: RosterImport, examination: Examination, *, makes_homes: bool) -> None:
    job.mapping = examination.mapping
    job.columns = examination.columns
    job.counts = dict(examination.counts)
    job.rows_total = examination.counts["rows"]
    job.makes_homes = makes_homes
    db.session.flush()
    add_faults(
        job.id, [{"line": found.line, **found.fault._asdict()} for found in examination.faults]
    )


def _move(job: RosterImport, condition: sa.ColumnElement[bool], **values: Any) -> None:
    """Change the state if it still is what it was; one import of a project runs at a time."""
    try:
        with db.session.begin_nested():
            changed = db.session.execute(
                sa.update(RosterImport)
                .where(RosterImport.id == job.id, condition)
                .values(**values)
                .execution_options(synchronize_session=False)
            )
    except IntegrityError as error:
        raise RosterError("busy") from error
    reload(job)
    if not changed.rowcount:  # type: ignore[attr-defined]
        raise RosterStateError(job.state)


def _record(
    actor: Account | None, job: RosterImport, act: str, facts: Mapping[str, object]
) -> None:
    record(
        actor=actor,
        action=f"{kind_of(job.kind).audit}.{act}",
        subject=(OWNER_KIND, job.public_id),
        project_id=job.project_id,
        facts=facts,
    )
