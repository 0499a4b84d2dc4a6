"""`portal jobs`: do background work, and look after it."""

import signal
from datetime import timedelta

import click
from flask import current_app
from flask.cli import AppGroup

from portal.extensions import db, reading
from portal.jobs import leasing, queries
from portal.jobs.models import JobRow, JobState
from portal.jobs.runner import Runner
from portal.jobs.service import JobStateError
from portal.staff import job_acts

commands = AppGroup("jobs", help="Do background work, and look after it.")


@commands.command("run")
@click.option("--once", is_flag=True, help="Do what is due now, then end.")
@click.option(
    "--kinds",
    multiple=True,
    metavar="PATTERN",
    help="Do only such kinds, e.g. 'roster.*'; may be repeated.",
)
@click.option(
    "--lease",
    type=click.FloatRange(1, leasing.LONGEST_LEASE.total_seconds()),
    default=leasing.LEASE.total_seconds(),
    show_default=True,
    metavar="SECONDS",
    help="So long after a crash another runner takes the job up.",
)
def run(*, once: bool, kinds: tuple[str, ...], lease: float) -> None:
    """Work until told to stop (Ctrl+C, SIGTERM): the job at hand is finished first.

    Start as many of these as there is work for, on as many machines as there are.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    runner = Runner(app, kinds=kinds, lease=timedelta(seconds=lease))
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda number, frame: _drain(runner, number))
    if once:
        click.echo(f"{runner.run_once()} done.")
        return
    click.echo("Working (Ctrl+C to stop)")
    runner.start()
    # Not one long wait: signals are handled between the short ones.
    while not runner.join(0.5):
        pass
    click.echo("Stopped.")


def _drain(runner: Runner, signum: int) -> None:
    """Ask the runner to end; whoever asks twice does not want to wait."""
    signal.signal(signum, signal.SIG_DFL)
    runner.stop()


@commands.command("list")
@click.option(
    "--state", type=click.Choice([str(state) for state in JobState]), help="Only such jobs."
)
@click.option("--kind", default="", help="Only kinds with this in their name.")
@click.option("--limit", type=click.IntRange(1, 10000), default=50, show_default=True)
def list_jobs(*, state: str | None, kind: str, limit: int) -> None:
    """Show jobs, the newest first, and how many are not done; exit 1 when no runner works."""
    with reading():
        wanted = queries.JobFilter(state or "", kind)
        newest = queries.jobs_of(wanted).order_by(JobRow.created_at.desc(), JobRow.id.desc())
        for job in db.session.scalars(newest.limit(limit)):
            of = f" {job.done}/{job.total}" if job.total else ""
            error = f"  {job.error} ({job.reference})" if job.error else ""
            click.echo(
                f"{job.public_id}  {job.state:<9}  {job.created_at:%Y-%m-%d %H:%M:%S}  "
                f"{job.kind}{of}{error}"
            )
        found = queries.standing()
    counts = [f"{number:,} {name}" for name, number in sorted(found.counts.items())]
    click.echo(", ".join(counts) or "Nothing waits, nothing was given up.")
    if found.late:
        click.echo(
            f"Work has been due since {found.oldest_due:%Y-%m-%d %H:%M} UTC and nobody does it: "
            "run `portal jobs run`.",
            err=True,
        )
        raise SystemExit(1)


@commands.command("retry")
@click.argument("job_id", required=False)
@click.option("--kind", help="All dead letters of this kind instead of one job.")
def retry(*, job_id: str | None, kind: str | None) -> None:
    """Let a job that was given up be tried again."""
    if (job_id is None) == (kind is None):
        raise click.UsageError("Give a job, or --kind.")
    if kind is not None:
        total = 0
        while done := job_acts.retry_kind(actor=None, kind=kind):
            db.session.commit()
            total += done
        click.echo(f"{total} jobs are tried again.")
        return
    job = _job(job_id or "")
    try:
        job_acts.retry(actor=None, job=job)
    except JobStateError as error:
        raise click.ClickException(f"The job is {error.state}.") from error
    db.session.commit()
    click.echo(f"{job.kind} is tried again.")


@commands.command("cancel")
@click.argument("job_id")
def cancel(*, job_id: str) -> None:
    """Give a job up; one that runs loses what it has not committed."""
    job = _job(job_id)
    try:
        job_acts.cancel(actor=None, job=job)
    except JobStateError as error:
        raise click.ClickException(f"The job is {error.state}.") from error
    db.session.commit()
    click.echo(f"{job.kind} is cancelled.")


def _job(public_id: str) -> JobRow:
    found = queries.find_job(public_id)
    if found is None:
        raise click.ClickException(f"There is no job {public_id}.")
    return found
