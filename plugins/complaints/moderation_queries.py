"""What moderators and members read of moderation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from plugins.complaints.models import Act, Case, Post, Report, Review
from plugins.complaints.sanctions import BARRING
from plugins.complaints.states import AppealState, ReviewState
from portal.sdk import Page, db, now, page_of

TABS = ("looks", "raised", "appeals", "sanctions")


@dataclass(frozen=True)
class Looked:
    """What a look is about: a case, and a post of it or none."""

    review: Review
    case: Case
    post: Post | None


def looks(project_id: int, *, raised: bool) -> Page[Any]:
    """Return a page of (look, case, post) that wait, what is due first at the top."""
    statement = (
        sa.select(Review, Case, Post)
        .join(Case, Case.id == Review.case_id)
        .outerjoin(Post, Post.id == Review.post_id)
        .where(
            Review.project_id == project_id,
            Review.state == ReviewState.OPEN,
            Review.raised.is_(raised),
        )
    )
    return page_of(statement, Review.due_at, Review.id)


def find_look(project_id: int, public_id: str) -> Looked | None:
    """Return a look of this project."""
    row = db.session.execute(
        sa.select(Review, Case, Post)
        .join(Case, Case.id == Review.case_id)
        .outerjoin(Post, Post.id == Review.post_id)
        .where(Review.public_id == public_id, Review.project_id == project_id)
    ).one_or_none()
    return Looked(row[0], row[1], row[2]) if row else None


def next_look(project_id: int, *, group: bool) -> str | None:
    """Return the look that is due first; those that rose only for the group."""
    mine = sa.select(Review.public_id).where(
        Review.project_id == project_id, Review.state == ReviewState.OPEN
    )
    if not group:
        mine = mine.where(Review.raised.is_(False))
    return db.session.scalar(mine.order_by(Review.due_at, Review.id).limit(1))


def reports(review: Review) -> Sequence[Report]:
    """Return what households said, the oldest first; who they are stays untold."""
    mine = sa.select(Report).where(Report.review_id == review.id)
    return db.session.scalars(mine.order_by(Report.created_at, Report.id).limit(50)).all()


def past_of(project_id: int, member_id: int | None) -> Sequence[Act]:
    """Return what moderators did to a member's words before, the newest first."""
    if member_id is None:
        return []
    mine = sa.select(Act).where(Act.member_id == member_id, Act.project_id == project_id)
    return db.session.scalars(mine.order_by(Act.created_at.desc(), Act.id.desc()).limit(5)).all()


def appeals(project_id: int) -> Page[Any]:
    """Return a page of (act, case) that members have appealed against, the oldest first."""
    return page_of(_acts(project_id).where(Act.appeal == AppealState.OPEN), Act.appealed_at, Act.id)


def sanctions(project_id: int) -> Page[Any]:
    """Return a page of (act, case): sanctions in force."""
    mine = _acts(project_id).where(
        Act.kind.in_(BARRING), Act.lifted_at.is_(None), Act.until > now()
    )
    return page_of(mine, Act.created_at, Act.id, descending=True)


def public_acts(project_id: int) -> Page[Any]:
    """Return a page of (act, case) that every owner may read, the newest first."""
    return page_of(
        _acts(project_id).where(Act.public.is_(True)), Act.created_at, Act.id, descending=True
    )


def find_act(project_id: int, public_id: str) -> Act | None:
    """Return an act of this project."""
    return db.session.scalar(
        sa.select(Act).where(Act.public_id == public_id, Act.project_id == project_id)
    )


def words_of(act: Act) -> tuple[Case | None, Post | None]:
    """Return what an act was about."""
    row = db.session.execute(
        sa.select(Case, Post)
        .outerjoin(Post, Post.id == (act.post_id or 0))
        .where(Case.id == (act.case_id or 0))
    ).one_or_none()
    return (row[0], row[1]) if row else (None, None)


def counts(project_id: int) -> dict[str, int]:
    """Return how much waits in each tab that waits."""
    waiting = sa.select(Review.raised, sa.func.count()).where(
        Review.project_id == project_id, Review.state == ReviewState.OPEN
    )
    by_raised = {
        bool(row[0]): int(row[1]) for row in db.session.execute(waiting.group_by(Review.raised))
    }
    asked = sa.select(sa.func.count(Act.id)).where(
        Act.project_id == project_id, Act.appeal == AppealState.OPEN
    )
    return {
        "looks": by_raised.get(False, 0),
        "raised": by_raised.get(True, 0),
        "appeals": db.session.scalar(asked) or 0,
    }


def _acts(project_id: int) -> sa.Select[Any]:
    return (
        sa.select(Act, Case)
        .outerjoin(Case, Case.id == Act.case_id)
        .where(Act.project_id == project_id)
    )
