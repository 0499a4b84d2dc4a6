"""The import of a roster beside the pages: as a job, which survives the end of its process."""

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.accounts.models import Account
from portal.extensions import db
from portal.jobs.registry import JobRun, job
from portal.jobs.run import SkippedError
from portal.jobs.service import enqueue
from portal.projects.models import Project
from portal.roster.errors import RosterError
from portal.roster.models import ImportState, RosterImport
from portal.roster.progress import RosterStoppedError
from portal.roster.queries import read_bytes
from portal.roster.running import run_import
from portal.roster.service import fail_import, resume_import, start_import
from portal.roster.table import RosterFileError

KIND = "roster.import"


def start(*, actor: Account | None, job: RosterImport) -> None:
    """Begin an import, to be run by a job. Raises what `service.start_import` does."""
    start_import(actor=actor, job=job)
    ask_for_run(job)


def resume(*, actor: Account | None, job: RosterImport) -> None:
    """Take up an import that stopped. Raises what `service.resume_import` does."""
    resume_import(actor=actor, job=job)
    ask_for_run(job)


def ask_for_run(found: RosterImport) -> None:
    """Ask for the run of an import that was begun, in the caller's transaction."""
    enqueue(kind=KIND, payload={"import": found.id}, project_id=found.project_id)


@job(KIND, long=True, max_attempts=4)
def import_roster(run: JobRun) -> None:
    """Write a running import's rows, chunk by chunk, from where it stands.

    What is wrong with the file ends the import; another failure is tried again, at last the import
    is left for staff to resume.
    """
    found = _load(run.payload["import"])
    if found.state == ImportState.FAILED:
        # Staff try the dead letter of a failed import again: that resumes it.
        resume_import(actor=None, job=found)
    if found.state != ImportState.RUNNING:
        raise SkippedError(f"the import is {found.state}")
    try:
        project = db.session.get_one(Project, found.project_id)
        data = read_bytes(found)
        for done in run_import(actor=found.started_by, job=found, project=project, data=data):
            run.checkpoint(done=done, total=found.rows_total)
    except RosterStoppedError as error:
        raise SkippedError("another run took the import over") from error
    except (RosterFileError, RosterError) as error:
        db.session.rollback()
        fail_import(import_id=found.id, code=error.code)
    except Exception:
        db.session.rollback()
        if run.is_last_attempt:
            fail_import(import_id=found.id, code="crashed")
            run.checkpoint()
        raise


def _load(import_id: int) -> RosterImport:
    return db.session.scalars(
        sa.select(RosterImport)
        .options(joinedload(RosterImport.file), joinedload(RosterImport.started_by))
        .where(RosterImport.id == import_id)
    ).one()
