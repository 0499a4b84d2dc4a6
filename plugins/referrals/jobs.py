"""The plugin's clock: invitations and protections end, answers that are late escalate."""

import contextlib
from datetime import timedelta

import sqlalchemy as sa

from plugins.referrals.disputes import close
from plugins.referrals.errors import ReferralError
from plugins.referrals.exclusions import NAME
from plugins.referrals.inviting import end_invitations
from plugins.referrals.models import Dispute, DisputeState, Lead
from plugins.referrals.stages import escalate, lapse
from plugins.referrals.states import State
from plugins.referrals.trials.service import TRIAL_JOB, try_draft
from portal.sdk import Job, JobRun, db, find_projects, now, open_projects

_AT_ONCE = 50


def keep_clock(run: JobRun) -> None:
    """End what has run out and hand late answers to the manager, a few leads at a time, in the
    projects where the plugin is on."""
    at = now()
    here = [project.id for project in open_projects(NAME)]
    late = sa.and_(Lead.state == State.REPORTED, Lead.answer_by <= at, Lead.escalated_at.is_(None))
    waits = sa.and_(Lead.state == State.REPORTED, Lead.arrived_at.is_not(None))
    ended = sa.and_(
        Lead.state.in_(
            (State.INVITED, State.REPORTED, State.ACCEPTED, State.VISITED, State.PRE_REGISTERED)
        ),
        Lead.ends_at <= at,
        Lead.disputed_at.is_(None),
        sa.not_(waits),
    )
    due = (
        sa.select(Lead)
        .where(Lead.project_id.in_(here), sa.or_(late, ended))
        .order_by(Lead.id)
        .limit(_AT_ONCE)
    )
    while some := db.session.scalars(due).all():
        projects = find_projects({lead.project_id for lead in some})
        for lead in some:
            project = projects[lead.project_id]
            if lead.state == State.INVITED:
                end_invitations(project=project, leads=[lead], reason="ReferralExpired")
            elif lead.ends_at and lead.ends_at <= at and lead.arrived_at is None:
                lapse(project=project, lead=lead, at=at)
            elif lead.state == State.REPORTED:
                escalate(actor=None, project=project, lead=lead, words="", at=at)
            else:
                lapse(project=project, lead=lead, at=at)
        run.checkpoint(done=run.done + len(some))


def close_disputes(run: JobRun) -> None:
    """Let decisions stand that nobody appealed against in time."""
    at = now()
    here = [project.id for project in open_projects(NAME)]
    due = db.session.scalars(
        sa.select(Dispute)
        .where(
            Dispute.project_id.in_(here),
            Dispute.state == DisputeState.DECIDED,
            Dispute.appeal_until <= at,
        )
        .order_by(Dispute.id)
        .limit(_AT_ONCE)
    ).all()
    projects = find_projects({dispute.project_id for dispute in due})
    for dispute in due:
        # Decided anew meanwhile, or another owner has the friend by now: people look at it.
        with contextlib.suppress(ReferralError), db.session.begin_nested():
            close(project=projects[dispute.project_id], dispute=dispute, at=at)
        run.checkpoint(done=run.done + 1)


def all_jobs() -> list[Job]:
    """Return every kind of job."""
    return [
        Job("referrals.keep_clock", keep_clock, every=timedelta(minutes=5)),
        Job("referrals.close_disputes", close_disputes, every=timedelta(minutes=15)),
        Job(TRIAL_JOB, try_draft, long=True),
    ]
