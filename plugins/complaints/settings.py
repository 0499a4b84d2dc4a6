"""What a project sets up: categories with their hours, special days, texts for answers."""

import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from plugins.complaints.models import Canned, Category, DayRule
from portal.sdk import ProjectRef, StaffRef, db, enqueue, now, record

# Key, the one above, business hours for a solution, texts.
_FIRST: tuple[tuple[str, str, int, str, str, str], ...] = (
    ("quality", "", 120, "工程质量", "工程質量", "Building quality"),
    ("leak", "quality", 80, "渗漏水", "滲漏水", "Leaks"),
    ("finish", "quality", 120, "精装与门窗", "精裝與門窗", "Finish, doors and windows"),
    ("lift", "", 120, "电梯", "電梯", "Lifts"),
    ("facilities", "", 80, "设备设施", "設備設施", "Facilities"),
    ("parking", "", 80, "车库与停车", "車庫與停車", "Garage and parking"),
    ("service", "", 40, "物业服务", "物業服務", "Property management"),
    ("order", "", 40, "公共秩序", "公共秩序", "Order and noise"),
    ("sales", "", 80, "销售与交付承诺", "銷售與交付承諾", "Sales and handover promises"),
)


def first_categories(project: ProjectRef) -> int:
    """Give a project without categories the usual ones; return how many were written."""
    known = sa.select(sa.func.count(Category.id)).where(Category.project_id == project.id)
    if db.session.scalar(known):
        return 0
    made: dict[str, Category] = {}
    for position, (key, above, hours, simplified, traditional, english) in enumerate(_FIRST):
        made[key] = Category(
            project_id=project.id,
            parent_id=made[above].id if above else None,
            key=key,
            title={"zh_Hans_CN": simplified, "zh_Hant": traditional, "en": english},
            resolution_hours=hours,
            position=position,
        )
        db.session.add(made[key])
        db.session.flush()
    return len(made)


def keep_category(
    *,
    actor: Any,
    project: ProjectRef,
    category: Category | None,
    title: Mapping[str, str],
    hours: int,
    parent: Category | None,
    active: bool,
    handler: StaffRef | None = None,
) -> Category:
    """Write a new category or change one; cases that run keep the deadline they have.

    `handler`: who gets new cases of it from now on.
    """
    if category is None:
        category = Category(project_id=project.id, key=secrets.token_hex(6), position=1000)
    category.title, category.resolution_hours = dict(title), hours
    if parent is not category:
        category.parent_id = parent.id if parent else None
    category.active = active
    category.handler_id, category.handler = (handler.id, handler.name) if handler else (None, "")
    db.session.add(category)
    db.session.flush()
    _audit(actor, project, "category", ("complaints_category", category.public_id))
    return category


def keep_day(*, actor: Any, project: ProjectRef, day: date, working: bool, note: str) -> DayRule:
    """Say what a day is here; deadlines that still run are computed anew by a job."""
    rule = db.session.scalar(
        sa.select(DayRule).where(DayRule.project_id == project.id, DayRule.day == day)
    )
    rule = rule or DayRule(project_id=project.id, day=day)
    rule.working, rule.note, rule.by, rule.changed_at = working, note, actor.id, now()
    db.session.add(rule)
    db.session.flush()
    _audit(actor, project, "day", ("complaints_day", rule.public_id))
    _recompute(project)
    return rule


def drop_day(*, actor: Any, project: ProjectRef, rule: DayRule) -> None:
    """Let a day be what the national calendar says again."""
    _audit(actor, project, "day_dropped", ("complaints_day", rule.public_id))
    db.session.delete(rule)
    _recompute(project)


def keep_canned(*, actor: Any, project: ProjectRef, text: Canned) -> Canned:
    """Write a text for answers. Raises IntegrityError for a name that is taken."""
    with db.session.begin_nested():
        db.session.add(text)
    _audit(actor, project, "canned", ("complaints_canned", text.public_id))
    return text


def drop_canned(*, actor: Any, project: ProjectRef, text: Canned) -> None:
    """Take a text for answers away."""
    _audit(actor, project, "canned_dropped", ("complaints_canned", text.public_id))
    db.session.delete(text)


def _recompute(project: ProjectRef) -> None:
    enqueue(kind="complaints.recompute", project_id=project.id)


def _audit(actor: Any, project: ProjectRef, what: str, subject: tuple[str, str]) -> None:
    record(actor=actor, action=f"complaints.{what}", subject=subject, project_id=project.id)
