"""What is overdue for too long goes to the managers, once for each task. Never commits."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from plugins.rewards.care.states import Act, TaskState
from plugins.rewards.models import CareStep, CareTask
from portal.sdk import ProjectRef, business_date, colleagues, db, notify, plugin_settings

MANAGE = "rewards.care_manage"
_AT_ONCE = 500


def escalate(*, project: ProjectRef, at: datetime) -> int:
    """Mark the tasks that have been overdue for the days of the setting, and tell the managers how
    many are new among them; return that."""
    today = business_date(project.time_zone, at)
    days = int(plugin_settings("rewards", project)["care_days"])
    late = sa.select(CareTask.id).where(
        CareTask.project_id == project.id,
        CareTask.state == TaskState.OPEN,
        CareTask.due_on < today - timedelta(days=days),
        CareTask.escalated_at.is_(None),
    )
    count = 0
    while some := db.session.scalars(late.order_by(CareTask.id).limit(_AT_ONCE)).all():
        mine = sa.update(CareTask).where(CareTask.id.in_(some), CareTask.escalated_at.is_(None))
        raised = db.session.scalars(mine.values(escalated_at=at).returning(CareTask.id)).all()
        db.session.add_all(
            CareStep(task_id=each, project_id=project.id, act=Act.ESCALATED, at=at)
            for each in raised
        )
        count += len(raised)
        db.session.flush()
    if count:
        notify(
            staff=colleagues(MANAGE, project),
            kind="rewards.care_overdue",
            cause=f"rewards:care:{project.slug}:{today}",
            project=project,
            values={"number": count},
            url=f"/p/{project.slug}/staff/rewards/care?view=overdue",
        )
    return count
