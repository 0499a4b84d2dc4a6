"""The plugin's background jobs."""

from datetime import timedelta

import sqlalchemy as sa

from plugins.rewards.care.escalating import escalate
from plugins.rewards.care.planning import close_strays, plan_batch
from plugins.rewards.handling import RETURN_DAYS, keep_time
from plugins.rewards.models import Order, WrongCode
from plugins.rewards.states import LIVE, State
from portal.sdk import Job, JobRun, db, now, open_projects

_AT_ONCE = 100


def keep_clock(run: JobRun) -> None:
    """Give back what nobody confirmed or fetched in time; close what can no longer be returned."""
    at = now()
    projects = {project.id: project for project in open_projects("rewards")}
    over = sa.and_(Order.state.in_(LIVE), Order.expires_at <= at)
    done = Order.state.in_((State.COLLECTED, State.DELIVERED))
    closing = sa.and_(done, Order.done_at <= at - timedelta(days=RETURN_DAYS))
    for due in (over, closing):
        mine = sa.select(Order).where(due, Order.project_id.in_(projects)).order_by(Order.id)
        after = 0
        while some := db.session.scalars(mine.where(Order.id > after).limit(_AT_ONCE)).all():
            after = some[-1].id
            # One item after the other, in one order: nobody waits for each other crosswise.
            for each in sorted(some, key=lambda order: (order.item_id, order.id)):
                keep_time(order=each, project=projects[each.project_id], at=at)
            run.checkpoint(done=run.done + len(some))


def forget_tries(run: JobRun) -> None:
    """Delete the counts of wrong codes of yesterday and before."""
    yesterday = int(now().timestamp()) // 60 - 1440
    db.session.execute(sa.delete(WrongCode).where(WrongCode.minute < yesterday))


def plan_care(run: JobRun) -> None:
    """Make the tasks that tiers promise, close those that nobody needs, raise what is overdue."""
    at = now()
    for project in open_projects("rewards"):
        for step in (close_strays, plan_batch):
            after: int | None = 0
            while after is not None:
                after = step(project=project, after=after, at=at)
                run.checkpoint(done=run.done + 1)
        escalate(project=project, at=at)
        run.checkpoint(done=run.done)


def all_jobs() -> list[Job]:
    """Return every kind of job."""
    return [
        Job("rewards.keep_clock", keep_clock, every=timedelta(minutes=1)),
        Job("rewards.plan_care", plan_care, every=timedelta(days=1)),
        Job("rewards.forget_tries", forget_tries, every=timedelta(days=1)),
    ]
