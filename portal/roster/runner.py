"""Running an import beside the request that began it.

A thread of the web process until the portal has a queue of jobs: what it has committed stays when
the process ends, and the page offers to resume.
"""

import logging
import threading
from collections.abc import Callable

import sqlalchemy as sa
from flask import Flask, current_app
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

_log = logging.getLogger("portal.roster")


def run_in_background(import_id: int) -> threading.Thread:
    """Run a started import in a thread of its own."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    thread = threading.Thread(
        target=_run_with_context, args=(app, import_id), name=f"roster-{import_id}", daemon=True
    )
    thread.start()
    return thread


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


def _run_with_context(app: Flask, import_id: int) -> None:
    with app.app_context():
        try:
            run_to_end(import_id)
        except RosterStoppedError:
            _log.warning("roster import %d was taken over or stopped", import_id)
        except Exception:
            _log.exception("roster import %d failed", import_id)
