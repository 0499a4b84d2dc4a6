"""Background work, for administrators' programs: listed, tried again, given up."""

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields, validate

from portal.access import requires
from portal.accounts.current import current_account
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Input, Moment, Output, Text, Whole, list_of
from portal.api.paging import page_schema, paged
from portal.api.problems import conflict
from portal.extensions import db
from portal.i18n import gettext
from portal.jobs import queries
from portal.jobs.models import JobRow, JobState
from portal.jobs.queries import JobFilter
from portal.jobs.service import JobStateError
from portal.projects.queries import all_projects
from portal.staff import job_acts
from portal.staff.job_views import STATE_TITLES, job_or_404

blueprint = ApiBlueprint(
    "jobs_api", "portal.staff", url_prefix="/api/v1/centre/jobs", title="Background work"
)
_MOVED = {409: "The job is in another state now (`state`), where this is not possible."}
_MOST_KIND = 80


class JobShown(Output):
    """One piece of background work."""

    id = Text(22)
    kind = Text(_MOST_KIND)
    state = Choice(JobState)
    state_title = Text()
    project = Text(40, allow_none=True)
    attempts = Whole(0, 10**6)
    done = Whole(0, 10**9, metadata={"description": "Of `total`, when it counts its steps."})
    total = Whole(0, 10**9, allow_none=True)
    error = Text(300)
    reference = Text(32, metadata={"description": "Names the log's lines."})
    due_at = Moment()
    created_at = Moment()
    started_at = Moment(allow_none=True)
    finished_at = Moment(allow_none=True)


class JobsQuery(Schema):
    """Which jobs; `q` is part of a kind's name."""

    state = fields.String(load_default="", validate=validate.OneOf(["", *JobState]))
    q = fields.String(load_default="", validate=validate.Length(max=_MOST_KIND))


class StateCount(Output):
    """How many jobs are in a state."""

    state = Choice(JobState)
    jobs = Whole(0, 10**9)


class StandingShown(Output):
    """How the work stands: whether runners keep up."""

    counts = list_of(StateCount)
    oldest_due = Moment(allow_none=True)
    late = fields.Boolean(metadata={"description": "True: no runner can be at work."})


class KindWish(Input):
    """A kind of jobs, whole."""

    kind = Text(_MOST_KIND, required=True)


class Retried(Output):
    """How many are tried again; at most 500 at a time."""

    jobs = Whole(0, 10**6)


@blueprint.call("GET", "", page_schema(JobShown), query=JobsQuery, paged=True)
@requires("jobs.manage")
def index(query: dict[str, str]) -> Any:
    """List jobs, the newest first."""
    slugs = _slugs()
    page = queries.jobs_page(JobFilter(state=query["state"], kind=query["q"].strip()))
    return paged(page, lambda job: _shown(job, slugs))


@blueprint.call("GET", "/standing", StandingShown)
@requires("jobs.manage")
def standing() -> dict[str, Any]:
    """Show how many jobs wait, run or were given up, and whether runners keep up."""
    found = queries.standing()
    return {
        "counts": [
            {"state": state, "jobs": found.counts.get(state, 0)} for state in queries.COUNTED
        ],
        "oldest_due": found.oldest_due,
        "late": found.late,
    }


@blueprint.call("GET", "/<public_id>", JobShown)
@requires("jobs.manage")
def show(public_id: str) -> dict[str, Any]:
    """Show one job with its last error."""
    return _shown(job_or_404(public_id), _slugs())


@blueprint.call("POST", "/<public_id>/retry", JobShown, errors=_MOVED)
@requires("jobs.manage")
def retry(public_id: str) -> dict[str, Any]:
    """Let a job that was given up be tried again."""
    return _act(public_id, job_acts.retry)


@blueprint.call("POST", "/<public_id>/cancel", JobShown, errors=_MOVED)
@requires("jobs.manage")
def cancel(public_id: str) -> dict[str, Any]:
    """Give a job up."""
    return _act(public_id, job_acts.cancel)


@blueprint.call("POST", "/retry", Retried, body=KindWish)
@requires("jobs.manage")
def retry_kind(body: dict[str, str]) -> dict[str, int]:
    """Let all jobs of a kind that were given up be tried again."""
    done = job_acts.retry_kind(actor=current_account(), kind=body["kind"])
    db.session.commit()
    return {"jobs": done}


def _act(public_id: str, act: Callable[..., None]) -> dict[str, Any]:
    job = job_or_404(public_id)
    try:
        act(actor=current_account(), job=job)
    except JobStateError as error:
        db.session.rollback()
        sentence = gettext(
            "The job is in this state now: %(state)s.", state=STATE_TITLES[error.state]
        )
        raise conflict("illegal_step", sentence, state=error.state) from error
    db.session.commit()
    return _shown(job_or_404(public_id), _slugs())


def _slugs() -> dict[int, str]:
    return {project.id: project.slug for project in all_projects()}


def _shown(job: JobRow, slugs: dict[int, str]) -> dict[str, Any]:
    return {
        "id": job.public_id,
        "kind": job.kind,
        "state": job.state,
        "state_title": str(STATE_TITLES[job.state]),
        "project": slugs.get(job.project_id or 0),
        "attempts": job.attempts,
        "done": job.done,
        "total": job.total,
        "error": job.error,
        "reference": job.reference,
        "due_at": job.due_at,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }
