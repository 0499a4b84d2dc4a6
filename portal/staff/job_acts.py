"""What staff do to jobs: try again, give up. Each is in the audit trail."""

from portal.accounts.models import Account
from portal.audit.service import record
from portal.jobs import queries, service
from portal.jobs.models import JobRow

AT_ONCE = 500


def retry(*, actor: Account | None, job: JobRow) -> None:
    """Let a job that was given up be tried again. Raises JobStateError."""
    service.retry(job=job)
    _record(actor, "job.retried", job)


def cancel(*, actor: Account | None, job: JobRow) -> None:
    """Give a job up. Raises JobStateError."""
    service.cancel(job=job)
    _record(actor, "job.cancelled", job)


def retry_kind(*, actor: Account | None, kind: str) -> int:
    """Let the dead letters of a kind be tried again, 500 at a time; return how many."""
    jobs = queries.dead_letters(kind, AT_ONCE)
    done = 0
    for job in jobs:
        try:
            service.retry(job=job)
        except service.JobStateError:
            continue  # Somebody else was faster.
        done += 1
    if done:
        record(actor=actor, action="job.kind_retried", subject=("job_kind", kind[:40]),
               project_id=None, facts={"jobs": done})  # fmt: skip
    return done


def _record(actor: Account | None, action: str, job: JobRow) -> None:
    record(
        actor=actor,
        action=action,
        subject=("job", job.public_id),
        project_id=job.project_id,
        facts={"kind": job.kind},
    )
