"""Running an import in the process that asks for it: the command line's way."""

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.extensions import db
from portal.projects.models import Project
from portal.roster.errors import RosterError
from portal.roster.models import RosterImport
from portal.roster.progress import RosterStoppedError
from portal.roster.queries import read_bytes
from portal.roster.running import run_import
from portal.roster.service import fail_import
from portal.roster.table import RosterFileError


def run_to_end(import_id: int, tell: Callable[[int], object] = lambda done: None) -> None:
    """Run a started import, committing each chunk and telling the number of rows done.

    Raises what stops it, after noting the failure on the import's row.
    """
    try:
        job = db.session.scalars(
            sa.select(RosterImport)
            .options(joinedload(RosterImport.file), joinedload(RosterImport.started_by))
            .where(RosterImport.id == import_id)
            .execution_options(populate_existing=True)
        ).one()
        project = db.session.get_one(Project, job.project_id)
        data = read_bytes(job)
        steps = run_import(actor=job.started_by, job=job, project=project, data=data)
        for done in steps:
            db.session.commit()
            tell(done)
    except RosterStoppedError:
        db.session.rollback()
        raise
    except BaseException as error:
        db.session.rollback()
        code = error.code if isinstance(error, RosterFileError | RosterError) else "crashed"
        fail_import(import_id=import_id, code=code)
        db.session.commit()
        raise
