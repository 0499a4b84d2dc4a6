"""What tiers promise: rules, and what they say from a day on. Never commits."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from plugins.rewards.care.acting import close
from plugins.rewards.care.dates import is_counted
from plugins.rewards.care.states import Closing, TaskState
from plugins.rewards.errors import RewardError
from plugins.rewards.models import CareRule, CareTask, CareTerms
from portal.sdk import ProjectRef, StaffRef, db, record


@dataclass(frozen=True)
class Promise:
    """What a rule is to say: `least` and `most` days or months, `amount` fen, `performer`: whose
    work it is, from the day `since` on."""

    since: date
    least: int | None
    most: int | None
    amount: int
    performer: StaffRef | None = None


def promise(
    *,
    actor: Any,
    project: ProjectRef,
    tier: str,
    kind: str,
    rhythm: str,
    title: str,
    terms: Promise,
    at: datetime,
) -> CareRule:
    """Promise something to a tier. Raises RewardError SAME_PROMISE when it is promised already."""
    key = {
        "project_id": project.id, "tier": tier, "kind": kind, "rhythm": rhythm, "title": title,
    }  # fmt: skip
    twin = sa.select(CareRule.id).filter_by(**key).where(CareRule.ended_at.is_(None))
    if db.session.scalar(twin) is not None:
        raise RewardError("SAME_PROMISE")
    rule = CareRule(**key)
    db.session.add(rule)
    db.session.flush()
    _add(actor, rule, 1, terms, at)
    return rule


def change_promise(
    *, actor: Any, rule: CareRule, version: int, terms: Promise, at: datetime
) -> None:
    """Let a rule say something else from a day on; tasks that were made stay as they are.

    Raises RewardError: CHANGED when somebody else wrote it after `version`, RULE_ENDED.
    """
    locked = _lock(rule)
    newest = sa.select(sa.func.max(CareTerms.version)).where(CareTerms.rule_id == rule.id)
    if (db.session.scalar(newest) or 0) != version:
        raise RewardError("CHANGED")
    _add(actor, locked, version + 1, terms, at)


def end_promise(*, actor: Any, project: ProjectRef, rule: CareRule, at: datetime) -> None:
    """Promise it no longer, and close what is open of it. Raises RewardError RULE_ENDED."""
    locked = _lock(rule)
    locked.ended_at = at
    mine = sa.select(CareTask).where(CareTask.rule_id == rule.id, CareTask.state == TaskState.OPEN)
    closed = db.session.scalars(mine.order_by(CareTask.id)).all()
    for task in closed:
        close(task=task, why=Closing.RULE_ENDED, project=project, at=at)
    record(
        actor=actor,
        action="rewards.care_rule_ended",
        subject=("rewards_care_rule", rule.public_id),
        project_id=rule.project_id,
        facts={"closed": len(closed)},
    )


def _lock(rule: CareRule) -> CareRule:
    mine = sa.select(CareRule).where(CareRule.id == rule.id).with_for_update()
    locked = db.session.scalars(mine.execution_options(populate_existing=True)).one()
    if locked.ended_at is not None:
        raise RewardError("RULE_ENDED")
    return locked


def _add(actor: Any, rule: CareRule, version: int, terms: Promise, at: datetime) -> None:
    counted = is_counted(rule.rhythm)
    db.session.add(
        CareTerms(
            rule_id=rule.id, version=version, project_id=rule.project_id, since=terms.since,
            least=terms.least if counted else None, most=terms.most if counted else None,
            amount=terms.amount, performer=terms.performer.id if terms.performer else None,
            performer_name=terms.performer.name if terms.performer else "", by=actor.id, at=at,
        )
    )  # fmt: skip
    db.session.flush()
    record(
        actor=actor,
        action="rewards.care_rule_written",
        subject=("rewards_care_rule", rule.public_id),
        project_id=rule.project_id,
        facts={
            "version": version, "tier": rule.tier, "kind": rule.kind, "rhythm": rule.rhythm,
            "since": terms.since.isoformat(), "amount": terms.amount,
        },
    )  # fmt: skip
