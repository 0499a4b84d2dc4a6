"""A month of care in the demo club: promises, budgets, and tasks at every stage."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import sqlalchemy as sa
from PIL import Image, ImageDraw

from plugins.rewards.care import acting, budgeting, promising
from plugins.rewards.care.planning import plan_batch
from plugins.rewards.care.queries import CARE
from plugins.rewards.care.states import Care, Outcome, Rhythm, TaskState
from plugins.rewards.models import CareTask
from portal.sdk import Demo, Picture, ProjectRef, StaffRef, business_date, colleagues, db

_SINCE = 30
"""Days ago that it was promised."""
_STEP = 3
_GIFT = 100_00


@dataclass(frozen=True)
class Scene:
    """A promise to a tier: `least` to `most` days or months, fen each time; done by one of the
    staff, or by whoever takes it."""

    tier: str
    kind: Care
    rhythm: Rhythm
    least: int | None = None
    most: int | None = None
    fen: int = 0
    given: bool = False


_SCENES = (
    Scene("gold", Care.CALL, Rhythm.DAYS, 3, 3, given=True),
    Scene("gold", Care.VISIT, Rhythm.DAYS, 10, 10, given=True),
    Scene("gold", Care.DINNER, Rhythm.MONTHS, 3, 6, fen=300_00),
    Scene("silver", Care.GIFT, Rhythm.JOINED, fen=_GIFT),
    Scene("blue", Care.CALL, Rhythm.DAYS, 30, 30),
)
_NOTES = {
    Care.CALL: (
        "一切都好，问了车位续租的事",
        "在开会，约好晚上再聊",
        "孩子刚上小学，想了解学区巴士",
    ),
    Care.VISIT: ("看了阳台排水，已约工程师周六上门",),
    Care.GIFT: ("送了桂花乌龙和贺卡，业主很高兴", "送到门口，老人家收下了"),
}
_SPENT = (88_00, 96_50, 99_00)


def fill_care(project: ProjectRef, demo: Demo) -> None:
    """Promise care to three tiers a month ago, and let the staff do most of what came of it."""
    begun = demo.moment(_SINCE, 6)
    at_work = {each.id: each for each in colleagues(CARE, project)}
    actor, manager = demo.staff["staff"], demo.staff["manager"]
    for scene in _SCENES:
        promising.promise(
            actor=manager, project=project, tier=scene.tier, kind=scene.kind,
            rhythm=scene.rhythm, title="", at=begun,
            terms=promising.Promise(
                business_date(project.time_zone, begun), scene.least, scene.most, scene.fen,
                at_work.get(actor.id) if scene.given else None,
            ),
        )  # fmt: skip
    _plan_money(project, demo, manager)
    for days_ago in range(_SINCE, -1, -_STEP):
        if days_ago:
            _do(project, demo, days_ago, actor)
        # The first 200 members will do, however large the demo is.
        plan_batch(project=project, after=0, at=demo.moment(days_ago, 6))
    _leave_some(project, demo, actor, at_work)


def _plan_money(project: ProjectRef, demo: Demo, manager: Any) -> None:
    months = {f"{demo.today - timedelta(days=days):%Y-%m}" for days in range(_SINCE + 1)}
    for month in sorted(months):
        for kind, planned in ((Care.GIFT, 2000_00), (Care.DINNER, 1200_00)):
            budgeting.set_budget(
                actor=manager, project=project, month=month, kind=kind, planned=planned
            )


def _do(project: ProjectRef, demo: Demo, days_ago: int, actor: Any) -> None:
    """Do what was due until a day, but for the last visit and some gifts, which are overdue."""
    at = demo.moment(days_ago, 15, 20)
    due = sa.select(CareTask).where(
        CareTask.project_id == project.id, CareTask.state == TaskState.OPEN,
        CareTask.due_on <= business_date(project.time_zone, at),
    )  # fmt: skip
    for task in db.session.scalars(due.order_by(CareTask.id)).all():
        if task.kind == Care.GIFT and task.id % 4 == 1:
            continue
        _do_one(project, task, actor, at)


def _do_one(project: ProjectRef, task: CareTask, actor: Any, at: datetime) -> None:
    notes = _NOTES.get(Care(task.kind), ("",))
    missed = task.kind == Care.CALL and task.turn % 4 == 2
    paid = task.kind == Care.GIFT
    acting.do(
        actor=actor, project=project, task=task, at=at,
        outcome=Outcome.NOT_REACHED if missed else Outcome.REACHED,
        spent=_SPENT[task.id % len(_SPENT)] if paid else 0,
        note="无人接听，已发问候短信" if missed else notes[task.id % len(notes)],
        pictures=[_draw_gift()] if paid else [],
    )  # fmt: skip


def _leave_some(project: ProjectRef, demo: Demo, actor: Any, at_work: dict[int, StaffRef]) -> None:
    """Take a gift and put another off, so that the month's money is committed in part."""
    mine = sa.select(CareTask).where(
        CareTask.project_id == project.id, CareTask.state == TaskState.OPEN,
        CareTask.kind == Care.GIFT, CareTask.due_on >= demo.today,
    )  # fmt: skip
    gifts = db.session.scalars(mine.order_by(CareTask.due_on, CareTask.id).limit(2)).all()
    at = demo.moment(0, 8)
    for gift in gifts[:1]:
        acting.take(actor=actor, project=project, task=gift, at=at)
    for gift in gifts[1:]:
        acting.postpone(
            actor=actor, project=project, task=gift, to=gift.due_on + timedelta(days=4),
            reason="业主出差，下周回来", at=at,
        )  # fmt: skip


def _draw_gift() -> Picture:
    """Draw a parcel with a ribbon: the photo that proves a gift."""
    image = Image.new("RGB", (320, 240), "#efe6d6")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 180, 320, 240), fill="#cbb48f")
    draw.rectangle((90, 90, 230, 200), fill="#0f6b62")
    draw.rectangle((150, 90, 170, 200), fill="#d9a441")
    draw.ellipse((120, 60, 160, 92), outline="#d9a441", width=8)
    draw.ellipse((160, 60, 200, 92), outline="#d9a441", width=8)
    written = BytesIO()
    image.save(written, "JPEG", quality=80)
    return Picture(written.getvalue(), image.width, image.height, "gift.jpg")
