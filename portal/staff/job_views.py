"""Background work, as administrators see it: what waits, what runs, what was given up."""

from collections.abc import Callable, Iterator, Sequence

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal import clock
from portal.access import requires
from portal.accounts.current import current_account
from portal.audit.service import record
from portal.exports import ExportFormat, export_file
from portal.extensions import db, read_only
from portal.forms import tidy
from portal.i18n import Text, gettext, lazy, localized, ngettext
from portal.jobs import queries
from portal.jobs.blueprint import blueprint
from portal.jobs.models import JobRow, JobState
from portal.jobs.queries import JobFilter
from portal.jobs.registry import known
from portal.jobs.service import JobStateError
from portal.projects.models import Project
from portal.staff import job_acts
from portal.staff.job_conflicts import JobMovedError

__all__ = ["blueprint"]

STATE_TITLES: dict[str, Text] = {
    JobState.FAILED: lazy("Given up"),
    JobState.RUNNING: lazy("Running"),
    JobState.WAITING: lazy("Waiting"),
    JobState.DONE: lazy("Done"),
    JobState.SKIPPED: lazy("Skipped"),
    JobState.CANCELLED: lazy("Cancelled"),
}
"""The states in the order in which they need somebody."""
_MOST_KIND = 80
_BATCH = 500


@blueprint.get("/centre/jobs")
@requires("jobs.manage")
def index() -> str:
    """Show the jobs of one state: first those that were given up, if there are any."""
    found = queries.standing()
    wanted = _filter(_state_first(found))
    return render_template(
        "jobs/index.html",
        page=queries.jobs_page(wanted),
        wanted=wanted,
        standing=found,
        states=STATE_TITLES,
        dead=queries.dead_kinds() if wanted.state == JobState.FAILED else [],
        project_names=_project_names(),
        now=clock.now(),
    )


@blueprint.get("/centre/jobs/<public_id>")
@requires("jobs.manage")
def show(public_id: str) -> str:
    """Show one job with its last error."""
    job = job_or_404(public_id)
    return render_template(
        "jobs/show.html",
        job=job,
        state_title=STATE_TITLES[job.state],
        project_name=_project_names().get(job.project_id or 0),
        now=clock.now(),
        is_known=job.kind in known(),
    )


@blueprint.post("/centre/jobs/<public_id>/retry")
@requires("jobs.manage")
def retry(public_id: str) -> Response:
    """Let a job be tried again."""
    return _act(public_id, job_acts.retry, gettext("The job is tried again now."))


@blueprint.post("/centre/jobs/<public_id>/cancel")
@requires("jobs.manage")
def cancel(public_id: str) -> Response:
    """Give a job up."""
    return _act(public_id, job_acts.cancel, gettext("The job is cancelled."))


@blueprint.post("/centre/jobs/retry")
@requires("jobs.manage")
def retry_kind() -> Response:
    """Let the dead letters of one kind be tried again."""
    kind = tidy(request.form.get("kind", ""))[:_MOST_KIND]
    done = job_acts.retry_kind(actor=current_account(), kind=kind)
    db.session.commit()
    flash(ngettext("%(num)s job is tried again now.", "%(num)s jobs are tried again now.", done))
    return redirect(url_for("jobs.index"), 303)


@blueprint.post("/centre/jobs/export.<kind>")
@requires("jobs.manage")
def export(kind: str) -> Response:
    """Send the jobs of the list as a file."""
    if kind not in set(ExportFormat):
        raise NotFound
    wanted = _filter("")
    record(
        actor=current_account(),
        action="jobs.exported",
        subject=("club", "1"),
        project_id=None,
        facts={"format": kind, "filtered_by": sorted(wanted.args())},
    )
    db.session.commit()
    # Writing is done: others need not wait while the rows are read.
    read_only.set(True)
    header = [
        gettext("Kind"),
        gettext("State"),
        gettext("Project"),
        gettext("Asked for (UTC)"),
        gettext("Ended (UTC)"),
        gettext("Attempts"),
        gettext("Error"),
        gettext("Reference"),
    ]
    return export_file(
        name=f"jobs-{clock.now():%Y%m%d}",
        kind=ExportFormat(kind),
        header=header,
        rows=_lines(wanted),
    )


def _filter(state: str) -> JobFilter:
    asked = request.args.get("state", "")
    return JobFilter(
        state=asked if asked in STATE_TITLES else state,
        kind=request.args.get("q", "").strip()[:_MOST_KIND],
    )


def _state_first(found: queries.Standing) -> str:
    """Return the state whose jobs somebody most likely came for."""
    return next((state for state in queries.COUNTED if found.counts.get(state)), JobState.DONE)


def _act(public_id: str, act: Callable[..., None], done: str) -> Response:
    job = job_or_404(public_id)
    try:
        act(actor=current_account(), job=job)
    except JobStateError as error:
        raise JobMovedError(STATE_TITLES[error.state]) from error
    db.session.commit()
    flash(done)
    return redirect(url_for("jobs.show", public_id=public_id), 303)


def job_or_404(public_id: str) -> JobRow:
    """Return a job. Raises 404."""
    found = queries.find_job(public_id)
    if found is None:
        raise NotFound
    return found


def _project_names() -> dict[int, str]:
    rows = db.session.execute(db.select(Project.id, Project.name))
    return {row.id: localized(row.name) for row in rows}


def _lines(wanted: JobFilter) -> Iterator[Sequence[object]]:
    names = _project_names()
    statement = queries.jobs_of(wanted).order_by(JobRow.created_at.desc(), JobRow.id.desc())
    for job in db.session.scalars(statement.execution_options(yield_per=_BATCH)):
        yield (
            job.kind,
            str(STATE_TITLES[job.state]),
            names.get(job.project_id or 0, ""),
            f"{job.created_at:%Y-%m-%d %H:%M:%S}",
            f"{job.finished_at:%Y-%m-%d %H:%M:%S}" if job.finished_at else "",
            job.attempts,
            job.error,
            job.reference,
        )
